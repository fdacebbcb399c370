package server_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/frame"
	"github.com/parleyws/parley/server"
)

// The event style leaves net/http's goroutine; the other one stays in it.
func TestAnHTTPHandlerReturnsWhileEventsAreServed(t *testing.T) {
	s := &server.Server{}
	opened := make(chan *conn.Conn, 1)
	server.Handle(s, server.Hooks[int]{
		OnOpen:    func(c *conn.Conn) int { opened <- c; return 7 },
		OnMessage: func(n int, c *conn.Conn, m conn.Message) { c.Write(bg, m.Type, m.Data[:n]) },
	})
	returned := make(chan struct{})
	addr := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.ServeHTTP(w, r)
		close(returned)
	}))
	defer s.Close()
	c := mustDial(t, addr)
	<-opened
	<-returned
	if err := c.Write(bg, conn.Text, []byte("to the seventh byte")); err != nil {
		t.Fatal(err)
	}
	if m, err := c.Read(bg); err != nil || string(m.Data) != "to the " {
		t.Errorf("%q, %v", m.Data, err)
	}
}

// A panic costs the connection that it came from.
func TestAHookThatPanicsClosesItsConnectionWith1011(t *testing.T) {
	s := &server.Server{}
	server.Handle(s, server.Hooks[int]{
		OnMessage: func(_ int, c *conn.Conn, m conn.Message) {
			if string(m.Data) == "panic" {
				panic(http.ErrAbortHandler) // which is not logged
			}
			c.Write(bg, m.Type, m.Data)
		},
	})
	addr := start(t, s)
	bad, good := mustDial(t, addr), mustDial(t, addr)
	bad.Write(bg, conn.Text, []byte("panic"))
	_, err := bad.Read(bg)
	var end *conn.CloseError
	if !errors.As(err, &end) || end.Code != frame.InternalError {
		t.Errorf("the bad one: %v", err)
	}
	good.Write(bg, conn.Text, []byte("still here"))
	if m, err := good.Read(bg); err != nil || string(m.Data) != "still here" {
		t.Errorf("the good one: %q, %v", m.Data, err)
	}
}
