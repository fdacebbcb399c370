package interop

import (
	"context"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/parleyws/parley/conn"
	parley "github.com/parleyws/parley/server"
)

// backEnd is a server in this process that sends back every message, and a
// record of every byte that reaches it.
type backEnd struct {
	addr string

	mu      sync.Mutex
	visits  []*visit
	changed chan struct{} // closed, and made anew, when a visit ends
}

// visit is one connection to a backEnd.
type visit struct {
	net.Conn
	to *backEnd

	// Of the holder of to.mu:
	received, sent []byte
	handled        bool // it became a WebSocket connection
	closed         bool // by the server
}

// engine is how a server comes by its connections: method Serve of
// server.Server, or AcceptConn.
type engine func(s *parley.Server, l net.Listener)

// withServe is net/http's way.
func withServe(s *parley.Server, l net.Listener) { s.Serve(l) }

// withAcceptConn is ours, without net/http.
func withAcceptConn(s *parley.Server, l net.Listener) {
	var open sync.WaitGroup
	defer open.Wait()
	defer s.Close()
	for {
		nc, err := l.Accept()
		if err != nil {
			return
		}
		open.Go(func() {
			c, err := s.AcceptConn(context.Background(), nc, nil)
			if err != nil {
				return
			}
			defer c.CloseNow()
			s.Handler(c.Context(), c)
		})
	}
}

// startBackEnd serves with opts until the test ends.
func startBackEnd(t *testing.T, serve engine, opts parley.Options) *backEnd {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &backEnd{addr: l.Addr().String(), changed: make(chan struct{})}
	s := &parley.Server{Options: opts, Handler: b.echo}
	served := make(chan struct{})
	go func() {
		defer close(served)
		serve(s, recorder{l, b})
	}()
	t.Cleanup(func() {
		l.Close()
		s.Close()
		<-served
	})
	return b
}

// echo sends back what comes.
func (b *backEnd) echo(ctx context.Context, c *conn.Conn) {
	b.mu.Lock()
	for _, v := range b.visits {
		if v.RemoteAddr().String() == c.RemoteAddr().String() {
			v.handled = true
		}
	}
	b.mu.Unlock()
	for m, err := range c.Messages(ctx) {
		if err != nil || c.Write(ctx, m.Type, m.Data) != nil {
			return
		}
	}
}

// left waits until the server has closed every connection, and returns those
// since the last call. That the server closes them is its own doing: nothing
// else calls Close.
func (b *backEnd) left(t *testing.T) []*visit {
	t.Helper()
	giveUp := time.After(patience)
	for {
		b.mu.Lock()
		open := 0
		for _, v := range b.visits {
			if !v.closed {
				open++
			}
		}
		changed := b.changed
		var visits []*visit
		if open == 0 {
			// Copies: net/http may still be about to learn of the end.
			for _, v := range b.visits {
				visits = append(visits, &visit{Conn: v.Conn, to: b, received: slices.Clone(v.received), sent: slices.Clone(v.sent), handled: v.handled, closed: true})
			}
			b.visits = nil
		}
		b.mu.Unlock()
		if open == 0 {
			return visits
		}
		select {
		case <-changed:
		case <-giveUp:
			t.Fatalf("%d connections to the back end stay open", open)
		}
	}
}

// recorder is the listener of a backEnd.
type recorder struct {
	net.Listener
	to *backEnd
}

func (r recorder) Accept() (net.Conn, error) {
	nc, err := r.Listener.Accept()
	if err != nil {
		return nil, err
	}
	v := &visit{Conn: nc, to: r.to}
	r.to.mu.Lock()
	defer r.to.mu.Unlock()
	r.to.visits = append(r.to.visits, v)
	return v, nil
}

func (v *visit) Read(b []byte) (int, error) {
	n, err := v.Conn.Read(b)
	v.to.mu.Lock()
	defer v.to.mu.Unlock()
	v.received = append(v.received, b[:n]...)
	return n, err
}

func (v *visit) Write(b []byte) (int, error) {
	n, err := v.Conn.Write(b)
	v.to.mu.Lock()
	defer v.to.mu.Unlock()
	v.sent = append(v.sent, b[:n]...)
	return n, err
}

// CloseWrite is what net/http needs to say goodbye to a client that it has not
// read to the end.
func (v *visit) CloseWrite() error { return v.Conn.(*net.TCPConn).CloseWrite() }

func (v *visit) Close() error {
	err := v.Conn.Close()
	v.to.mu.Lock()
	defer v.to.mu.Unlock()
	if !v.closed {
		v.closed = true
		close(v.to.changed)
		v.to.changed = make(chan struct{})
	}
	return err
}
