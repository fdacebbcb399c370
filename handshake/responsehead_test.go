package handshake

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAResponseIsWrittenAsTheRFCHasIt(t *testing.T) {
	// Row 62, S7, RFC 6455 1.2 and 4.2.2.
	whole := Request{Key: sampleKey, Subprotocols: []string{"superchat", "chat"}, Extensions: []string{"a; b; c, d"}}
	params := func(yield func(string, string) bool) { _ = yield("b", "") && yield("e", "10") }
	for _, c := range []struct {
		name  string
		resp  Response
		req   Request
		extra http.Header
		want  string
	}{
		{"bare", Response{}, Request{Key: sampleKey}, nil,
			"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"},
		{"whole", Response{"chat", []Extension{NewExtension("a", params), NewExtension("d", nil)}}, whole, http.Header{"Set-Cookie": {"a=b", "c=d"}, "Server": {"parley"}},
			"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" +
				"Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Extensions: a; b; e=10, d\r\nServer: parley\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\n\r\n"},
		{"nothing chosen", Response{}, whole, nil,
			"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"},
	} {
		got, err := AppendResponse([]byte("before "), c.resp, c.req, c.extra)
		if err != nil || string(got) != "before "+c.want {
			t.Errorf("%s: %v\n%s", c.name, err, cmp.Diff("before "+c.want, string(got)))
		}
		h := http.Header{}
		for name, values := range c.extra {
			h[name] = values
		}
		if err := c.resp.SetHeader(h, c.req); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		r, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(got[len("before "):])), nil)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(r.Header, h); diff != "" {
			t.Errorf("%s: SetHeader: %s", c.name, diff)
		}
	}
}

func TestAServerChoosesFromWhatIsOffered(t *testing.T) {
	// RFC 6455 4.2.2 items 5.5 and 5.6.
	whole := Request{Key: sampleKey, Subprotocols: []string{"chat", "a b"}, Extensions: []string{"a"}}
	for _, c := range []struct {
		name  string
		resp  Response
		req   Request
		extra http.Header
	}{
		{"no key", Response{}, Request{}, nil},
		{"subprotocol that is not offered", Response{Subprotocol: "other"}, whole, nil},
		{"subprotocol in another case", Response{Subprotocol: "Chat"}, whole, nil},
		{"subprotocol, none offered", Response{Subprotocol: "chat"}, Request{Key: sampleKey}, nil},
		{"subprotocol that is no token", Response{Subprotocol: "a b"}, whole, nil},
		{"extension that is not offered", Response{Extensions: []Extension{{Name: "b"}}}, whole, nil},
		{"extension, none offered", Response{Extensions: []Extension{{Name: "a"}}}, Request{Key: sampleKey}, nil},
		{"extension that is no token", Response{Extensions: []Extension{{Name: "a, b"}}}, whole, nil},
		{"extension of an unparsable offer", Response{Extensions: []Extension{{Name: "a"}}}, Request{Key: sampleKey, Extensions: []string{"a;"}}, nil},
		{"field of the handshake", Response{}, whole, http.Header{"Sec-Websocket-Protocol": {"chat"}}},
		{"field of the framing", Response{}, whole, http.Header{"Content-Length": {"0"}}},
	} {
		head, err := AppendResponse(nil, c.resp, c.req, c.extra)
		var e *ArgumentError
		if !errors.As(err, &e) || head != nil {
			t.Errorf("%s: %q, %v", c.name, head, err)
		}
	}
}

func TestThroughARealServerAHandshakeEndsHTTP(t *testing.T) {
	// S3, S4, S7, row 66: the answer on the wire is what was appended and
	// nothing else, and what the client sent behind its request is kept,
	// wherever the network cuts it.
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		req, err := judge(r)
		if err != nil {
			Refuse(w, r, err)
			return
		}
		w.Header().Set("Set-Cookie", "a=b") // as middleware would
		head, err := AppendResponse(nil, Response{Subprotocol: "chat"}, req, w.Header())
		if err != nil {
			Refuse(w, r, err)
			return
		}
		nc, brw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer nc.Close()
		nc.SetDeadline(time.Now().Add(guard))
		frame := make([]byte, 8)
		nc.Write(head)
		io.ReadFull(brw, frame)
		nc.Write(frame)
	}))
	defer srv.Close()

	request := edit("\r\n\r\n", "\r\nContent-Length: 0\r\n\r\n")
	const frame = "\x81\x82\x00\x00\x00\x00hi"
	const want = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" +
		"Sec-WebSocket-Protocol: chat\r\nSet-Cookie: a=b\r\n\r\n" + frame
	for cut := range len(frame) + 1 {
		nc, err := net.Dial("tcp", srv.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		nc.SetDeadline(time.Now().Add(guard))
		io.WriteString(nc, request+frame[:cut])
		io.WriteString(nc, frame[cut:])
		got, err := io.ReadAll(nc)
		nc.Close()
		if err != nil || string(got) != want {
			t.Errorf("cut at %d: %v\n%s", cut, err, cmp.Diff(want, string(got)))
		}
	}
}
