package server

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/frame"
)

// life is what a Server knows of its connections, and whether it still accepts.
type life struct {
	mu       sync.Mutex
	draining bool
	ctx      context.Context    // ends when Shutdown or Close does; made on demand
	stop     context.CancelFunc // ends ctx
	http     []*http.Server
	clients  map[*conn.Conn]struct{}
	handlers sync.WaitGroup
}

func (l *life) isDraining() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.draining
}

// addHTTP reports false if the server is shutting down.
func (l *life) addHTTP(hs *http.Server) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.draining {
		return false
	}
	l.http = append(l.http, hs)
	return true
}

// add tracks c until it ends. It reports false if the server is shutting down.
func (l *life) add(c *conn.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.draining {
		return false
	}
	if l.clients == nil {
		l.clients = make(map[*conn.Conn]struct{})
	}
	if c.Err() == nil { // or remove has been called
		l.clients[c] = struct{}{}
	}
	return true
}

// remove is called when a connection has ended.
func (l *life) remove(c *conn.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.clients, c)
}

// beginHandler reports false if the server is shutting down: nobody would wait.
func (l *life) beginHandler() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.draining {
		return false
	}
	l.handlers.Add(1)
	return true
}

func (l *life) endHandler() { l.handlers.Done() }

func (l *life) snapshot() []*conn.Conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make([]*conn.Conn, 0, len(l.clients))
	for c := range l.clients {
		all = append(all, c)
	}
	return all
}

// context returns the context that ends with the server.
func (l *life) context() context.Context {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.contextLocked()
}

func (l *life) contextLocked() context.Context {
	if l.ctx == nil {
		l.ctx, l.stop = context.WithCancel(context.Background())
	}
	return l.ctx
}

// drain stops accepting. It reports whether the caller was the first.
func (l *life) drain() (first bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	first = !l.draining
	l.draining = true
	return first
}

func (l *life) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.contextLocked()
	l.stop()
}

// Clients yields the connections that are open. Others may come and go
// meanwhile, also by the hand of the loop.
func (s *Server) Clients() iter.Seq[*conn.Conn] {
	return func(yield func(*conn.Conn) bool) {
		for _, c := range s.life.snapshot() {
			if c.Err() == nil && !yield(c) {
				return
			}
		}
	}
}

// Shutdown ends the server in good order: new clients are refused with 503, the
// listeners of [Server.Serve] close, every connection is closed with 1001, and the
// handlers are waited for. When ctx ends first, what is left is cut, and the
// error says how many connections that were. A server that has been shut down
// does not serve again.
func (s *Server) Shutdown(ctx context.Context) error {
	if !s.life.drain() {
		select {
		case <-s.life.context().Done():
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	defer s.life.end()
	var leaving sync.WaitGroup
	for _, hs := range s.life.http {
		leaving.Go(func() { hs.Shutdown(ctx) })
	}
	var cut atomic.Int64
	for _, c := range s.life.snapshot() {
		leaving.Go(func() {
			if err := c.Close(ctx, frame.GoingAway, "server is shutting down"); err != nil && ctx.Err() != nil {
				cut.Add(1)
			}
		})
	}
	finished := make(chan struct{})
	go func() {
		leaving.Wait()
		s.life.handlers.Wait()
		close(finished)
	}()
	select {
	case <-finished:
	case <-ctx.Done():
		s.cut()
	}
	leaving.Wait() // of which ctx is the end by now
	if n := cut.Load(); n > 0 {
		return fmt.Errorf("websocket: shutdown cut %d connections: %w", n, context.Cause(ctx))
	}
	return nil
}

// Close ends the server at once: listeners and connections are closed without
// handshakes, and handlers are not waited for.
func (s *Server) Close() error {
	s.life.drain()
	s.cut()
	s.life.end()
	return nil
}

// cut ends what there is.
func (s *Server) cut() {
	for _, hs := range s.life.http {
		hs.Close()
	}
	for _, c := range s.life.snapshot() {
		c.CloseNow()
	}
}
