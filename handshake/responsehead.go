package handshake

import (
	"net/http"
	"slices"
)

// SetHeader sets the fields that answer req in h, which may hold fields of the
// caller's own that pass [CheckHeader]. The status to send with them is 101 if
// req has a Key, and 200 if not: over HTTP/2 and HTTP/3, which have neither
// Upgrade and Connection nor Sec-WebSocket-Accept.
//
// The error is an [*ArgumentError] as of [AppendResponse], and then h is as it
// was.
func (resp Response) SetHeader(h http.Header, req Request) error {
	if err := CheckHeader(h); err != nil {
		return err
	}
	if err := resp.check(req); err != nil {
		return err
	}
	if req.Key != "" {
		h["Upgrade"] = []string{"websocket"}
		h["Connection"] = []string{"Upgrade"}
		h[secWebSocketAccept] = []string{AcceptKey(req.Key)}
	}
	if resp.Subprotocol != "" {
		h[secWebSocketProtocol] = []string{resp.Subprotocol}
	}
	if len(resp.Extensions) > 0 {
		h[secWebSocketExtensions] = []string{string(appendExtensions(nil, resp.Extensions))}
	}
	return nil
}

// AppendResponse appends the whole head of the HTTP/1.1 response that accepts
// req to dst, with the fields of extra behind those of the handshake, sorted
// by name. Give it what [ParseRequest] returned, and send it on the connection
// after every check has passed, for with it HTTP ends.
//
// The error is an [*ArgumentError], for a req without a Key, a subprotocol or
// an extension that req does not offer or that cannot be written, or a field
// of extra that [CheckHeader] refuses; dst is then returned as it was.
func AppendResponse(dst []byte, resp Response, req Request, extra http.Header) ([]byte, error) {
	if req.Key == "" {
		return dst, &ArgumentError{"Key", "empty"}
	}
	if err := resp.check(req); err != nil {
		return dst, err
	}
	if err := CheckHeader(extra); err != nil {
		return dst, err
	}

	dst = append(dst, "HTTP/1.1 101 Switching Protocols\r\n"+
		"Upgrade: websocket\r\n"+
		"Connection: Upgrade\r\n"+
		"Sec-WebSocket-Accept: "...)
	dst = append(appendAcceptKey(dst, req.Key), "\r\n"...)
	if resp.Subprotocol != "" {
		dst = appendField(dst, "Sec-WebSocket-Protocol", resp.Subprotocol)
	}
	if len(resp.Extensions) > 0 {
		dst = append(dst, "Sec-WebSocket-Extensions: "...)
		dst = append(appendExtensions(dst, resp.Extensions), "\r\n"...)
	}
	dst = appendHeader(dst, extra)
	return append(dst, "\r\n"...), nil
}

// check says whether resp may answer req: a server chooses from what its
// client offers (RFC 6455 4.2.2).
func (resp Response) check(req Request) error {
	if s := resp.Subprotocol; s != "" && (!isToken(s) || !slices.Contains(req.Subprotocols, s)) {
		return &ArgumentError{"subprotocol " + quote(s), "was not offered"}
	}
	if len(resp.Extensions) == 0 {
		return nil
	}
	for _, e := range resp.Extensions {
		if err := e.check(); err != nil {
			return err
		}
	}
	offers, err := ParseExtensions(req.Extensions)
	if err != nil {
		return &ArgumentError{"extensions of the request", err.(*Error).Reason}
	}
	if name, ok := checkAnswered(resp.Extensions, offers); !ok {
		return &ArgumentError{"extension " + quote(name), "was not offered"}
	}
	return nil
}
