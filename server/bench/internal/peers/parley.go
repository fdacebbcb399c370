package peers

import (
	"context"
	"net"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/server"
)

// parleyEvents is ours in the event style.
func parleyEvents(l net.Listener) error {
	s := &server.Server{}
	server.Handle(s, server.Hooks[struct{}]{
		OnMessage: func(_ struct{}, c *conn.Conn, m conn.Message) {
			c.Write(context.Background(), m.Type, m.Data)
		},
	})
	return s.Serve(l)
}

// parleyLoop is ours in the blocking style.
func parleyLoop(l net.Listener) error {
	s := &server.Server{Handler: func(ctx context.Context, c *conn.Conn) {
		var buf []byte
		for {
			t, data, err := c.ReadInto(ctx, buf)
			if err != nil {
				return
			}
			if c.Write(ctx, t, data) != nil {
				return
			}
			buf = data
		}
	}}
	return s.Serve(l)
}
