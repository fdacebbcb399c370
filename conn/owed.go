package conn

import (
	"context"
	"sync"

	"github.com/parleyws/parley/frame"
)

// owed is the pong that the peer is to get. A later ping replaces an earlier
// one, as RFC 6455 section 5.5.3 allows, so a flood of them costs no memory.
type owed struct {
	mu      sync.Mutex
	pending bool
	n       int
	payload [frame.MaxControlPayload]byte
}

func (o *owed) put(payload []byte) {
	o.mu.Lock()
	o.n = copy(o.payload[:], payload)
	o.pending = true
	o.mu.Unlock()
}

// take appends the payload that is owed to dst and forgets it.
func (o *owed) take(dst []byte) (payload []byte, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.pending {
		return dst, false
	}
	o.pending = false
	return append(dst, o.payload[:o.n]...), true
}

func (o *owed) isPending() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.pending
}

// answer owes the peer a pong. Whoever holds wire sends it before letting go;
// if nobody does, a goroutine of its own, so that reading never waits for a
// peer that does not read.
func (c *Conn) answer(payload []byte) {
	c.owed.put(payload)
	if c.wire.try() {
		go c.releaseWire()
	}
}

// sendOwed sends the pong that is owed, by the holder of wire.
func (c *Conn) sendOwed() {
	var room [frame.MaxControlPayload]byte
	payload, ok := c.owed.take(room[:0])
	if !ok || c.writeError() != nil {
		return
	}
	c.sendControl(context.Background(), frame.Pong, payload)
}

// sendControl sends a ping or a pong, by the holder of wire.
func (c *Conn) sendControl(ctx context.Context, op frame.Opcode, payload []byte) error {
	var room [frame.MaxHeaderLen + frame.MaxControlPayload]byte
	b, err := c.out.frames.AppendControl(room[:0], op, payload)
	if err != nil {
		return err
	}
	_, err = c.send(ctx, b)
	return err
}
