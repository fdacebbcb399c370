// Package broadcaster is a server of ours that sends the same messages to all who
// are connected, each by a queue of its own, at a steady rate.
package broadcaster

import (
	"net"
	"sync"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/server"
)

// Broadcaster is the server. Its methods may be called from any goroutine.
type Broadcaster struct {
	server server.Server
	queue  *conn.Queue
	casts  sync.WaitGroup // a series of messages that is being sent

	mu          sync.Mutex
	subscribers []*conn.Conn // in the order of their coming; nil is one that has gone
	present     int          // of those, not nil
	dropped     uint64       // messages, for those that have gone
	change      sync.Cond    // of present
}

// New returns a broadcaster whose subscribers have a queue of so many bytes each.
// full says what happens to a message for which there is no room: it must not be to
// wait.
//
// Nothing but the queue parts a subscriber that does not read from the server: there
// are neither pings nor time-outs of writing.
func New(bytes int64, full conn.QueuePolicy) *Broadcaster {
	b := &Broadcaster{queue: &conn.Queue{Bytes: bytes, Full: full}}
	b.change.L = &b.mu
	b.server.Conn = conn.Options{Queue: b.queue, PingInterval: -1, WriteTimeout: -1}
	server.Handle(&b.server, server.Hooks[int]{
		OnOpen:  b.add,
		OnClose: func(i int, c *conn.Conn, _ error) { b.remove(i, c) },
	})
	return b
}

// Serve serves the connections of l until that fails.
func (b *Broadcaster) Serve(l net.Listener) error { return b.server.Serve(l) }

// add returns the index of c.
func (b *Broadcaster) add(c *conn.Conn) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.subscribers = append(b.subscribers, c)
	b.present++
	b.change.Broadcast()
	return len(b.subscribers) - 1
}

func (b *Broadcaster) remove(i int, c *conn.Conn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.subscribers[i] = nil
	b.present--
	b.dropped += c.Queue().Dropped
	b.change.Broadcast()
}

// Await waits until n subscribers are there.
func (b *Broadcaster) Await(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.present < n {
		b.change.Wait()
	}
}

// Stats counts.
type Stats struct {
	Subscribers int    `json:"subscribers"` // that are there
	Dropped     uint64 `json:"dropped"`     // messages that were not queued, or not sent
}

// Stats returns the counts when no series is being sent any more.
func (b *Broadcaster) Stats() Stats {
	b.casts.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	s := Stats{b.present, b.dropped}
	for _, c := range b.subscribers {
		if c != nil {
			s.Dropped += c.Queue().Dropped
		}
	}
	return s
}
