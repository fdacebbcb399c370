package handshake

import (
	"net/http"
	"net/url"
	"strings"
)

// SetHeader sets the fields of the request in h, which may hold fields of the
// caller's own that pass [CheckHeader]. The error is an [*ArgumentError], and
// then h is as it was.
//
// Upgrade and Connection are set with a Key only: without one the request is
// for extended CONNECT, whose :method and :protocol are the caller's part.
func (req Request) SetHeader(h http.Header) error {
	if err := CheckHeader(h); err != nil {
		return err
	}
	offers, err := req.check()
	if err != nil {
		return err
	}
	if req.Key != "" {
		h["Upgrade"] = []string{"websocket"}
		h["Connection"] = []string{"Upgrade"}
		h[secWebSocketKey] = []string{req.Key}
	}
	h[secWebSocketVersion] = []string{version}
	setList(h, secWebSocketProtocol, req.Subprotocols)
	if len(offers) > 0 {
		h[secWebSocketExtensions] = []string{string(appendExtensions(nil, offers))}
	}
	return nil
}

// AppendRequest appends the whole head of an HTTP/1.1 request for u to dst,
// with the fields of extra behind those of the handshake, sorted by name.
//
// The scheme of u is ws, wss, http or https. Host leaves out the scheme's
// default port and an IPv6 zone. A host that is not ASCII must come in its
// ASCII form (IDNA); a fragment is an error (RFC 6455 3). Userinfo is not
// sent: a caller who means it puts Authorization in extra.
//
// The error is an [*ArgumentError], for u, req, or a field of extra that
// [CheckHeader] refuses or that is Host; dst is then returned as it was.
func AppendRequest(dst []byte, u *url.URL, req Request, extra http.Header) ([]byte, error) {
	target, err := requestTarget(u)
	if err != nil {
		return dst, err
	}
	host, err := hostField(u)
	if err != nil {
		return dst, err
	}
	if req.Key == "" {
		return dst, &ArgumentError{"Key", "empty"}
	}
	offers, err := req.check()
	if err != nil {
		return dst, err
	}
	if err := CheckHeader(extra); err != nil {
		return dst, err
	}
	for name := range extra {
		if equalFold(name, "Host") {
			return dst, &ArgumentError{"header field " + quote(name), "is made from the URL"}
		}
	}

	dst = append(dst, "GET "...)
	dst = append(dst, target...)
	dst = append(dst, " HTTP/1.1\r\n"...)
	dst = appendField(dst, "Host", host)
	dst = append(dst, "Upgrade: websocket\r\nConnection: Upgrade\r\n"...)
	dst = appendField(dst, "Sec-WebSocket-Key", req.Key)
	dst = appendField(dst, "Sec-WebSocket-Version", version)
	if len(req.Subprotocols) > 0 {
		dst = appendField(dst, "Sec-WebSocket-Protocol", strings.Join(req.Subprotocols, ", "))
	}
	if len(offers) > 0 {
		dst = append(dst, "Sec-WebSocket-Extensions: "...)
		dst = append(appendExtensions(dst, offers), "\r\n"...)
	}
	dst = appendHeader(dst, extra)
	return append(dst, "\r\n"...), nil
}

// check says whether req can be sent, and returns the extensions it offers.
func (req Request) check() ([]Extension, error) {
	if req.Key != "" && !validKey(req.Key) {
		return nil, &ArgumentError{"Key " + quote(req.Key), "not the base64 of 16 bytes"}
	}
	if err := checkSubprotocols(req.Subprotocols); err != nil {
		return nil, err
	}
	offers, err := ParseExtensions(req.Extensions)
	if err != nil {
		return nil, &ArgumentError{"Extensions", err.(*Error).Reason}
	}
	return offers, nil
}

// requestTarget returns the path and query of u (RFC 6455 3, RFC 9112 3.2.1).
func requestTarget(u *url.URL) (string, error) {
	if u.Opaque != "" {
		return "", &ArgumentError{"URL", "has no host and path"}
	}
	if u.Fragment != "" || u.RawFragment != "" {
		return "", &ArgumentError{"URL", "has a fragment"}
	}
	target := u.EscapedPath()
	if target == "" {
		target = "/"
	}
	if target[0] != '/' {
		return "", &ArgumentError{"URL path " + quote(target), `does not begin with "/"`}
	}
	if u.ForceQuery || u.RawQuery != "" {
		target += "?" + u.RawQuery
	}
	for i := range len(target) {
		if c := target[i]; c <= ' ' || c > '~' || c == '#' {
			return "", &ArgumentError{"URL path and query " + quote(target), "not visible ASCII, or with a fragment"}
		}
	}
	return target, nil
}

// hostField returns the Host of a request for u.
func hostField(u *url.URL) (string, error) {
	switch u.Scheme {
	case "ws", "wss", "http", "https":
	default:
		return "", &ArgumentError{"URL scheme " + quote(u.Scheme), "not ws, wss, http or https"}
	}
	host := u.Host
	// A zone means something on the caller's machine only (RFC 6874 4).
	if zone, end := strings.IndexByte(host, '%'), strings.IndexByte(host, ']'); zone >= 0 && zone < end {
		host = host[:zone] + host[end:]
	}
	a, ok := parseAuthority(host)
	if !ok {
		return "", &ArgumentError{"URL host " + quote(u.Host), "not an ASCII host name or IP address, with or without a port"}
	}
	if a.port == defaultPort(u.Scheme) {
		a.port = ""
	}
	return a.String(), nil
}
