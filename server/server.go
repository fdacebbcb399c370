package server

import (
	"context"
	"log"
	"net"
	"net/http"
	"runtime/debug"
	"sync"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
	"github.com/parleyws/parley/handshake"
)

// Server is a WebSocket server. Set its fields before its first use; the zero
// value listens on :http, accepts pages of its own origin, answers pings and
// closes, and discards messages. It must not be copied after its first use. Its
// methods may be called from any goroutine.
type Server struct {
	Options

	// Addr is where [Server.ListenAndServe] listens: "host:port", ":http" if
	// empty, or "unix:/path" for a unix socket.
	Addr string

	// Handler serves one connection, on a goroutine of its own. ctx is
	// [conn.Conn.Context]: it ends with the connection and carries the
	// values that middleware, or the hooks of an [http.Server], have given the
	// request's. When Handler returns, the connection is closed with 1000
	// unless it has ended. A nil Handler discards messages.
	Handler func(ctx context.Context, c *conn.Conn)

	// Backlog is how many connections may wait to be accepted where
	// [Server.ListenAndServe] listens; 511 by default, and -1 for as many as the
	// system has as its own default. On Linux the system's bound,
	// net.core.somaxconn, holds as well. Elsewhere than on Unix it is ignored.
	Backlog int

	// Next, if not nil, serves the HTTP requests that are not for this server:
	// those that ask for no upgrade to WebSocket, for another path than Path, or
	// that ShouldHandle does not want. Without it they are refused.
	Next http.Handler

	// OnListening is called with the address when the server listens.
	OnListening func(addr net.Addr)

	setup struct {
		once    sync.Once
		origins handshake.Origins
		conn    conn.Options
		onEnd   func(*conn.Conn)
		start   func(*conn.Conn) error // of Handle, instead of Handler
		err     error
	}
	life life
}

// Handler returns an HTTP handler that accepts connections and calls serve for
// each; when serve returns, the connection is closed. opts may be nil.
func Handler(opts *Options, serve func(ctx context.Context, c *conn.Conn)) http.Handler {
	s := &Server{Handler: serve}
	if opts != nil {
		s.Options = *opts
	}
	return s
}

// Accept answers a client's opening handshake with the connection. After an
// error it has answered with an HTTP error, and r needs nothing more. opts may
// be nil. The connection lives on when the HTTP handler returns.
//
// A [Server] has the same method, reads its options only once, and knows its
// connections, which share a CompressLimit and a Wheel. Here they share them only
// if they are in opts.
func Accept(w http.ResponseWriter, r *http.Request, opts *Options) (*conn.Conn, error) {
	s := &Server{}
	if opts != nil {
		s.Options = *opts
	}
	return s.accept(w, r)
}

// ServeHTTP accepts a connection and serves it. A request that is no WebSocket
// handshake gets the HTTP error that RFC 6455 section 4.2.2 wants.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.Next != nil && !s.wants(r) {
		s.Next.ServeHTTP(w, r)
		return
	}
	c, err := s.Accept(w, r)
	if err != nil {
		return
	}
	if !s.life.beginHandler() {
		c.CloseNow()
		return
	}
	if s.setup.start != nil {
		if s.setup.start(c) != nil { // it has ended already
			s.life.endHandler()
		}
		return
	}
	s.serve(c)
}

// serve calls the application for a connection, and closes it after.
func (s *Server) serve(c *conn.Conn) {
	defer s.life.endHandler()
	defer c.CloseNow() // also when the handler panics
	if s.Handler == nil {
		c.Serve(context.Background(), conn.Handler{})
		return
	}
	s.Handler(c.Context(), c)
	c.Close(context.Background(), frame.NormalClosure, "")
}

// logPanic logs what net/http logs when a handler panics.
func logPanic(c *conn.Conn, reason any) {
	if reason != http.ErrAbortHandler {
		log.Printf("websocket: panic serving %v: %v\n%s", c.RemoteAddr(), reason, debug.Stack())
	}
}

// checkOptions reads the options once.
func (s *Server) checkOptions() error {
	s.setup.once.Do(func() {
		s.setup.origins, s.setup.err = handshake.ParseOrigins(s.Origins)
		s.setup.conn = s.Conn
		s.setup.onEnd = s.life.remove
		if s.Deflate != nil && s.Conn.CompressLimit == nil {
			s.setup.conn.CompressLimit = deflate.NewLimit(0)
		}
		if s.Conn.Wheel == nil {
			s.setup.conn.Wheel = new(conn.Wheel)
		}
	})
	return s.setup.err
}
