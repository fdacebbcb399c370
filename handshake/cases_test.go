package handshake_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/parleyws/parley/handshake"
)

// casesGuard is far longer than anything here takes; it keeps a failure from
// hanging.
const casesGuard = 30 * time.Second

// latin1 is bytes that stand in a table as text: each code point up to U+00FF
// is a byte, and an ellipsis is the place of a fill.
type latin1 string

type fill struct {
	Text  latin1 `json:"text"`
	Times int    `json:"times"`
}

// wire returns the bytes, and the fills that are left.
func (s latin1) wire(fills []fill) ([]byte, []fill) {
	var b []byte
	for _, c := range s {
		if c != '…' {
			b = append(b, byte(c))
			continue
		}
		text, _ := fills[0].Text.wire(nil)
		b = append(b, bytes.Repeat(text, fills[0].Times)...)
		fills = fills[1:]
	}
	return b, fills
}

// handshakeCase is a case of handshake.json, whose README says what the fields
// mean.
type handshakeCase struct {
	Name    string   `json:"name"`
	IDs     []string `json:"ids"`
	Section string   `json:"section"`
	Setup   struct {
		Subprotocols []string        `json:"subprotocols"`
		Deflate      json.RawMessage `json:"deflate"` // what it says is not for this package
		Origins      []string        `json:"origins"`
		TLS          bool            `json:"tls"`
		Limits       *struct {
			Head, Line, Fields int
		} `json:"limits"`
	} `json:"setup"`
	Request latin1      `json:"request"`
	HTTP2   [][2]latin1 `json:"http2"`
	Fill    []fill      `json:"fill"`
	Accept  *accepted   `json:"accept"`
	Refuse  *struct {
		Status int               `json:"status"`
		Header map[string]string `json:"header"`
	} `json:"refuse"`
	Also []struct {
		Status int    `json:"status"`
		By     string `json:"by"`
		Why    string `json:"why"`
	} `json:"also"`
}

type accepted struct {
	Key         string `json:"key"`
	Subprotocol string `json:"subprotocol"`
	Extensions  string `json:"extensions"`
}

// title names the case in the report of a test, its ids in front.
func (c handshakeCase) title() string {
	if len(c.IDs) == 0 {
		return c.Name
	}
	return strings.Join(c.IDs, "/") + ": " + c.Name
}

// status returns the status to answer with over HTTP/1.1.
func (c handshakeCase) status() int {
	if c.Refuse != nil {
		return c.Refuse.Status
	}
	return http.StatusSwitchingProtocols
}

// tolerates says whether the table puts up with status from a server that
// stands on a general HTTP server, or from any.
func (c handshakeCase) tolerates(status int) bool {
	for _, a := range c.Also {
		if a.Status == status && a.By != "proxy" {
			return true
		}
	}
	return false
}

func (c handshakeCase) wire() []byte {
	b, _ := c.Request.wire(c.Fill)
	return b
}

// isHEAD reports whether the answer has no body, whatever it says.
func (c handshakeCase) isHEAD() bool { return strings.HasPrefix(string(c.Request), "HEAD ") }

// limits returns the limits to hold the request to.
func (c handshakeCase) limits() handshake.HeadLimits {
	if c.Setup.Limits == nil {
		return handshake.HeadLimits{}
	}
	return handshake.HeadLimits{Bytes: c.Setup.Limits.Head, Line: c.Setup.Limits.Line, Fields: c.Setup.Limits.Fields}
}

