package conn

import (
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
// reading never waits for a peer that does not read.
func (c *Conn) answer(payload []byte) {
	c.owed.put(payload)
	if c.wire.try() {
		c.releaseWire()
	}
}

// appendOwed appends the pong that is owed to the buffer, by the holder of wire.
func (c *Conn) appendOwed() {
	if !c.owed.isPending() {
		return
	}
	var room [frame.MaxControlPayload]byte
	payload, ok := c.owed.take(room[:0])
	if ok && c.writeError() == nil {
		c.appendControl(frame.Pong, payload)
		c.mayWait()
	}
}

// appendControl appends a ping or a pong to the buffer, by the holder of wire,
// and returns where it begins.
func (c *Conn) appendControl(op frame.Opcode, payload []byte) (start int) {
	room := c.out.room()
	start = len(*room)
	*room, _ = c.out.frames.AppendControl(*room, op, payload) // which is not closed: see writeError
	return start
}
