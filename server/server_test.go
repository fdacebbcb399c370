package server_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/frame"
	"github.com/parleyws/parley/handshake"
	"github.com/parleyws/parley/server"
)

var quiet = log.New(io.Discard, "", 0)

func TestTheZeroValueKeepsTheProtocolAndDiscardsMessages(t *testing.T) {
	c := mustDial(t, start(t, &server.Server{}))
	if err := c.Write(bg, conn.Text, []byte("into the void")); err != nil {
		t.Fatal(err)
	}
	go c.Read(bg)
	if _, err := c.Ping(timeout(t)); err != nil {
		t.Errorf("Ping: %v", err)
	}
	if err := c.Close(timeout(t), frame.NormalClosure, ""); err != nil {
		t.Errorf("Close: %v", err)
	}
}

// Rows 1, 2 and 8: listening by itself.
func TestListenAndServeRow2(t *testing.T) {
	for _, addr := range []string{"127.0.0.1:0", "unix:" + filepath.Join(t.TempDir(), "socket")} {
		listening := make(chan net.Addr, 1)
		s := &server.Server{
			Addr:        addr,
			Handler:     echo,
			OnListening: func(a net.Addr) { listening <- a },
		}
		ended := make(chan error, 1)
		go func() { ended <- s.ListenAndServe() }()
		a := <-listening
		nc, err := net.Dial(a.Network(), a.String())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(nc, "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n", handshake.NewKey())
		resp, _, err := handshake.ReadResponse(nc, nil)
		if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
			t.Fatalf("%s: %v, %v", addr, resp, err)
		}
		nc.Close()
		if err := s.Shutdown(timeout(t)); err != nil {
			t.Error(err)
		}
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("ListenAndServe: %v", err)
		}
		if err := s.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("ListenAndServe after Shutdown: %v", err)
		}
	}
}

// Row 28.
func TestAFailedBindIsReturnedRow28(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s := &server.Server{Addr: l.Addr().String()}
	if err := s.ListenAndServe(); err == nil {
		t.Error("no error")
	}
}

func TestWrongOriginsAreReportedBeforeListening(t *testing.T) {
	s := &server.Server{Addr: "127.0.0.1:0", Options: server.Options{Origins: []string{"*"}}}
	var wrong *handshake.ArgumentError
	if err := s.ListenAndServe(); !errors.As(err, &wrong) {
		t.Errorf("got %v", err)
	}
}

// Rows 6 and 7: on an existing mux, beside other handlers, and by hand.
func TestMountAndAcceptByHandRows6And7(t *testing.T) {
	s := &server.Server{Handler: echo}
	t.Cleanup(func() { s.Close() })
	mux := http.NewServeMux()
	mux.Handle("/", s)
	mux.HandleFunc("GET /page", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "a page") })
	byHand := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/page" {
			mux.ServeHTTP(w, r)
			return
		}
		c, err := s.Accept(w, r)
		if err != nil {
			return
		}
		go echo(bg, c) // the connection outlives the HTTP handler
	})
	packaged := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := server.Accept(w, r, nil); err == nil {
			go echo(bg, c)
		}
	})
	for name, h := range map[string]http.Handler{
		"mux": mux, "Server.Accept": byHand, "Accept": packaged, "Handler": server.Handler(nil, echo),
	} {
		t.Run(name, func(t *testing.T) {
			addr := start(t, h)
			c := mustDial(t, addr)
			mustEcho(t, c, "hello")
			if h == http.Handler(mux) {
				resp, err := http.Get("http://" + addr + "/page")
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				if body, _ := io.ReadAll(resp.Body); string(body) != "a page" {
					t.Errorf("the page is %q", body)
				}
			}
		})
	}
}

// The greeting and the answer to early bytes come behind the 101, in order.
func TestBytesBehindTheRequestAreKeptRow66S4(t *testing.T) {
	addr := start(t, &server.Server{Handler: echo})
	request := "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\n\r\n"
	frames := string(frame.AppendFrame(nil, frame.Header{Fin: true, Opcode: frame.Text, Masked: true}, []byte("early")))
	frames += string(frame.AppendFrame(nil, frame.Header{Fin: true, Opcode: frame.Close, Masked: true}, nil))
	want := "\x81\x05early\x88\x00"
	for cut := 0; cut <= len(frames); cut++ {
		nc := dialTCP(t, addr)
		io.WriteString(nc, request+frames[:cut])
		resp, early, err := handshake.ReadResponse(nc, nil)
		if err != nil || resp.StatusCode != 101 {
			t.Fatalf("cut at %d: %v, %v", cut, resp, err)
		}
		io.WriteString(nc, frames[cut:])
		rest, err := io.ReadAll(nc)
		if got := string(early) + string(rest); got != want || err != nil {
			t.Fatalf("cut at %d: got %q, %v", cut, got, err)
		}
		nc.Close()
	}
}

