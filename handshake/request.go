package handshake

import (
	"net/http"
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
//	400  HTTP before 1.1 (505 would speak of the major version), no Host, an
//	     announced body (but Content-Length: 0 is none), a key that is missing,
//	     repeated or not the base64 of 16 bytes, a bad list of subprotocols,
//	     several Origin fields
func ParseRequest(r *http.Request) (Request, error) {
	var req Request
	extended := r.ProtoMajor >= 2
	if err := checkMethod(r); err != nil {
		return req, err
	}
	if !extended {
		if err := checkUpgrade(r); err != nil {
			return req, err
		}
	}
	if r.Host == "" {
		return req, badRequest("RFC 6455 4.2.1", "no Host")
	}
	if r.ContentLength > 0 || r.ContentLength != 0 && !extended {
		return req, badRequest("RFC 6455 4.2.1", "a request for a WebSocket has no body")
	}
	if err := checkVersion(r.Header); err != nil {
		return req, err
	}
	if !extended {
		keys := r.Header[secWebSocketKey]
		if len(keys) != 1 || !validKey(keys[0]) {
			return req, badRequest("RFC 6455 4.2.1", "Sec-WebSocket-Key must be one, the base64 of 16 bytes")
		}
		req.Key = keys[0]
	}
	if len(r.Header["Origin"]) > 1 {
		return Request{}, errSeveralOrigins()
	}
	names, err := ParseSubprotocols(r.Header[secWebSocketProtocol])
	if err != nil {
		return Request{}, err
	}
	req.Subprotocols = names
	req.Extensions = r.Header[secWebSocketExtensions]
	return req, nil
}

// checkMethod judges how the request asks: GET, or extended CONNECT.
func checkMethod(r *http.Request) error {
	name, extended := connectProtocol(r)
	switch {
	case extended && name != "websocket":
		return &Error{
			Status:  http.StatusNotImplemented,
			Reason:  "unknown protocol " + quote(name),
			Section: "RFC 9220 3",
		}
	case extended:
		return nil
	case r.Method != http.MethodGet:
		return &Error{
			Status:  http.StatusMethodNotAllowed,
			Header:  http.Header{"Allow": {http.MethodGet}},
			Reason:  "method must be GET",
			Section: "RFC 6455 4.2.1",
		}
	case r.ProtoMajor >= 2:
		return upgradeRequired("RFC 8441 5", "over HTTP/2 and HTTP/3 a WebSocket takes extended CONNECT")
	}
	return nil
}

// checkUpgrade judges what only HTTP/1.1 has: its version and the two fields
// that ask to leave HTTP. A server must ignore Upgrade in HTTP/1.0 (RFC 9110
// 7.8).
func checkUpgrade(r *http.Request) error {
	switch {
	case !r.ProtoAtLeast(1, 1):
		return badRequest("RFC 6455 4.2.1", "HTTP version must be 1.1 or higher")
	case !hasToken(r.Header["Upgrade"], "websocket"):
		return upgradeRequired("RFC 6455 4.2.1", `Upgrade lacks "websocket"`)
	case !hasToken(r.Header["Connection"], "upgrade"):
		return upgradeRequired("RFC 6455 4.2.1", `Connection lacks "Upgrade"`)
	}
	return nil
}

func upgradeRequired(section, reason string) *Error {
	return &Error{
		Status:  http.StatusUpgradeRequired,
		Header:  http.Header{"Upgrade": {"websocket"}},
		Reason:  reason,
		Section: section,
	}
}

// checkVersion judges Sec-WebSocket-Version. Only "13" is 13: what reads 013
// or 13.0 kindly today decides what they mean tomorrow.
func checkVersion(h http.Header) error {
	values := h[secWebSocketVersion]
	if len(values) == 1 && values[0] == version {
		return nil
	}
	e := &Error{
		Status:  http.StatusUpgradeRequired,
		Header:  http.Header{secWebSocketVersion: {version}},
		Reason:  "Sec-WebSocket-Version must be 13",
		Section: "RFC 6455 4.4",
	}
	if len(values) == 0 {
		e.Status, e.Reason = http.StatusBadRequest, "no Sec-WebSocket-Version"
	}
	return e
}
