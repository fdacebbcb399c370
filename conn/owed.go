package conn

import (
	"sync"
	"sync/atomic"

	"github.com/parleyws/parley/frame"
)

// owed is the pong that the peer is to get, and the ping of keepalive. A later ping
// replaces an earlier one, as RFC 6455 section 5.5.3 allows, so a flood of them costs
// no memory.
type owed struct {
	mu      sync.Mutex
	pending atomic.Bool // set by the holder of mu
	ping    atomic.Bool // and a ping that no call waits for
	payload []byte
}

// keptPong is how large the memory of a pong is that is kept for the next, in bytes.
const keptPong = 16

func (o *owed) put(payload []byte) {
	o.mu.Lock()
	o.payload = append(o.payload[:0], payload...)
	o.pending.Store(true)
	o.mu.Unlock()
}

// take appends the payload that is owed to dst and forgets it.
func (o *owed) take(dst []byte) (payload []byte, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.pending.Load() {
		return dst, false
	}
	o.pending.Store(false)
	dst = append(dst, o.payload...)
	if cap(o.payload) > keptPong {
		o.payload = nil
	}
	return dst, true
}

func (o *owed) isPending() bool { return o.pending.Load() || o.ping.Load() }

// answer owes the peer a pong. Whoever holds wire sends it before letting go;
// reading never waits for a peer that does not read.
func (c *Conn) answer(payload []byte) {
	c.owed.put(payload)
	if c.wire.try() {
		c.releaseWire()
	}
}

// appendOwed appends what is owed to the buffer, by the holder of wire.
func (c *Conn) appendOwed() {
	if !c.owed.isPending() {
		return
	}
	may := c.writeError() == nil
	var room [frame.MaxControlPayload]byte
	if c.owed.ping.Swap(false) && may {
		c.appendControl(frame.Ping, c.pings.newest(room[:0]))
		c.out.pinging = true
	}
	if payload, ok := c.owed.take(room[:0]); ok && may {
		c.appendControl(frame.Pong, payload)
	}
	if may {
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
