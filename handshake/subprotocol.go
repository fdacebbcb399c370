package handshake

import (
	"net/http"
	"slices"
	"strings"
)

// ParseSubprotocols parses the values of Sec-WebSocket-Protocol header fields,
// one string for each field line, in the order of the client's preference.
//
// Several lines are one list. Its elements are tokens, no two the same (case
// counts); empty elements are passed over, as RFC 9110 5.6.1 wants, but a
// field must have at least one element that is not. At most 100 elements and
// 16 KiB are read. Anything else is an [*Error] of status 400. No values at
// all give no subprotocols.
func ParseSubprotocols(values []string) ([]string, error) {
	return appendSubprotocols(nil, values)
}

// appendSubprotocols is ParseSubprotocols with memory for the result, names,
// which is empty.
func appendSubprotocols(names, values []string) ([]string, error) {
	if len(values) == 0 {
		return names, nil
	}
	if tooLong(values) {
		return nil, badSubprotocol("longer than 16 KiB")
	}
	for _, value := range values {
		for more := true; more; {
			var name string
			name, value, more = strings.Cut(value, ",")
			name = trimSpace(name)
			switch {
			case name == "":
				continue
			case !isToken(name):
				return nil, badSubprotocol("element " + quote(name) + " is not a token")
			case slices.Contains(names, name):
				return nil, badSubprotocol("element " + quote(name) + " stands twice")
			case len(names) == maxElements:
				return nil, badSubprotocol("more than 100 elements")
			}
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil, badSubprotocol("empty")
	}
	return names, nil
}

func badSubprotocol(reason string) *Error {
	return badRequest("RFC 6455 4.1", "bad Sec-WebSocket-Protocol: "+reason)
}

// checkSubprotocols says whether names can be offered.
func checkSubprotocols(names []string) error {
	for i, name := range names {
		if !isToken(name) {
			return &ArgumentError{"subprotocol " + quote(name), "not a token"}
		}
		if slices.Contains(names[:i], name) {
			return &ArgumentError{"subprotocol " + quote(name), "offered twice"}
		}
	}
	return nil
}

// answeredSubprotocol returns the subprotocol that a server's answer names, ""
// if none. It must be one of offered, whole and alone (RFC 6455 4.1).
func answeredSubprotocol(h http.Header, offered []string) (string, error) {
	values := h[secWebSocketProtocol]
	if len(values) == 0 {
		return "", nil
	}
	if len(values) > 1 {
		return "", badSubprotocol("several in the answer")
	}
	if !slices.Contains(offered, values[0]) {
		return "", badSubprotocol(quote(values[0]) + " was not offered")
	}
	return values[0], nil
}
