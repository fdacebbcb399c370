package client_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/handshake"
)

var bg = context.Background()

// guard is how long a test waits for what must come.
const guard = 30 * time.Second

func timeout(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(bg, guard)
	t.Cleanup(cancel)
	return ctx
}

// echoHandler is a server made of the parts: it takes the first subprotocol and
// the first offer of compression, and sends back what it gets.
func echoHandler(w http.ResponseWriter, r *http.Request) {
	req, err := handshake.ParseRequest(r)
	if err != nil {
		handshake.Refuse(w, r, err)
		return
	}
	var resp handshake.Response
	var setup conn.Setup
	if len(req.Subprotocols) > 0 {
		resp.Subprotocol = req.Subprotocols[0]
	}
	if offers, err := handshake.ParseExtensions(req.Extensions); err == nil && len(offers) > 0 {
		if offer, err := deflate.ParseOffer(offers[0].Params()); err == nil {
			agreed, _ := offer.Accept(deflate.Params{})
			resp.Extensions = []handshake.Extension{handshake.NewExtension(deflate.Name, agreed.All())}
			setup.Deflate = &agreed
		}
	}
	extra := http.Header{"X-Saw-Authorization": r.Header["Authorization"], "X-Saw-Path": {r.RequestURI}}
	head, err := handshake.AppendResponse(nil, resp, req, extra)
	if err != nil {
		handshake.Refuse(w, r, err)
		return
	}
	nc, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	nc.Write(head)
	c, err := conn.New(nc, setup, nil)
	if err != nil {
		nc.Close()
		return
	}
	for m, err := range c.Messages(bg) {
		if err != nil || c.Write(bg, m.Type, m.Data) != nil {
			return
		}
	}
}

func startEcho(t testing.TB) (wsURL string) {
	t.Helper()
	hs := httptest.NewServer(http.HandlerFunc(echoHandler))
	t.Cleanup(hs.Close)
	return "ws" + strings.TrimPrefix(hs.URL, "http")
}

// startRaw runs a server that reads a request head and then does as it likes.
func startRaw(t testing.TB, answer func(nc net.Conn, key string)) (wsURL string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer nc.Close()
				var head strings.Builder
				for b := make([]byte, 1); !strings.HasSuffix(head.String(), "\r\n\r\n"); {
					if _, err := io.ReadFull(nc, b); err != nil {
						return
					}
					head.Write(b)
				}
				_, key, _ := strings.Cut(head.String(), "Sec-WebSocket-Key: ")
				key, _, _ = strings.Cut(key, "\r\n")
				answer(nc, key)
			}()
		}
	}()
	return "ws://" + l.Addr().String()
}
