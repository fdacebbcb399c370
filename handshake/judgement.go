package handshake

import "net/http"

// asked is what the judgement looks at of a client's request, whichever door
// it came through.
type asked struct {
	method       string
	major, minor int    // of the version of HTTP
	connect      bool   // it is an extended CONNECT
	protocol     string // its :protocol
	host         string
	body         bool // a body is announced

	// The values of header fields, one for each line.
	upgrade, connection, version, key, origin []string
}

// judge says what RFC 6455 4.2.1, RFC 8441 5 and RFC 9220 3 have against the
// request. The order of its questions decides what a request that is wrong
// twice is told.
func (a *asked) judge() error {
	if err := a.judgeMethod(); err != nil {
		return err
	}
	if !a.connect {
		if err := a.judgeUpgrade(); err != nil {
			return err
		}
	}
	switch {
	case a.host == "":
		return badRequest("RFC 6455 4.2.1", "no Host")
	case !isHost(a.host):
		return badRequest("RFC 9110 7.2", "bad Host "+quote(a.host))
	case a.body:
		return badRequest("RFC 6455 4.2.1", "a request for a WebSocket has no body")
	}
	if err := judgeVersion(a.version); err != nil {
		return err
	}
	if !a.connect && (len(a.key) != 1 || !validKey(a.key[0])) {
		return badRequest("RFC 6455 4.2.1", "Sec-WebSocket-Key must be one, the base64 of 16 bytes")
	}
	if len(a.origin) > 1 {
		return errSeveralOrigins()
	}
	return nil
}

// agreedKey returns the key of a request that was judged, or "" if it has none
// by nature.
func (a *asked) agreedKey() string {
	if a.connect {
		return ""
	}
	return a.key[0]
}

// judgeMethod judges how the request asks: by GET, or by extended CONNECT.
func (a *asked) judgeMethod() error {
	switch {
	case a.connect && a.protocol != "websocket":
		return &Error{
			Status:  http.StatusNotImplemented,
			Reason:  "unknown protocol " + quote(a.protocol),
			Section: "RFC 9220 3",
		}
	case a.connect:
		return nil
	case a.method != http.MethodGet:
		return &Error{
			Status:  http.StatusMethodNotAllowed,
			Header:  http.Header{"Allow": {http.MethodGet}},
			Reason:  "method must be GET",
			Section: "RFC 6455 4.2.1",
		}
	case a.major >= 2:
		return upgradeRequired("RFC 8441 5", "over HTTP/2 and HTTP/3 a WebSocket takes extended CONNECT")
	}
	return nil
}

// judgeUpgrade judges what only HTTP/1.1 has: its version and the two fields
// that ask to leave HTTP. A server must ignore Upgrade in HTTP/1.0 (RFC 9110
// 7.8).
func (a *asked) judgeUpgrade() error {
	switch {
	case a.major < 1 || a.major == 1 && a.minor < 1:
		return badRequest("RFC 6455 4.2.1", "HTTP version must be 1.1 or higher")
	case !hasToken(a.upgrade, "websocket"):
		return upgradeRequired("RFC 6455 4.2.1", `Upgrade lacks "websocket"`)
	case !hasToken(a.connection, "Upgrade"):
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

// judgeVersion judges the values of Sec-WebSocket-Version. Only "13" is 13:
// what reads 013 or 13.0 kindly today decides what they mean tomorrow.
func judgeVersion(values []string) error {
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