// casesTable returns the cases of a table. The tables belong to another
// module: who has this one alone skips the test, but the project's CI may not.
func casesTable[Case any](tb testing.TB, file string) []Case {
	tb.Helper()
	b, err := os.ReadFile(filepath.Join("..", "testdata", file))
	if errors.Is(err, fs.ErrNotExist) && os.Getenv("CI") == "" {
		tb.Skip("the tables are not beside this module: ", err)
	}
	if err != nil {
		tb.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	var cases []Case
	if err := d.Decode(&cases); err != nil {
		tb.Fatal(file, ": ", err)
	}
	if len(cases) == 0 {
		tb.Fatal(file, " is empty")
	}
	return cases
}

// door is one way for a request to reach the judgement, and for the answer to
// leave.
type door struct {
	name string

	// serves says whether the case can come through this door.
	serves func(c handshakeCase) bool

	// answer returns all that the door answers to the case.
	answer func(t *testing.T, c handshakeCase) answer

	// others are the statuses that differ from the table's, because what the
	// door stands on answers by itself or mends the request. The table must
	// put up with them.
	others map[string]int
}

// answer is what a client sees.
type answer struct {
	status int
	header http.Header
	body   string

	// raw is the answer as it came, if the door is one for HTTP/1.1.
	raw []byte
}

// A request gets the same answer through every door. The rest of the table is
// the server's: see its tests.
func TestTheTableOfRequests(t *testing.T) {
	cases := casesTable[handshakeCase](t, "handshake.json")
	for _, d := range doors(t) {
		t.Run(d.name, func(t *testing.T) {
			differed := map[string]int{}
			served := 0
			for _, c := range cases {
				if !d.serves(c) {
					continue
				}
				served++
				t.Run(c.title(), func(t *testing.T) {
					got := d.answer(t, c)
					if got.status != c.wanted(d) {
						t.Errorf("status %d %q, want %d\n%s", got.status, got.body, c.wanted(d), c.show())
					}
					if got.status != c.statusAt(d) {
						differed[c.Name] = got.status
						if !c.tolerates(got.status) {
							t.Errorf("the table does not put up with %d", got.status)
						}
						return
					}
					if c.Refuse != nil {
						checkRefused(t, c, got)
					} else {
						checkAccepted(t, c, got)
					}
				})
			}
			if served == 0 {
				t.Error("no case came through this door")
			}
			for name, status := range d.others {
				if differed[name] != status {
					t.Errorf("%q is no longer answered with %d", name, status)
				}
			}
		})
	}
}

// statusAt returns the table's status at the door.
func (c handshakeCase) statusAt(d door) int {
	if c.Accept != nil && d.name == "HTTP/2" {
		return http.StatusOK
	}
	return c.status()
}

// wanted returns the status that must come through the door.
func (c handshakeCase) wanted(d door) int {
	if status, ok := d.others[c.Name]; ok {
		return status
	}
	return c.statusAt(d)
}

// show returns what to paste to see a failure again.
func (c handshakeCase) show() string {
	b := c.wire()
	return fmt.Sprintf("%.2000q", b)
}

// checkRefused holds a refusal to the contract: the fields that go with the
// status, a reason, and over HTTP/1.1 one answer and the end.
func checkRefused(t *testing.T, c handshakeCase, got answer) {
	t.Helper()
	for name, value := range c.Refuse.Header {
		if got.raw == nil && name == "Upgrade" {
			continue // HTTP/2 knows no such field
		}
		if !slices.Contains(got.header.Values(name), value) {
			t.Errorf("no %s: %s in %v", name, value, got.header)
		}
	}
	for _, name := range []string{"Sec-WebSocket-Accept", "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"} {
		if values := got.header.Values(name); len(values) > 0 {
			t.Errorf("%s: %q beside a refusal", name, values)
		}
	}
	if got.body == "" && !c.isHEAD() {
		t.Error("no reason")
	}
	if got.raw == nil {
		for _, name := range []string{"Connection", "Upgrade"} {
			if values := got.header.Values(name); len(values) > 0 {
				t.Errorf("%s: %q over HTTP/2", name, values)
			}
		}
		return
	}
	if connection := got.header.Values("Connection"); !slices.Contains(connection, "close") {
		t.Errorf("Connection: %q", connection)
	}
}

// checkAccepted holds an agreement to row 62 and test S7: the fields of the
// handshake once each, and no others.
func checkAccepted(t *testing.T, c handshakeCase, got answer) {
	t.Helper()
	want := http.Header{}
	if got.raw != nil {
		want.Set("Upgrade", "websocket")
		want.Set("Connection", "Upgrade")
		want.Set("Sec-WebSocket-Accept", c.Accept.Key)
	}
	if c.Accept.Subprotocol != "" {
		want.Set("Sec-WebSocket-Protocol", c.Accept.Subprotocol)
	}
	if c.Accept.Extensions != "" {
		want.Set("Sec-WebSocket-Extensions", c.Accept.Extensions)
	}
	if !maps.EqualFunc(got.header, want, slices.Equal) {
		t.Errorf("header is %v, want %v", got.header, want)
	}
	if got.body != "" {
		t.Errorf("%q behind the head", got.body)
	}
}

// respond is what a server makes of a request that was judged, but for the
// meaning of extensions, which is for those who know them: here the answer
// names those that the table wants, and so tests that they can be written.
func (c handshakeCase) respond(req handshake.Request) (resp handshake.Response, err error) {
	for _, ours := range c.Setup.Subprotocols {
		if resp.Subprotocol == "" && slices.Contains(req.Subprotocols, ours) {
			resp.Subprotocol = strings.Clone(ours)
		}
	}
	if len(c.Setup.Deflate) == 0 {
		return resp, nil
	}
	if _, err := handshake.ParseExtensions(req.Extensions); err != nil {
		return resp, err
	}
	if c.Accept != nil && c.Accept.Extensions != "" {
		resp.Extensions, err = handshake.ParseExtensions([]string{c.Accept.Extensions})
	}
	return resp, err
}

// judgeHTTP is what a server does with a request of net/http's.
func (c handshakeCase) judgeHTTP(r *http.Request) (req handshake.Request, resp handshake.Response, err error) {
	if err := c.limits().Check(r); err != nil {
		return req, resp, err
	}
	if req, err = handshake.ParseRequest(r); err != nil {
		return req, resp, err
	}
	if err := handshake.SameOrigin(r); err != nil {
		origins, parseErr := handshake.ParseOrigins(c.Setup.Origins)
		if parseErr != nil || len(c.Setup.Origins) == 0 {
			return req, resp, errors.Join(err, parseErr)
		}
		if err := origins.Check(r); err != nil {
			return req, resp, err
		}
	}
	resp, err = c.respond(req)
	return req, resp, err
}

// parseAnswer reads all that came from a server over HTTP/1.1, which must be
// one answer, to the letter, and no more.
func parseAnswer(t *testing.T, c handshakeCase, raw []byte) answer {
	t.Helper()
	head, body, ok := strings.Cut(string(raw), "\r\n\r\n")
	lines := strings.Split(head, "\r\n")
	status := regexp.MustCompile(`^HTTP/1\.[01] ([1-5][0-9][0-9]) [ -~]*$`).FindStringSubmatch(lines[0])
	if !ok || status == nil {
		t.Fatalf("%q answers\n%s", raw, c.show())
	}
	a := answer{header: http.Header{}, body: body, raw: raw}
	a.status, _ = strconv.Atoi(status[1])
	for _, line := range lines[1:] {
		field := regexp.MustCompile(`^([-0-9A-Za-z]+): ([!-~](?:[ -~]*[!-~])?)$`).FindStringSubmatch(line)
		if field == nil {
			t.Fatalf("the field line %q answers\n%s", line, c.show())
		}
		a.header.Add(field[1], field[2])
	}
	switch length := a.header.Values("Content-Length"); {
	case len(length) == 0:
	case len(length) == 1 && length[0] == strconv.Itoa(len(body)):
	case c.isHEAD() && body == "":
	default:
		t.Errorf("Content-Length %q and %q", length, body)
	}
	if n := len(regexp.MustCompile(`HTTP/1\.[01] [1-5][0-9][0-9] `).FindAll(raw, -1)); n != 1 {
		t.Errorf("%d answers: %q", n, raw)
	}
	return a
}
