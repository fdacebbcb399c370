package handshake

import (
	"net/http"
	"strings"
)

// Request is what a client asks for.
type Request struct {
	// Key is the Sec-WebSocket-Key, see [NewKey]. It is empty over HTTP/2 and
	// HTTP/3, which have none.
	Key string

	// Subprotocols are offered in the order of the client's preference.
	Subprotocols []string

	// Extensions are the values of Sec-WebSocket-Extensions as they stand, one
	// for each field line. [ParseExtensions] reads them, and [Extension.String]
	// makes them. [ParseRequest] does not look at them, so that a server that
	// uses no extension cannot fail a client for what it does not use.
	Extensions []string
}

// ParseRequest checks a client's request as RFC 6455 4.2.1 tells a server to:
// an HTTP/1.1 upgrade, or an extended CONNECT over HTTP/2 or HTTP/3. It does
// not judge where the request comes from: see [SameOrigin] and [Origins]. It
// reads nothing from the body, and what it returns shares memory with r.Header.
//
// The error is an [*Error] that [Refuse] answers with:
//
//	405  another method than GET; Allow: GET
//	501  extended CONNECT to another protocol
//	426  Upgrade without "websocket", or Connection without "upgrade", in the
//	     lists that their lines make up; Upgrade: websocket
//	426  another version than 13; Sec-WebSocket-Version: 13
//	400  no version; Sec-WebSocket-Version: 13
//	400  HTTP before 1.1 (505 would speak of the major version), no Host or a
//	     bad one, an announced body (but Content-Length: 0 is none), a key
//	     that is missing, repeated or not the base64 of 16 bytes, a bad list
//	     of subprotocols, several Origin fields
func ParseRequest(r *http.Request) (Request, error) {
	protocol, connect := connectProtocol(r)
	a := asked{
		method:     r.Method,
		major:      r.ProtoMajor,
		minor:      r.ProtoMinor,
		connect:    connect,
		protocol:   protocol,
		host:       r.Host,
		body:       announcesBody(r),
		upgrade:    r.Header["Upgrade"],
		connection: r.Header["Connection"],
		version:    r.Header[secWebSocketVersion],
		key:        r.Header[secWebSocketKey],
		origin:     r.Header["Origin"],
	}
	if err := a.judge(); err != nil {
		return Request{}, err
	}
	names, err := ParseSubprotocols(r.Header[secWebSocketProtocol])
	if err != nil {
		return Request{}, err
	}
	return Request{Key: a.agreedKey(), Subprotocols: names, Extensions: r.Header[secWebSocketExtensions]}, nil
}

// Request judges what h says, as [ParseRequest] does, with the same errors;
// those over HTTP/2 cannot occur. What it returns is lent as all of h's strings
// are. Call it only after [Head.Parse] has returned nil.
func (h *Head) Request() (Request, error) {
	h.collect()
	hosts := h.lists[fieldHost]
	if len(hosts) > 1 {
		return Request{}, badRequest("RFC 9112 3.2", "several Host fields")
	}
	a := asked{
		method:     h.Method(),
		major:      h.major,
		minor:      h.minor,
		host:       h.Host(),
		body:       h.announcesBody(),
		upgrade:    h.lists[fieldUpgrade],
		connection: h.lists[fieldConnection],
		version:    h.lists[fieldVersion],
		key:        h.lists[fieldKey],
		origin:     h.lists[fieldOrigin],
	}
	if err := a.judge(); err != nil {
		return Request{}, err
	}
	names, err := appendSubprotocols(h.subprotocols[:0], h.lists[fieldProtocol])
	if err != nil {
		return Request{}, err
	}
	h.subprotocols = names
	return Request{Key: a.agreedKey(), Subprotocols: names, Extensions: h.lists[fieldExtensions]}, nil
}

// announcesBody reports whether a body follows the head of r, or may. The
// length of an extended CONNECT is never known: with a Content-Length, also of
// 0, the first frame would make it malformed (RFC 9113 8.1.1).
func announcesBody(r *http.Request) bool {
	if r.ProtoMajor >= 2 {
		return r.ContentLength > 0 || len(r.Header["Content-Length"]) > 0
	}
	return r.ContentLength != 0
}

// announcesBody reports whether a body follows the head, or may: a field that
// cannot be read counts as a body.
func (h *Head) announcesBody() bool {
	lengths := h.lists[fieldContentLength]
	for _, length := range lengths {
		if length == "" || strings.Trim(length, "0") != "" {
			return true
		}
	}
	return len(lengths) > 1 || len(h.lists[fieldTransferEncoding]) > 0
}