// Rows 62 and 63, test S7.
func TestTheResponseHasEachFieldOnceAndThoseOfTheCallerS7(t *testing.T) {
	s := &server.Server{Handler: echo, Options: server.Options{Subprotocols: []string{"b", "a"}}}
	t.Cleanup(func() { s.Close() })
	addr := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Set-Cookie", "a=1")
		w.Header().Add("Set-Cookie", "b=2")
		s.ServeHTTP(w, r)
	}))
	c, resp, err := dial(t, addr, handshake.Request{Subprotocols: []string{"a", "b", "c"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Subprotocol() != "b" { // the server's preference, not the client's
		t.Errorf("subprotocol is %q", c.Subprotocol())
	}
	for name, n := range map[string]int{
		"Upgrade": 1, "Connection": 1, "Sec-Websocket-Accept": 1, "Sec-Websocket-Protocol": 1,
		"Sec-Websocket-Extensions": 0, "Content-Length": 0, "Transfer-Encoding": 0, "Set-Cookie": 2,
	} {
		if got := resp.Header[name]; len(got) != n {
			t.Errorf("%s: %q, want %d", name, got, n)
		}
	}
}

func TestAHeaderThatMustNotBeSentIs500AndNothingIsUpgraded(t *testing.T) {
	s := &server.Server{}
	addr := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["X-Evil"] = []string{"a\r\nSet-Cookie: b"}
		s.ServeHTTP(w, r)
	}))
	_, resp, err := dial(t, addr, handshake.Request{}, nil)
	if err == nil || resp.StatusCode != http.StatusInternalServerError || resp.Header["Set-Cookie"] != nil {
		t.Errorf("got %v, %v", resp, err)
	}
}

// Rows 24 and G13 at the server's door; the rules themselves are handshake's.
func TestOriginsG13(t *testing.T) {
	for _, tc := range []struct {
		opts   server.Options
		origin string // "HOST" is the server's own
		ok     bool
	}{
		{server.Options{}, "", true},
		{server.Options{}, "http://HOST", true},
		{server.Options{}, "https://HOST", false},
		{server.Options{}, "http://evil.example", false},
		{server.Options{}, "null", false},
		{server.Options{Origins: []string{"https://*.example.com"}}, "https://a.example.com", true},
		{server.Options{Origins: []string{"https://*.example.com"}}, "http://HOST", true},
		{server.Options{Origins: []string{"https://*.example.com"}}, "https://evilexample.com", false},
		{server.Options{InsecureSkipOriginCheck: true}, "http://evil.example", true},
	} {
		addr := start(t, &server.Server{Options: tc.opts, Handler: echo})
		h := http.Header{}
		if tc.origin != "" {
			h.Set("Origin", strings.Replace(tc.origin, "HOST", addr, 1))
		}
		_, resp, err := dial(t, addr, handshake.Request{}, h)
		if tc.ok != (err == nil) {
			t.Errorf("%+v: origin %q: %v", tc.opts, tc.origin, err)
		}
		if !tc.ok && resp.StatusCode != http.StatusForbidden {
			t.Errorf("%+v: origin %q: %s", tc.opts, tc.origin, resp.Status)
		}
	}
}

// Row 61, and the life cycle.
func TestShutdownSays1001AndWaitsForHandlersRow61(t *testing.T) {
	var running atomic.Int32
	s := &server.Server{Handler: func(ctx context.Context, c *conn.Conn) {
		running.Add(1)
		defer running.Add(-1)
		echo(ctx, c)
	}}
	addr := start(t, s)
	clients := []*conn.Conn{mustDial(t, addr), mustDial(t, addr), mustDial(t, addr)}
	for _, c := range clients {
		mustEcho(t, c, "hello")
	}
	if n := len(slices.Collect(s.Clients())); n != len(clients) {
		t.Errorf("%d clients", n)
	}
	type end struct{ served, err error }
	ends := make(chan end, len(clients))
	for _, c := range clients {
		go func() { ends <- end{c.Serve(bg, conn.Handler{}), c.Err()} }()
	}
	if err := s.Shutdown(timeout(t)); err != nil {
		t.Error(err)
	}
	if n := running.Load(); n != 0 {
		t.Errorf("%d handlers left", n)
	}
	for range clients {
		got := <-ends
		var closed *conn.CloseError
		if got.served != nil || !errors.As(got.err, &closed) || closed.Code != frame.GoingAway {
			t.Errorf("client: served %v, ended by %v", got.served, got.err)
		}
	}
	if n := len(slices.Collect(s.Clients())); n != 0 {
		t.Errorf("%d clients left", n)
	}
	_, resp, err := dial(t, addr, handshake.Request{}, nil)
	if err == nil || resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
		t.Errorf("after Shutdown: %v, %v", resp, err)
	}
	if err := s.Shutdown(timeout(t)); err != nil {
		t.Errorf("second Shutdown: %v", err)
	}
}

