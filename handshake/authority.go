package handshake

import (
	"net/netip"
	"strconv"
	"strings"
)

// authority is a host and a port in the one form in which equal ones have
// equal strings: names in lower case, IPv6 addresses in brackets and in
// canonical form.
type authority struct {
	host string
	port string // "" if it was not written
}

func (a authority) String() string {
	if a.port == "" {
		return a.host
	}
	return a.host + ":" + a.port
}

// parseAuthority parses host[:port]. It knows less than RFC 3986 3.2 allows:
// no userinfo, no escapes, no empty port, only the letters, digits, "-" and
// "_" that names are made of. What it does not know is safer refused.
func parseAuthority(s string) (authority, bool) {
	var a authority
	var rest string
	if strings.HasPrefix(s, "[") {
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return a, false
		}
		ip, err := netip.ParseAddr(s[1:end])
		if err != nil || !ip.Is6() || ip.Zone() != "" {
			return a, false
		}
		a.host, rest = "["+ip.String()+"]", s[end+1:]
	} else {
		end := strings.IndexByte(s, ':')
		if end < 0 {
			end = len(s)
		}
		if !isHostName(s[:end]) {
			return a, false
		}
		a.host, rest = strings.ToLower(s[:end]), s[end:]
	}
	if rest == "" {
		return a, true
	}
	a.port = rest[1:]
	return a, rest[0] == ':' && isPort(a.port)
}

// isHostName reports whether s is labels with dots between, of which the last
// dot may end it.
func isHostName(s string) bool {
	if s == "" || len(s) > 254 {
		return false
	}
	label := 0 // length of the label so far
	for i := range len(s) {
		switch c := lower(s[i]); {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '_':
			label++
		case c == '.' && label > 0:
			label = 0
		default:
			return false
		}
	}
	return true
}

// isPort reports whether s is a port number as one writes it.
func isPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n > 0 && s[0] != '0'
}

// defaultPort returns the port that a URL of the scheme need not say, or "".
func defaultPort(scheme string) string {
	switch scheme {
	case "http", "ws":
		return "80"
	case "https", "wss":
		return "443"
	}
	return ""
}
