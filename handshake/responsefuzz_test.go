package handshake

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzParseResponse is target FZ5: what a client lets pass, net/http lets pass
// too, and both understand the same; and where a stream is cut makes no
// difference. That its time is linear is TestGrowthIsLinear's part.
func FuzzParseResponse(f *testing.F) {
	const hints = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
	for _, stream := range []string{
		agreed, agreed + "\x81\x02hi", hints + agreed, strings.Repeat(hints, 5) + agreed, strings.Repeat(hints, 6) + agreed,
		strings.ReplaceAll(agreed, "\r\n", "\n") + "\r\n\n", strings.ToLower(agreed), "",
		"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nnobehind",
		"HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n",
		"HTTP/1.1 302 Found\r\nLocation: http://evil\r\n\r\n" + strings.Repeat("x", 2000),
		"HTTP/1.1 204 No Content\r\n\r\nno", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
		"HTTP/1.1 103 X\r\n\r\r\nHTTP/1.1 101 X\r\n\r\n", "HTTP/1.1 101 X\r\n \r\n\r\n", "HTTP/1.1 101 X\r\nA: b\r\n folded\r\n\r\n", "\r\n" + agreed,
		"HTTP/1.1 1101 X\r\n\r\n", "HTTP/1.1 +101 X\r\n\r\n", "HTTP/1.1  101 X\r\n\r\n", "HTTP/1.1 101\r\n\r\n", "HTTP/1.0 101 X\r\n\r\n", "HTTP/2.0 200 OK\r\n\r\n", "HTTP/1.1 100 X\r\n\r\n",
	} {
		f.Add(stream, byte(len(stream)))
	}
	for _, line := range []string{
		"Upgrade: h2c", "Connection: close", "Connection: close, upgrade", "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "Sec-WebSocket-Accept: x",
		"Sec-WebSocket-Protocol: superchat", "Sec-WebSocket-Extensions: a; c=\"1\"", "Content-Length: 3", "Content-Length: 3\r\nContent-Length: 4", "Transfer-Encoding: chunked", "A : b", "A\x00: b", "A: \x00", ": b", "Pragma: no-cache",
	} {
		f.Add(strings.Replace(agreed, "Upgrade:", line+"\r\nUpgrade:", 1), byte(1))
		f.Add(strings.Replace(agreed, "\r\n\r\n", "\r\n"+line+"\r\n\r\n", 1), byte(2))
	}
	for i, list := range lists {
		f.Add(strings.Replace(agreed, []string{"a; b=1", "chat", "websocket"}[i%3], list, 1), byte(i))
	}
	f.Fuzz(func(t *testing.T, stream string, piece byte) {
		whole := read(strings.NewReader(stream))
		if diff := cmp.Diff(whole, read(&inPieces{stream, 1 + int(piece)})); diff != "" {
			t.Fatalf("%q in pieces of %d: %s", stream, 1+int(piece), diff)
		}
		if whole.Error != "" {
			if !strings.HasPrefix(whole.Error, "websocket: ") {
				t.Fatalf("%q: %s", stream, whole.Error)
			}
			return
		}
		br := bufio.NewReader(strings.NewReader(stream))
		var r *http.Response
		for range maxInterim + 1 {
			var err error
			if r, err = http.ReadResponse(br, nil); err != nil {
				t.Fatalf("%q: net/http refuses it: %v", stream, err)
			}
			if r.StatusCode > 199 || r.StatusCode == 101 {
				break
			}
		}
		if whole.Status != r.StatusCode || !cmp.Equal(whole.Header, r.Header) {
			t.Fatalf("%q: %d %q, to net/http %d %q", stream, whole.Status, whole.Header, r.StatusCode, r.Header)
		}
		if r.StatusCode == 101 {
			if rest, err := io.ReadAll(br); err != nil || string(rest) != whole.Rest {
				t.Fatalf("%q: rest %q, to net/http %q, %v", stream, whole.Rest, rest, err)
			}
		} else if body, _ := io.ReadAll(io.LimitReader(r.Body, maxBody)); string(body) != whole.Body {
			t.Fatalf("%q: body %q, to net/http %q", stream, whole.Body, body)
		}

		resp, err := ParseResponse(r, asking)
		if err != nil {
			return
		}
		h := r.Header // what RFC 6455 4.1 wants, in other words
		list := func(name string) string { return strings.Join(h[name], ",") }
		offered := func(e Extension) bool { return slices.Contains([]string{"a", "c", "d"}, e.Name) }
		switch {
		case r.ProtoMajor != 1 || r.ProtoMinor == 0:
			t.Fatalf("%q: %s on a stream of HTTP/1.1", stream, r.Proto)
		case r.StatusCode != 101, !websocketRegexp.MatchString(list("Upgrade")), !hasToken(h["Connection"], "upgrade"), list("Sec-Websocket-Accept") != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=":
			t.Fatalf("%q is no agreement", stream)
		case list("Sec-Websocket-Protocol") != resp.Subprotocol, !slices.Contains([]string{"", "chat", "superchat"}, resp.Subprotocol):
			t.Fatalf("%q: subprotocol %q", stream, resp.Subprotocol)
		case h["Sec-Websocket-Extensions"] != nil && !extensionsRegex.MatchString(list("Sec-Websocket-Extensions")):
			t.Fatalf("%q: extensions %s", stream, printAll(resp.Extensions))
		case slices.ContainsFunc(resp.Extensions, func(e Extension) bool { return !offered(e) }):
			t.Fatalf("%q: extensions %s were not offered", stream, printAll(resp.Extensions))
		}
	})
}

func TestAnAnswerInAnotherHTTPIsNone(t *testing.T) {
	// Over HTTP/2 a plain 200 agrees. Over a stream of HTTP/1.1 nothing may do
	// without the proof that the server means WebSocket (RFC 6455 1.3).
	for _, c := range []struct{ stream, reason string }{
		{"HTTP/2.0 200 OK\r\n\r\n", "unexpected status"},
		{"HTTP/3.0 200 OK\r\n\r\n", "unexpected status"},
		{"HTTP/0.9 200 OK\r\n\r\n", "unexpected status"},
		{"HTTP/2.0 103 X\r\n\r\nHTTP/2.0 200 OK\r\n\r\n", "unexpected status"},
		{strings.Replace(agreed, "HTTP/1.1", "HTTP/2.0", 1), "HTTP version of the response is not 1.1"},
		{strings.Replace(agreed, "HTTP/1.1", "HTTP/2.1", 1), "HTTP version of the response is not 1.1"},
		{strings.Replace(agreed, "HTTP/1.1", "HTTP/1.0", 1), "HTTP version of the response is not 1.1"},
		{strings.Replace(agreed, "HTTP/1.1", "HTTP/0.9", 1), "HTTP version of the response is not 1.1"},
	} {
		r, _, err := ReadResponse(strings.NewReader(c.stream), nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := ParseResponse(r, asking)
		var e *Error
		if !errors.As(err, &e) || e.Reason != c.reason || e.Status != r.StatusCode {
			t.Errorf("%q: %+v, %v", c.stream, resp, err)
		}
	}
}
