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
		a.host, rest = toLower(s[:end]), s[end:]
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

// isHost reports whether s can be the value of a Host field, RFC 9110 7.2: a
// name, an IPv4 address or an IPv6 address in brackets, with or without a port.
// It lets pass all that RFC 3986 3.2.2 calls a name, so that a server behind
// an odd one still answers; only a name that [parseAuthority] knows can be
// the same as an origin's.
func isHost(s string) bool {
	if rest, ok := strings.CutPrefix(s, "["); ok {
		literal, port, ok := strings.Cut(rest, "]")
		ip, err := netip.ParseAddr(literal)
		return ok && err == nil && ip.Is6() && ip.Zone() == "" && isPortPart(port)
	}
	name := 0
	for name < len(s) && s[name] != ':' {
		c := s[name]
		switch {
		case isHostByte[c]:
		case c == '%' && name+2 < len(s) && isHex(s[name+1]) && isHex(s[name+2]):
		default:
			return false
		}
		name++
	}
	return name > 0 && isPortPart(s[name:])
}

// isHostByte says which bytes a reg-name of RFC 3986 3.2.2 may have, beside
// escapes.
var isHostByte = func() (t [256]bool) {
	for c := range t {
		t[c] = isTokenByte[c] && !strings.ContainsRune("#%^`|", rune(c))
	}
	for _, c := range "();,=" { // tokens have no sub-delims
		t[c] = true
	}
	return t
}()

// isPortPart reports whether s is empty, or a colon and digits, of which RFC
// 3986 3.2.3 allows none.
func isPortPart(s string) bool {
	return s == "" || s[0] == ':' && strings.Trim(s[1:], "0123456789") == ""
}
