package server

import (
	"context"

	"github.com/parleyws/parley/conn"
)

// Hooks are the functions of an application in the event style. S is the
// application's own type, of which each connection has one. Any hook may be nil.
// The hooks of one connection run one at a time.
type Hooks[S any] struct {
	OnOpen    func(c *conn.Conn) S
	OnMessage func(s S, c *conn.Conn, m conn.Message) // m.Data is lent until OnMessage returns
	OnClose   func(s S, c *conn.Conn, err error)      // err is nil if the peer closed normally
}

// Handle makes s serve its connections by h, and sets its Handler, for those that
// are accepted by hand, to do so too. Call it before s is used. What OnOpen returns
// is given to every later hook of that connection, without a type assertion and
// without a map to look it up in.
//
// A connection in the event style leaves the goroutine of net/http behind, with the
// stack that it has grown and the buffers that it holds, and while it is idle it
// has no goroutine at all: see [conn.Conn.Start]. So [Server.ServeHTTP] returns at
// once, and what middleware does after it is done while the connection lives. A
// hook that panics costs its connection, which closes with 1011, and is logged as
// net/http would log it.
func Handle[S any](s *Server, h Hooks[S]) {
	s.setup.start = func(c *conn.Conn) error {
		e := &session[S]{hooks: &h}
		events := e.handler()
		events.OnPanic = logPanic
		events.OnClose = func(c *conn.Conn, err error) {
			defer s.life.endHandler()
			e.close(c, err)
		}
		return c.Start(events)
	}
	s.Handler = func(_ context.Context, c *conn.Conn) {
		e := &session[S]{hooks: &h}
		events := e.handler()
		events.OnClose = e.close
		c.Serve(context.Background(), events)
	}
}

// session is what a connection has of the application.
type session[S any] struct {
	hooks *Hooks[S]
	s     S
}

func (e *session[S]) handler() (events conn.Handler) {
	if e.hooks.OnOpen != nil {
		events.OnOpen = func(c *conn.Conn) { e.s = e.hooks.OnOpen(c) }
	}
	if e.hooks.OnMessage != nil {
		events.OnMessage = func(c *conn.Conn, m conn.Message) { e.hooks.OnMessage(e.s, c, m) }
	}
	return events
}

func (e *session[S]) close(c *conn.Conn, err error) {
	if e.hooks.OnClose != nil {
		e.hooks.OnClose(e.s, c, err)
	}
}
