package interop

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/parleyws/parley/deflate"
	parley "github.com/parleyws/parley/server"
	"github.com/parleyws/parley/testdata"
)

// opening is a case of the table of handshakes, and which server is set up for
// it.
type opening struct {
	testdata.HandshakeCase
	request string // over HTTP/1.1, "" if the case is of HTTP/2 alone
	setup   int    // index in the list of options
}

// openings returns the cases of testdata, and the options of every server that
// they need. The doors here speak in the clear, so cases of TLS are left out.
func openings() (list []opening, servers []parley.Options, err error) {
	cases, err := testdata.Handshakes()
	setups := map[string]int{}
	for _, c := range cases {
		if c.Setup.TLS {
			continue
		}
		opts := serverOptions(c.Setup)
		key := fmt.Sprintf("%q %q %+v", opts.Subprotocols, opts.Origins, c.Setup.Deflate)
		i, ok := setups[key]
		if !ok {
			i = len(servers)
			setups[key] = i
			servers = append(servers, opts)
		}
		list = append(list, opening{c, string(c.Wire()), i})
	}
	return list, servers, err
}

func serverOptions(s testdata.Setup) parley.Options {
	opts := parley.Options{
		Subprotocols:     s.Subprotocols,
		Origins:          s.Origins,
		HandshakeTimeout: patience, // a slow machine is none of these tests' business
	}
	if d := s.Deflate; d != nil {
		opts.Deflate = &deflate.Terms{Params: deflate.Params{
			ServerNoContextTakeover: d.ServerNoContextTakeover,
			ClientNoContextTakeover: d.ClientNoContextTakeover,
			ServerMaxWindowBits:     d.ServerMaxWindowBits,
			ClientMaxWindowBits:     d.ClientMaxWindowBits,
		}}
	}
	return opts
}

// method is the request's, which decides how the answer ends.
func (o opening) method() string {
	method, _, _ := strings.Cut(o.request, " ")
	return method
}

// status is that of the answer over HTTP/1.1.
func (o opening) status() int {
	if o.Refuse != nil {
		return o.Refuse.Status
	}
	return http.StatusSwitchingProtocols
}

// tolerates reports whether the case puts up with another status, by one of
// those.
func (o opening) tolerates(status int, by ...string) bool {
	return slices.ContainsFunc(o.Also, func(also testdata.Tolerated) bool {
		return also.Status == status && slices.Contains(by, also.By)
	})
}
