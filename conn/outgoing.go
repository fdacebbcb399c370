package conn

import (
	"context"
	"sync/atomic"

	"github.com/parleyws/parley/conn/message"
	"github.com/parleyws/parley/deflate"
)

// outgoing is the writing half of a connection. It has two encoders, so that a
// control frame need not wait until a message is compressed or streamed.
type outgoing struct {
	messages message.Encoder // of the holder of turn: what depends on other messages

	direction deflate.Direction // what is agreed of compressed messages
	queue     *queue            // of Options.Queue

	// Of the holder of wire:
	frames    message.Encoder // what depends on nothing: control frames, plain messages
	streaming bool            // a message has begun and not ended, so no other may begin
	buf       *[]byte         // encoded frames; borrowed, nil if there are none
	sent      int             // how much of buf has left
	pinging   bool            // buf holds a ping of keepalive
	half      half
	guard     *guard // nil for streams whose writes can be interrupted
	raw       rawWriter

	published int64        // what buffered is
	buffered  atomic.Int64 // bytes of buf that have not left; see publish
	watched   atomic.Bool  // the Wheel will look whether they have
	gathering atomic.Bool  // the queue has more to write, and flushes after
	counts    counts
}

const (
	// maxBatch is how many bytes are collected while more input is there. More
	// than that gains nothing.
	maxBatch = 64 << 10

	// publishStep is by how many bytes Buffered may be behind.
	publishStep = 4 << 10
)

// takeTurn takes the right to send a message that depends on others.
func (c *Conn) takeTurn(ctx context.Context) error {
	if err := c.take(ctx, &c.turn); err != nil {
		return err
	}
	if err := c.writeError(); err != nil {
		c.releaseTurn()
		return err
	}
	return nil
}

func (c *Conn) releaseTurn() {
	c.turn.release()
	if c.hasEnded() {
		c.freeOut()
	}
}

// takeWire takes the right to write frames. Whoever wants turn as well takes it
// first.
func (c *Conn) takeWire(ctx context.Context) error {
	if err := c.take(ctx, &c.wire); err != nil {
		return err
	}
	if err := c.writeError(); err != nil {
		c.releaseWire()
		return err
	}
	return nil
}

func (c *Conn) take(ctx context.Context, l *lock) error {
	if err := c.writeError(); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	ok, err := l.take(ctx, c.ended)
	if ok {
		return nil
	}
	c.leftQueue(l)
	if err == nil {
		err = c.writeError()
	}
	return err
}

// leftQueue makes up for what the last holder of a lock has left to the next, who
// gave up waiting as it was handed over.
func (c *Conn) leftQueue(l *lock) {
	switch {
	case l == &c.wire:
		if c.mustFlush() && c.wire.try() {
			c.releaseWire()
		}
	case !c.hasEnded():
	case l == &c.turn:
		c.freeOut()
	case l == &c.reader:
		c.freeIn()
	}
}

// room returns the buffer to append frames to, by the holder of wire.
func (o *outgoing) room() *[]byte {
	if o.buf == nil {
		o.buf = getBuffer()
	}
	return o.buf
}

// note notes that the buffer has changed and its first n unsent bytes have left.
// It reports whether nothing is left.
func (o *outgoing) note(n int) (empty bool) {
	if o.buf != nil {
		if o.sent += n; o.sent == len(*o.buf) {
			putBuffer(o.buf)
			o.buf, o.sent = nil, 0
		}
	}
	o.publish(o.size())
	return o.buf == nil
}

// size returns how many bytes of buf have not left.
func (o *outgoing) size() int64 {
	if o.buf == nil {
		return 0
	}
	return int64(len(*o.buf) - o.sent)
}

// publish lets others know how many bytes of buf have not left. An atomic store
// costs as much as to encode a frame, so while messages are collected there is one
// for the first, and then one for each few KiB.
func (o *outgoing) publish(n int64) {
	if n != o.published {
		o.published = n
		o.buffered.Store(n)
	}
}

// truncate takes back all that was appended at and after start.
func (o *outgoing) truncate(start int) {
	*o.buf = (*o.buf)[:start]
	o.note(0)
}
