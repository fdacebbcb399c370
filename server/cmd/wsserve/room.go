package main

import (
	"context"
	"sync"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/frame"
)

// queueLength is how many messages may wait for a member who reads slowly.
const queueLength = 256

// room passes messages on among its members.
type room struct {
	toSender bool // who sends a message gets it as well
	stats    *stats

	mu      sync.Mutex
	members map[*member]struct{}
}

// member has a queue and a goroutine that empties it, so that one who reads
// slowly holds up nobody else.
type member struct {
	c     *conn.Conn
	queue chan conn.Message
}

func newRoom(toSender bool, s *stats) *room {
	return &room{toSender: toSender, stats: s, members: make(map[*member]struct{})}
}

// serve is one member's stay.
func (r *room) serve(ctx context.Context, c *conn.Conn) error {
	m := &member{c: c, queue: make(chan conn.Message, queueLength)}
	r.join(m)
	defer r.leave(m)
	go r.deliver(ctx, m)
	for msg, err := range c.Messages(ctx) {
		if err != nil {
			return err
		}
		r.stats.received(msg)
		r.send(m, msg)
	}
	return nil
}

func (r *room) join(m *member) {
	r.mu.Lock()
	r.members[m] = struct{}{}
	r.mu.Unlock()
}

func (r *room) leave(m *member) {
	r.mu.Lock()
	delete(r.members, m)
	r.mu.Unlock()
}

// send queues msg for the others. Who has fallen too far behind is sent away.
func (r *room) send(from *member, msg conn.Message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for m := range r.members {
		if m == from && !r.toSender {
			continue
		}
		select {
		case m.queue <- msg:
		default:
			delete(r.members, m)
			go m.c.Close(m.c.Context(), frame.TryAgainLater, "reading too slowly")
		}
	}
}

// deliver writes what is queued for m until the connection ends.
func (r *room) deliver(ctx context.Context, m *member) {
	for {
		select {
		case msg := <-m.queue:
			if m.c.Write(ctx, msg.Type, msg.Data) != nil {
				return
			}
			r.stats.sent(msg)
		case <-ctx.Done():
			return
		}
	}
}