func TestShutdownCutsWhoDoesNotLeave(t *testing.T) {
	s := &server.Server{Handler: echo}
	addr := start(t, s)
	c := mustDial(t, addr) // never reads again, so never answers the close frame
	mustEcho(t, c, "hello")
	ctx, cancel := context.WithTimeout(bg, 50*time.Millisecond)
	defer cancel()
	err := s.Shutdown(ctx)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "cut 1 conn") {
		t.Errorf("Shutdown: %v", err)
	}
	for c := range s.Clients() {
		t.Errorf("left: %v", c.RemoteAddr())
	}
}

func TestAPanicInAHandlerEndsItsConnectionAlone(t *testing.T) {
	addr := start(t, &server.Server{Handler: func(ctx context.Context, c *conn.Conn) {
		for m := range c.Messages(ctx) {
			if string(m.Data) == "panic" {
				panic(http.ErrAbortHandler)
			}
			c.Write(ctx, m.Type, m.Data)
		}
	}})
	victim, other := mustDial(t, addr), mustDial(t, addr)
	mustEcho(t, victim, "fine")
	victim.Write(bg, conn.Text, []byte("panic"))
	if _, err := victim.Read(timeout(t)); err == nil {
		t.Error("the connection is still there")
	}
	mustEcho(t, other, "still fine")
}

func TestHandleGivesEachConnectionItsOwnState(t *testing.T) {
	type session struct{ n int }
	closed := make(chan int, 2)
	s := &server.Server{}
	server.Handle(s, server.Hooks[*session]{
		OnOpen: func(c *conn.Conn) *session { return &session{} },
		OnMessage: func(s *session, c *conn.Conn, m conn.Message) {
			s.n++
			c.Write(bg, conn.Text, fmt.Append(nil, s.n))
		},
		OnClose: func(s *session, c *conn.Conn, err error) { closed <- s.n },
	})
	addr := start(t, s)
	for _, n := range []int{3, 5} {
		c := mustDial(t, addr)
		for i := range n {
			c.Write(bg, conn.Text, nil)
			if m, err := c.Read(timeout(t)); err != nil || string(m.Data) != fmt.Sprint(i+1) {
				t.Fatalf("message %d: %q, %v", i, m.Data, err)
			}
		}
		c.Close(timeout(t), frame.NormalClosure, "")
		if got := <-closed; got != n {
			t.Errorf("session counted %d of %d", got, n)
		}
	}
}

// Deadlines of the HTTP server mean its requests, not our connections (row 67).
func TestTheDeadlinesOfTheHTTPServerAreClearedRow67(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	const limit = 500 * time.Millisecond
	waited := make(chan struct{})
	s := &server.Server{Handler: func(ctx context.Context, c *conn.Conn) {
		c.Read(ctx)
		<-waited
		echo(ctx, c)
	}}
	hs := &http.Server{Handler: s, ReadTimeout: limit, WriteTimeout: limit}
	go hs.Serve(l)
	t.Cleanup(func() { hs.Close(); s.Close() })
	c := mustDial(t, l.Addr().String())
	c.Write(bg, conn.Text, []byte("wake up"))
	time.AfterFunc(3*limit, func() { close(waited) })
	mustEcho(t, c, "late")
}

// wrapped hides what a ResponseWriter can do; unwrappable tells.
type wrapped struct{ w http.ResponseWriter }

func (x wrapped) Header() http.Header         { return x.w.Header() }
func (x wrapped) Write(p []byte) (int, error) { return x.w.Write(p) }
func (x wrapped) WriteHeader(status int)      { x.w.WriteHeader(status) }

type unwrappable struct{ wrapped }

func (x unwrappable) Unwrap() http.ResponseWriter { return x.w }

// Rows G11 and G12.
func TestHijackThroughWrappersG11G12(t *testing.T) {
	s := &server.Server{Handler: echo}
	t.Cleanup(func() { s.Close() })
	addr := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.ServeHTTP(unwrappable{wrapped{unwrappable{wrapped{w}}}}, r)
	}))
	mustEcho(t, mustDial(t, addr), "through")

	addr = start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.ServeHTTP(wrapped{w}, r)
	}))
	_, resp, err := dial(t, addr, handshake.Request{}, nil)
	if err == nil || resp.StatusCode != http.StatusNotImplemented {
		t.Fatalf("got %v, %v", resp, err)
	}
	if body, _ := io.ReadAll(resp.Body); !strings.Contains(string(body), "server_test.wrapped") {
		t.Errorf("the body does not name the wrapper: %q", body)
	}
}
