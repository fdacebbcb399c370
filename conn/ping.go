package conn

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync"
	"time"

	"github.com/parleyws/parley/frame"
)

// Ping sends a ping, waits for its pong and returns the round-trip time.
// Something must be reading the connection meanwhile, for the pong to be seen.
// Any number of goroutines may ping at once.
func (c *Conn) Ping(ctx context.Context) (time.Duration, error) {
	start := time.Now()
	id, pong, err := c.sendPing(ctx)
	if err != nil {
		return 0, err
	}
	defer c.pings.forget(id)
	select {
	case <-pong:
		return time.Since(start), nil
	case <-c.ended:
		return 0, c.end
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
}

func (c *Conn) sendPing(ctx context.Context) (id uint64, pong <-chan struct{}, err error) {
	if err := c.takeWire(ctx); err != nil {
		return 0, nil, err
	}
	defer c.releaseWire()
	// By the holder of wire, so that pings leave in the order of their numbers.
	id, pong = c.pings.begin()
	var payload [8]byte
	binary.BigEndian.PutUint64(payload[:], id)
	start := c.appendControl(frame.Ping, payload[:])
	// At once: the time is being taken.
	if _, err := c.judge(ctx, start, c.flush(ctx)); err != nil {
		c.pings.forget(id)
		return 0, nil, err
	}
	return id, pong, nil
}

// pings are the pings that wait for their pong, by the number that is their
// payload.
type pings struct {
	mu      sync.Mutex
	last    uint64
	waiting map[uint64]chan struct{}
}

func (p *pings) begin() (id uint64, pong <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last++
	if p.waiting == nil {
		p.waiting = make(map[uint64]chan struct{})
	}
	ch := make(chan struct{})
	p.waiting[p.last] = ch
	return p.last, ch
}

// newest appends the payload of the newest ping to dst if one waits, for another to
// stand in for it: a peer may answer only the last.
func (p *pings) newest(dst []byte) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.waiting) == 0 {
		return dst
	}
	return binary.BigEndian.AppendUint64(dst, p.last)
}

func (p *pings) forget(id uint64) {
	p.mu.Lock()
	delete(p.waiting, id)
	p.mu.Unlock()
}

// answered wakes the ping that payload answers, and those before it: a peer may
// answer only the newest, RFC 6455 section 5.5.3. A pong that answers none is
// lawful, and nothing.
func (p *pings) answered(payload []byte) {
	if len(payload) != 8 {
		return
	}
	id := binary.BigEndian.Uint64(payload)
	p.mu.Lock()
	defer p.mu.Unlock()
	if id > p.last {
		return // no ping of ours
	}
	for k, pong := range p.waiting {
		if k <= id {
			close(pong)
			delete(p.waiting, k)
		}
	}
}

// Pong sends a pong that answers no ping, RFC 6455 section 5.5.3: a heartbeat
// that asks for nothing. payload holds at most [frame.MaxControlPayload] bytes.
// Pings of the peer are answered without it.
func (c *Conn) Pong(ctx context.Context, payload []byte) error {
	if len(payload) > frame.MaxControlPayload {
		return fmt.Errorf("websocket: payload of a pong is longer than %d bytes (RFC 6455 5.5)", frame.MaxControlPayload)
	}
	if err := c.takeWire(ctx); err != nil {
		return err
	}
	defer c.releaseWire()
	_, err := c.send(ctx, c.appendControl(frame.Pong, payload))
	return err
}
