package fuzz_test

import (
	"bufio"
	"bytes"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/handshake"
)

// FuzzHandshakeHead: a request that a server accepts can be answered, and the
// client that sent it understands the answer (RFC 6455 4.1 and 4.2). What it
// refuses, it refuses with a status.
func FuzzHandshakeHead(f *testing.F) {
	for _, head := range []string{
		// RFC 6455 1.2.
		"GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
			"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: http://example.com\r\n" +
			"Sec-WebSocket-Protocol: chat, superchat\r\nSec-WebSocket-Version: 13\r\n\r\n",
		// As browsers send it.
		"GET /echo HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nConnection: keep-alive, Upgrade\r\nPragma: no-cache\r\n" +
			"Cache-Control: no-cache\r\nUpgrade: websocket\r\nOrigin: http://127.0.0.1:8080\r\nSec-WebSocket-Version: 13\r\n" +
			"Sec-WebSocket-Key: 4Xg6k4VbSkd4J0Jg6Jm0Ww==\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n",
		// Lists in several lines, quoted values, and frames behind the head.
		"GET / HTTP/1.1\r\nHost: [::1]\r\nUpgrade: h2c\r\nUpgrade: WebSocket\r\nConnection: a\r\nConnection: ,upgrade\r\n" +
			"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: a,,b\r\n" +
			"Sec-WebSocket-Protocol: c\r\nSec-WebSocket-Extensions: x; y=\"z\" ;w, permessage-deflate; unknown\r\n" +
			"Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10\r\nContent-Length: 0\r\n\r\n\x81\x80\x00\x00\x00\x00",
		// Refused: 405, 426, 426, 400, 400, 400.
		"POST / HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 8\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: short\r\nSec-WebSocket-Version: 13\r\n\r\n",
		"GET / HTTP/1.0\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: a, a\r\n\r\n",
	} {
		f.Add([]byte(head), uint8(len(head)))
	}
	f.Fuzz(func(t *testing.T, head []byte, choice uint8) {
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(head)))
		if err != nil {
			return
		}
		req, err := handshake.ParseRequest(r)
		if err != nil {
			checkRefusal(t, err)
			return
		}
		if handshake.IsExtendedConnect(r) {
			return // which has no head of its own to answer
		}
		resp := respond(req, int(choice))
		answer, err := handshake.AppendResponse(nil, resp, req, nil)
		if err != nil {
			t.Fatalf("%q cannot be answered: %v", head, err)
		}
		checkUnderstood(t, answer, req, resp)
		checkSentAgain(t, req)
	})
}

// checkRefusal fails t unless err is one that a client can be refused with.
func checkRefusal(t *testing.T, err error) {
	t.Helper()
	var refusal *handshake.Error
	if !errors.As(err, &refusal) || refusal.Status < 400 || refusal.Status > 599 || refusal.Reason == "" {
		t.Fatalf("%#v is no refusal", err)
	}
	head := handshake.AppendRefusal(nil, err)
	resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(head)), nil)
	if err != nil || resp.StatusCode != refusal.Status || !resp.Close {
		t.Fatalf("%q does not refuse with %d: %v", head, refusal.Status, err)
	}
	resp.Body.Close()
}

// respond chooses one of the subprotocols or none, and either the first offer of
// permessage-deflate that can be met or all that is offered, as it stands.
func respond(req handshake.Request, choice int) (resp handshake.Response) {
	if i := choice % (len(req.Subprotocols) + 1); i > 0 {
		resp.Subprotocol = req.Subprotocols[i-1]
	}
	exts, err := handshake.ParseExtensions(req.Extensions)
	if err != nil {
		return resp
	}
	if choice >= 128 {
		resp.Extensions = exts
		return resp
	}
	for _, ext := range exts {
		offer, err := deflate.ParseOffer(ext.Params())
		if ext.Name != deflate.Name || err != nil {
			continue
		}
		if agreed, ok := offer.Accept(deflate.Params{ServerMaxWindowBits: 12}); ok {
			resp.Extensions = []handshake.Extension{handshake.NewExtension(deflate.Name, agreed.All())}
			return resp
		}
	}
	return resp
}

// checkUnderstood fails t unless a client reads answer as resp, and keeps the
// frames behind it.
func checkUnderstood(t *testing.T, answer []byte, req handshake.Request, resp handshake.Response) {
	t.Helper()
	const frames = "\x81\x02hi"
	r, rest, err := handshake.ReadResponse(bytes.NewReader(append(bytes.Clone(answer), frames...)), nil)
	if err != nil || string(rest) != frames {
		t.Fatalf("%q cannot be read: %v; rest %q", answer, err, rest)
	}
	got, err := handshake.ParseResponse(r, req)
	if err != nil {
		t.Fatalf("%q is refused: %v", answer, err)
	}
	if got.Subprotocol != resp.Subprotocol || !slices.Equal(texts(got.Extensions), texts(resp.Extensions)) {
		t.Fatalf("%q says %+v, but must say %+v", answer, got, resp)
	}
}

// checkSentAgain fails t unless what was asked for, if our client can ask for it
// too, is the same for the server. ParseRequest does not judge extensions; a
// client does.
func checkSentAgain(t *testing.T, req handshake.Request) {
	t.Helper()
	u := &url.URL{Scheme: "ws", Host: "example.com", Path: "/"}
	head, err := handshake.AppendRequest(nil, u, req, nil)
	if err != nil {
		if _, bad := handshake.ParseExtensions(req.Extensions); bad == nil {
			t.Fatalf("%+v is accepted, but cannot be sent: %v", req, err)
		}
		return
	}
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(head)))
	if err != nil {
		t.Fatalf("%q: %v", head, err)
	}
	again, err := handshake.ParseRequest(r)
	if err != nil || again.Key != req.Key || !slices.Equal(again.Subprotocols, req.Subprotocols) ||
		!slices.Equal(extensions(again), extensions(req)) {
		t.Fatalf("%q is read as %+v, %v, but was %+v", head, again, err, req)
	}
}

// extensions returns what req offers, each in its plainest form, or nothing if
// it is not well-formed.
func extensions(req handshake.Request) []string {
	list, _ := handshake.ParseExtensions(req.Extensions)
	return texts(list)
}

func texts(list []handshake.Extension) (texts []string) {
	for _, e := range list {
		texts = append(texts, e.String())
	}
	return texts
}
