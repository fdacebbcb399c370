package handshake

import (
	"bufio"
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
// cut makes no difference.
func FuzzParseRequest(f *testing.F) {
	f.Add([]byte(browser), byte(7))
	for _, tc := range syntax {
		f.Add([]byte(tc.head+"Host: a\r\n\r\n"), byte(1))
	}
	f.Add([]byte(edit("13\r\n", "13\r\nContent-Length: 0\r\nX: \t\xFF\r\n")), byte(30))
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
		req, err := h.Request()
		if err != nil {
			return
		}
		br := bufio.NewReader(strings.NewReader(string(head)))
		r, httpErr := http.ReadRequest(br)
		if httpErr != nil {
			t.Fatalf("net/http refuses it: %v", httpErr)
		}
		if got := len(head) - br.Buffered(); n != got {
			t.Fatalf("%d bytes of head, to net/http %d", n, got)
		}
		httpReq, err := ParseRequest(r)
		switch {
		case err != nil:
			t.Fatalf("behind net/http it is refused: %v", err)
		case req.Key != httpReq.Key || !slices.Equal(req.Subprotocols, httpReq.Subprotocols) || !slices.Equal(req.Extensions, httpReq.Extensions):
			t.Fatalf("%+v, behind net/http %+v", req, httpReq)
		case h.Method() != r.Method || h.Target() != r.RequestURI || h.Host() != r.Host:
			t.Fatalf("%s %s of %s, to net/http %s %s of %s", h.Method(), h.Target(), h.Host(), r.Method, r.RequestURI, r.Host)
		case fmt.Sprint(h.SameOrigin(false)) != fmt.Sprint(SameOrigin(r)):
			t.Fatalf("origin: %v, behind net/http %v", h.SameOrigin(false), SameOrigin(r))
		}
		fields := http.Header{}
		for name, value := range h.All() {
			if kindOf(name) != fieldHost { // net/http puts it elsewhere
				name = textproto.CanonicalMIMEHeaderKey(name)
				fields[name] = append(fields[name], value)
			}
		}
		if fmt.Sprint(fields) != fmt.Sprint(r.Header) {
			t.Fatalf("fields %v, to net/http %v", fields, r.Header)
		}
	})
}
