package handshake

import (
	"net/http"
	"strings"
)

// IsExtendedConnect reports whether r asks for a WebSocket by extended
// CONNECT, over HTTP/2 (RFC 8441) or HTTP/3 (RFC 9220). Such a request is
// answered with status 200 on its own stream; there is nothing to hijack.
//
// Of HTTP/2 it knows net/http's form, the header field ":protocol", which the
// caller may want to delete before it shows the header to others; of HTTP/3
// quic-go's, which puts the protocol's name in r.Proto.
func IsExtendedConnect(r *http.Request) bool {
	name, ok := connectProtocol(r)
	return ok && name == "websocket"
}

// connectProtocol returns the :protocol of an extended CONNECT, and whether r
// is one.
func connectProtocol(r *http.Request) (name string, ok bool) {
	switch {
	case r.Method != http.MethodConnect || r.ProtoMajor < 2:
		return "", false
	case r.ProtoMajor == 2:
		values := r.Header[":protocol"]
		return strings.Join(values, ", "), len(values) > 0
	default:
		return r.Proto, !strings.HasPrefix(r.Proto, "HTTP/")
	}
}
