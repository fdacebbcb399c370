package handshake

import (
	"errors"
	"net/http"
)

// Response is what a server agrees to.
type Response struct {
	Subprotocol string      // one of those that the client offered, or ""
	Extensions  []Extension // of the names that the client offered
}

// ParseResponse checks a server's response to req, as RFC 6455 4.1 tells a
// client to. It reads nothing from the body. The error is an [*Error] with the
// status and header that the server answered; with Reason "unexpected status"
// if the server did not agree.
//
// If req has a Key, it went over HTTP/1.1, whatever the server claims to speak:
// the status must be 101, Upgrade and Connection must have their tokens, and
// Sec-WebSocket-Accept must stand once and answer req.Key. Over HTTP/2 and
// HTTP/3 there is no Key, and the status must be 200 to 299. The subprotocol
// must be one that req offers, or none, and the extensions must be of offered
// names; what their parameters say, and whether one may stand twice, is for
// those who know the extension.
func ParseResponse(r *http.Response, req Request) (Response, error) {
	resp, err := parseResponse(r, req)
	var e *Error
	if errors.As(err, &e) { // made for us, but with a server's status or none
		e.Status, e.Header = r.StatusCode, r.Header
		return Response{}, e
	}
	return resp, err
}

func parseResponse(r *http.Response, req Request) (resp Response, err error) {
	if r.ProtoMajor >= 2 && req.Key == "" {
		if r.StatusCode < 200 || r.StatusCode > 299 {
			return resp, errUnexpectedStatus()
		}
	} else if err := checkSwitch(r, req.Key); err != nil {
		return resp, err
	}
	if resp.Subprotocol, err = answeredSubprotocol(r.Header, req.Subprotocols); err != nil {
		return resp, err
	}
	resp.Extensions, err = answeredExtensions(r.Header, req)
	return resp, err
}

// checkSwitch judges what only HTTP/1.1 has: the switch of protocols, and the
// proof that the server means WebSocket.
func checkSwitch(r *http.Response, key string) error {
	const section = "RFC 6455 4.1"
	accepts := r.Header[secWebSocketAccept]
	switch {
	case r.StatusCode != http.StatusSwitchingProtocols:
		return errUnexpectedStatus()
	case r.ProtoMajor != 1 || r.ProtoMinor < 1:
		return &Error{Section: section, Reason: "HTTP version of the response is not 1.1"}
	case !hasToken(r.Header["Upgrade"], "websocket"):
		return &Error{Section: section, Reason: `Upgrade of the response lacks "websocket"`}
	case !hasToken(r.Header["Connection"], "upgrade"):
		return &Error{Section: section, Reason: `Connection of the response lacks "Upgrade"`}
	case len(accepts) != 1:
		return &Error{Section: section, Reason: "response needs exactly one Sec-WebSocket-Accept"}
	case key == "" || accepts[0] != AcceptKey(key):
		return &Error{Section: section, Reason: "Sec-WebSocket-Accept does not answer the key"}
	}
	return nil
}

func errUnexpectedStatus() *Error {
	return &Error{Section: "RFC 6455 4.1", Reason: "unexpected status"}
}

func answeredExtensions(h http.Header, req Request) ([]Extension, error) {
	answer, err := ParseExtensions(h[secWebSocketExtensions])
	if err != nil || len(answer) == 0 {
		return nil, err
	}
	offers, _ := ParseExtensions(req.Extensions) // what cannot be parsed was not offered
	if name, ok := checkAnswered(answer, offers); !ok {
		return nil, badExtension(quote(name) + " was not offered")
	}
	return answer, nil
}
