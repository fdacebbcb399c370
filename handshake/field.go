package handshake

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// The header fields of RFC 6455 section 11.3 as net/http spells them. On the
// wire they are written as the RFC does, for peers that compare bytes.
const (
	secWebSocketAccept     = "Sec-Websocket-Accept"
	secWebSocketExtensions = "Sec-Websocket-Extensions"
	secWebSocketKey        = "Sec-Websocket-Key"
	secWebSocketProtocol   = "Sec-Websocket-Protocol"
	secWebSocketVersion    = "Sec-Websocket-Version"
)

// version is the only version of the protocol (RFC 6455 4.1, item 9).
const version = "13"

// CheckHeader says whether h may be sent beside the fields of the handshake,
// in a request or a response. The error is an [*ArgumentError].
//
// Names must be tokens, and none of those that the handshake itself or the
// framing of HTTP own: Connection, Content-Length, Transfer-Encoding, Upgrade
// and all that begin with Sec-WebSocket-, whatever their case. Values are
// visible ASCII, with spaces and tabs inside but not around. A wrong field is
// an error and never repaired, so that nobody's data can begin a line.
func CheckHeader(h http.Header) error {
	if len(h) == 0 {
		return nil // the common case needs no list of names
	}
	for _, name := range slices.Sorted(maps.Keys(h)) {
		if !isToken(name) {
			return &ArgumentError{"header field " + quote(name), "name is not a token"}
		}
		if isReserved(name) {
			return &ArgumentError{"header field " + quote(name), "belongs to the handshake"}
		}
		for _, value := range h[name] {
			if !isFieldValue(value) {
				return &ArgumentError{"header field " + quote(name),
					"value has a byte that is not visible ASCII, or space around it"}
			}
		}
	}
	return nil
}

func isReserved(name string) bool {
	const prefix = "Sec-WebSocket-"
	if len(name) >= len(prefix) && equalFold(name[:len(prefix)], prefix) {
		return true
	}
	for _, reserved := range [...]string{"Connection", "Content-Length", "Transfer-Encoding", "Upgrade"} {
		if equalFold(name, reserved) {
			return true
		}
	}
	return false
}

// isFieldValue reports whether s is a field value, RFC 9110 5.5, without
// obs-text.
func isFieldValue(s string) bool {
	for i := range len(s) {
		if c := s[i]; c != '\t' && (c < ' ' || c > '~') {
			return false
		}
	}
	return trimSpace(s) == s
}

// appendField appends a field line.
func appendField(dst []byte, name, value string) []byte {
	dst = append(dst, name...)
	dst = append(dst, ": "...)
	dst = append(dst, value...)
	return append(dst, "\r\n"...)
}

// appendHeader appends the fields of h, sorted by name, a line for each value.
func appendHeader(dst []byte, h http.Header) []byte {
	if len(h) == 0 {
		return dst
	}
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, value := range h[name] {
			dst = appendField(dst, name, value)
		}
	}
	return dst
}

// setList sets a field to a list of elements, if there are any.
func setList(h http.Header, name string, elements []string) {
	if len(elements) > 0 {
		h[name] = []string{strings.Join(elements, ", ")}
	}
}
