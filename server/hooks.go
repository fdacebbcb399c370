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

// Handle makes s serve its connections by h. Call it before s is used. What
// OnOpen returns is given to every later hook of that connection, without a type
// assertion and without a map to look it up in.
func Handle[S any](s *Server, h Hooks[S]) {
	s.Handler = func(ctx context.Context, c *conn.Conn) {
		var session S
		var events conn.Handler
		if h.OnOpen != nil {
			events.OnOpen = func(c *conn.Conn) { session = h.OnOpen(c) }
		}
		if h.OnMessage != nil {
			events.OnMessage = func(c *conn.Conn, m conn.Message) { h.OnMessage(session, c, m) }
		}
		if h.OnClose != nil {
			events.OnClose = func(c *conn.Conn, err error) { h.OnClose(session, c, err) }
		}
		c.Serve(ctx, events)
	}
}
