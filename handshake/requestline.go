package handshake

import "net/http"

// parseRequestLine parses the first line, RFC 9112 3.
func (h *Head) parseRequestLine(limits HeadLimits) error {
	const (
		section = "RFC 9112 3"
		proto   = " HTTP/1.1"
	)
	text := h.scanned + textLen(h.bytes[h.scanned:])
	if err := h.endLine(text, limits); err != nil {
		return err
	}
	line := h.bytes[:text]
	method := tokenLen(line)
	end := len(line) - len(proto) // of the target
	if method == 0 || end <= method || line[method] != ' ' {
		return badRequest(section, "the request line is not a method, a target and a version")
	}
	major, minor, ok := parseVersion(line[end:])
	if !ok {
		return badRequest("RFC 9112 2.3", "the request line does not end with a version of HTTP")
	}
	if major != 1 {
		return &Error{Status: http.StatusHTTPVersionNotSupported, Reason: "only HTTP/1.1 is spoken here", Section: "RFC 9110 15.6.6"}
	}
	if !isOriginForm(line[method+1 : end]) {
		return badRequest("RFC 9112 3.2.1", "the request target is not a path")
	}
	h.method = span{0, uint32(method)}
	h.target = span{uint32(method + 1), uint32(end)}
	h.major, h.minor = major, minor
	return nil
}

// parseVersion parses the end of a request line, from the space before the
// version.
func parseVersion(b []byte) (major, minor int, ok bool) {
	const form = " HTTP/d.d"
	if len(b) != len(form) || string(b[:6]) != form[:6] || b[7] != '.' {
		return 0, 0, false
	}
	major, minor = int(b[6])-'0', int(b[8])-'0'
	return major, minor, 0 <= major && major <= 9 && 0 <= minor && minor <= 9
}

// isOriginForm reports whether target is a path with or without a query, RFC
// 9112 3.2.1: visible ASCII without "#", which is no part of it, and without a
// second slash in front, which some readers take for the start of a host.
// Bytes that must be escaped but often are not, such as "|", are let pass.
func isOriginForm(target []byte) bool {
	if len(target) == 0 || target[0] != '/' || len(target) > 1 && target[1] == '/' {
		return false
	}
	query := false
	for i, c := range target {
		if isPlainTargetByte[c] {
			continue
		}
		switch {
		case c == '?':
			query = true
		case c == '%' && (query || isEscape(target[i:])):
		default:
			return false
		}
	}
	return true
}

// isPlainTargetByte says which bytes mean nothing more than themselves in a
// target.
var isPlainTargetByte = func() (t [256]bool) {
	for c := '!'; c <= '~'; c++ {
		t[c] = c != '#' && c != '%' && c != '?'
	}
	return t
}()

// isEscape reports whether b begins with a percent sign and two hexadecimal
// digits.
func isEscape(b []byte) bool {
	return len(b) >= 3 && isHex(b[1]) && isHex(b[2])
}

func isHex(c byte) bool {
	c = lower(c)
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f'
}
