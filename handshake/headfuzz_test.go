package handshake

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
	"testing"
)

// FuzzParseRequest is target FZ4: what this package's own parser lets pass,
// net/http lets pass too, and both understand the same; and where a stream is
// cut makes no difference. That its time is linear is TestGrowthIsLinear's part.
func FuzzParseRequest(f *testing.F) {
	for _, head := range someRequests() {
		f.Add([]byte(head), byte(len(head)))
	}
	f.Fuzz(func(t *testing.T, head []byte, piece byte) {
		var h, cut Head
		n, err := h.Parse(head)
		cutN, cutErr := parseInPieces(&cut, string(head), 1+int(piece))
		if n != cutN || fmt.Sprint(err) != fmt.Sprint(cutErr) {
			t.Fatalf("whole: %d, %v; in pieces of %d: %d, %v", n, err, 1+int(piece), cutN, cutErr)
		}
		if err != nil {
			var e *Error
			if !errors.Is(err, io.ErrUnexpectedEOF) && !errors.As(err, &e) {
				t.Fatalf("error %v", err)
			}
			return
		}
		if parsed(&h) != parsed(&cut) {
			t.Fatalf("whole:\n%s\nin pieces:\n%s", parsed(&h), parsed(&cut))
		}
		if diff := differsFromNetHTTP(&h, head, n); diff != "" {
			t.Fatalf("%q: %s", head, diff)
		}
	})
}

// someRequests are the requests of the tests, right and wrong.
func someRequests() []string {
	heads := []string{
		browser,
		edit("13\r\n", "13\r\nContent-Length: 0\r\nX: \t\xFF\r\n"),
		edit("keep-alive, Upgrade", "keep-alive\r\nConnection: UPGRADE"),
		edit("chat, superchat", "chat\r\nSec-WebSocket-Protocol: ,superchat,"),
		edit("example.com\r\nConn", "[::1]:80\r\nConn"),
		edit("\r\n\r\n", "\r\n\r\n\x81\x82\x00\x00\x00\x00hi"),
		edit("/chat", "/%2e?%zz|\"<>"),
		edit("HTTP/1.1", "HTTP/1.9"),
		edit("GET", "!#$%&'*+-.^_`|~"),
		strings.ReplaceAll(browser, ": ", ":"),
		strings.ToLower(browser[20:]),
		"GET / HTTP/1.1\r\n" + strings.Repeat("a: b\r\n", 101) + "\r\n",
		"GET / HTTP/1.1\r\nX: " + strings.Repeat("y", DefaultHeadLine) + "\r\n\r\n",
	}
	for _, tc := range syntax {
		heads = append(heads, tc.head+"Host: a\r\n\r\n")
	}
	for _, c := range refused {
		heads = append(heads, c.request)
	}
	for _, field := range []string{
		"Content-Length: 0\r\nContent-Length: 0", "Content-Length: 0, 0", "Content-Length: 00", "Content-Length: +0", "Content-Length: ",
		"Transfer-Encoding: ", "Transfer-Encoding: chunked, chunked", "Transfer-Encoding: identity", "Trailer: X", "Expect: 100-continue", "Pragma: no-cache",
		"Host: b", ":authority: a", "Connection: close", "Proxy-Connection: keep-alive",
	} {
		heads = append(heads, edit("Origin:", field+"\r\nOrigin:"))
	}
	for i, list := range lists {
		field := []string{"chat, superchat", "permessage-deflate; client_max_window_bits", "keep-alive, Upgrade"}[i%3]
		heads = append(heads, edit(field, list))
	}
	return heads
}

// differsFromNetHTTP says what net/http reads in another way of head, of which
// h took the first n bytes, if h accepts it. Where h refuses what net/http
// lets pass, the reasons are the same, but for bodies, where h is stricter.
func differsFromNetHTTP(h *Head, head []byte, n int) string {
	req, err := h.Request()
	br := bufio.NewReaderSize(bytes.NewReader(head), len(head))
	r, httpErr := http.ReadRequest(br)
	if err != nil {
		if httpErr == nil {
			_, httpErr = ParseRequest(r)
			stricter := strings.HasSuffix(err.Error(), "has no body, status 400 (RFC 6455 4.2.1)")
			if !stricter && (httpErr == nil || httpErr.Error() != err.Error()) {
				return fmt.Sprintf("%v, behind net/http %v", err, httpErr)
			}
		}
		return ""
	}
	if httpErr != nil {
		return fmt.Sprintf("net/http refuses it: %v", httpErr)
	}
	if got := len(head) - br.Buffered(); n != got {
		return fmt.Sprintf("%d bytes of head, to net/http %d", n, got)
	}
	httpReq, err := ParseRequest(r)
	own, ownErr := h.HTTPRequest()
	switch {
	case err != nil:
		return fmt.Sprintf("behind net/http it is refused: %v", err)
	case req.Key != httpReq.Key || !slices.Equal(req.Subprotocols, httpReq.Subprotocols) || !slices.Equal(req.Extensions, httpReq.Extensions):
		return fmt.Sprintf("%+v, behind net/http %+v", req, httpReq)
	case h.Method() != r.Method || h.Target() != r.RequestURI || h.Host() != r.Host:
		return fmt.Sprintf("%s %s of %s, to net/http %s %s of %s", h.Method(), h.Target(), h.Host(), r.Method, r.RequestURI, r.Host)
	case fmt.Sprint(h.SameOrigin(false)) != fmt.Sprint(SameOrigin(r)):
		return fmt.Sprintf("origin: %v, behind net/http %v", h.SameOrigin(false), SameOrigin(r))
	case ownErr != nil || own.Body != http.NoBody || own.RequestURI != r.RequestURI || fmt.Sprint(own.Header) != fmt.Sprint(r.Header):
		return fmt.Sprintf("HTTPRequest: %v, %v", own, ownErr)
	}
	fields := http.Header{}
	for name, value := range h.All() {
		if kindOf(name) != fieldHost { // net/http puts it elsewhere
			name = textproto.CanonicalMIMEHeaderKey(name)
			fields[name] = append(fields[name], value)
		}
	}
	if pragma := fields["Pragma"]; len(pragma) > 0 && pragma[0] == "no-cache" && fields["Cache-Control"] == nil {
		fields["Cache-Control"] = []string{"no-cache"} // net/http adds what this one means
	}
	if fmt.Sprint(fields) != fmt.Sprint(r.Header) {
		return fmt.Sprintf("fields %v, to net/http %v", fields, r.Header)
	}
	return ""
}

func TestAHeadWithAnyOneByteChangedIsReadAsNetHTTPReadsIt(t *testing.T) {
	for _, head := range []string{browser, edit("Origin:", "Content-Length: 0\r\nOrigin:")} {
		b := []byte(head)
		for i, was := range b {
			for c := range 256 {
				b[i] = byte(c)
				var h Head
				n, err := h.Parse(b)
				if err != nil {
					continue
				}
				if diff := differsFromNetHTTP(&h, b, n); diff != "" {
					t.Errorf("%q for %q at %d: %s", c, was, i, diff)
				}
			}
			b[i] = was
		}
	}
}
