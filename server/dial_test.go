package server_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/handshake"
	"github.com/parleyws/parley/server"
)

var bg = context.Background()

// guard is how long a test waits for what must come.
const guard = 30 * time.Second

func timeout(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(bg, guard)
	t.Cleanup(cancel)
	return ctx
}

// start serves h on loopback, behind an http.Server with the default settings,
// and returns its address.
func start(t testing.TB, h http.Handler) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	hs := &http.Server{Handler: h, ErrorLog: quiet}
	go hs.Serve(l)
	t.Cleanup(func() {
		if s, ok := h.(*server.Server); ok {
			s.Close()
		}
		hs.Close()
	})
	return l.Addr().String()
}

// dialTCP connects to addr.
func dialTCP(t testing.TB, addr string) net.Conn {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	nc.SetDeadline(time.Now().Add(guard))
	t.Cleanup(func() { nc.Close() })
	return nc
}

// dial opens a connection to addr, made of the parts.
func dial(t testing.TB, addr string, req handshake.Request, extra http.Header) (*conn.Conn, *http.Response, error) {
	t.Helper()
	nc := dialTCP(t, addr)
	req.Key = handshake.NewKey()
	head, err := handshake.AppendRequest(nil, &url.URL{Scheme: "ws", Host: addr, Path: "/"}, req, extra)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := nc.Write(head); err != nil {
		t.Fatal(err)
	}
	resp, early, err := handshake.ReadResponse(nc, nil)
	if err != nil {
		return nil, resp, err
	}
	answer, err := handshake.ParseResponse(resp, req)
	if err != nil {
		return nil, resp, err
	}
	setup := conn.Setup{Client: true, Subprotocol: answer.Subprotocol, Buffered: early}
	if len(answer.Extensions) > 0 {
		p, err := deflate.ParseResponse(answer.Extensions[0].Params())
		if err != nil {
			t.Fatal(err)
		}
		setup.Deflate = &p
	}
	nc.SetDeadline(time.Time{})
	c, err := conn.New(nc, setup, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.CloseNow() })
	return c, resp, nil
}

// mustDial is dial where nothing may go wrong.
func mustDial(t testing.TB, addr string) *conn.Conn {
	t.Helper()
	c, _, err := dial(t, addr, handshake.Request{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// exchange sends raw bytes and returns all that comes until the server closes.
func exchange(t testing.TB, addr, raw string) string {
	t.Helper()
	nc := dialTCP(t, addr)
	if _, err := io.WriteString(nc, raw); err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(nc)
	if err != nil {
		t.Errorf("the server did not close: %v", err)
	}
	return string(all)
}

// mustEcho sends a message and wants it back.
func mustEcho(t testing.TB, c *conn.Conn, text string) {
	t.Helper()
	if err := c.Write(timeout(t), conn.Text, []byte(text)); err != nil {
		t.Fatal(err)
	}
	m, err := c.Read(timeout(t))
	if err != nil || string(m.Data) != text {
		t.Fatalf("echo of %q is %q, %v", text, m.Data, err)
	}
}

// echo is a handler.
func echo(ctx context.Context, c *conn.Conn) {
	for m, err := range c.Messages(ctx) {
		if err != nil || c.Write(ctx, m.Type, m.Data) != nil {
			return
		}
	}
}
