package conn

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/parleyws/parley/conn/message"
	"github.com/parleyws/parley/frame"
)

// maxEmptyReads is how often a stream may return no bytes and no error, which
// an io.Reader is allowed to, before it is given up.
const maxEmptyReads = 100

// incoming is the reading half of a connection, of the holder of reader.
type incoming struct {
	message.Decoder
	half  half
	raw   rawReader
	ahead readAhead
	buf   readBuffer

	counts  counts
	pings   flood
	message unread
	spent   time.Duration // waiting for the rest of the message that has begun
	until   time.Time     // what ReadTimeout allows the call that runs; zero if it has not waited yet
}

// Reading has three steps: decode what is there, wait for more, and what each
// style makes of the events.

// nextEvent sets ev to the next piece of a message, and deals with the control
// frames before it, of which h hears; h may be nil.
func (c *Conn) nextEvent(ctx context.Context, h *Handler, ev *message.Event) error {
	for {
		if err := c.decode(h, ev); err != nil || ev.Opcode != 0 {
			return err
		}
		if err := c.fill(ctx); err != nil {
			return err
		}
	}
}

// decode sets ev to the next piece of a message from what has been read, or to
// the zero Event if there is none.
func (c *Conn) decode(h *Handler, ev *message.Event) error {
	in := &c.in
	for {
		n, err := in.NextInto(ev, in.buf.bytes[in.buf.r:in.buf.w])
		in.buf.r += n
		if err != nil {
			c.phase.enter(resting)
			return c.fail(err)
		}
		switch ev.Opcode {
		case frame.Ping:
			if err := c.checkPing(); err != nil {
				return err
			}
			if !c.opts.ManualPong {
				c.answer(ev.Payload)
			}
			h.ping(c, ev.Payload)
		case frame.Pong:
			c.pings.answered(ev.Payload)
			h.pong(c, ev.Payload)
		case frame.Close:
			c.phase.enter(resting)
			return c.peerClosed(ev.Code, ev.Reason)
		default:
			in.counts.piece(ev)
			if ev.Last {
				in.spent = 0
			}
			if more := in.buf.r < in.buf.w; more != c.more.Load() {
				c.more.Store(more)
			}
			return nil
		}
	}
}

// fill reads more from the stream; everything before is decoded.
func (c *Conn) fill(ctx context.Context) error {
	if c.hasEnded() {
		return c.end
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	in := &c.in
	if c.more.Load() {
		c.more.Store(false)
	}
	in.counts.publish()
	if c.mustFlush() && c.wire.try() {
		c.releaseWire()
	}
	n, err := c.readSome(ctx)
	switch {
	case n > 0:
		return nil // an error comes again
	case err == nil:
		return c.lost(io.ErrNoProgress)
	case c.hasEnded():
		return c.end
	case err == errIdle:
		return err
	case err == errReadLate:
		return c.readLate()
	case ctx.Err() != nil && errors.Is(err, context.Cause(ctx)):
		return err
	}
	return c.lost(err)
}

// readSome reads within ReadTimeout and MessageTimeout.
func (c *Conn) readSome(ctx context.Context) (n int, err error) {
	var start, deadline time.Time
	if c.opts.ReadTimeout > 0 || c.opts.MessageTimeout > 0 {
		start = time.Now()
		deadline = c.readDeadline(start)
	}
	if deadline.IsZero() && c.mayPark() {
		return c.readOrIdle(ctx)
	}
	for i := 0; n == 0 && err == nil && i < maxEmptyReads; i++ {
		n, err = c.readStream(ctx, deadline)
	}
	if c.opts.MessageTimeout > 0 && c.in.Midway() {
		c.in.spent += time.Since(start)
	}
	return n, err
}

// readDeadline returns until when the next bytes must be there, or zero.
func (c *Conn) readDeadline(now time.Time) (deadline time.Time) {
	in := &c.in
	if c.opts.ReadTimeout > 0 && !c.closing.Load() { // CloseTimeout bounds that
		if in.until.IsZero() {
			in.until = now.Add(c.opts.ReadTimeout)
		}
		deadline = in.until
	}
	if c.opts.MessageTimeout > 0 && in.Midway() {
		// Only time spent waiting counts: what has arrived meanwhile is read
		// first.
		end := now.Add(c.opts.MessageTimeout - in.spent)
		if deadline.IsZero() || end.Before(deadline) {
			deadline = end
		}
	}
	return deadline
}

// readLate says which deadline has passed. MessageTimeout is the peer's fault,
// ReadTimeout nobody's.
func (c *Conn) readLate() error {
	if limit := c.opts.MessageTimeout; limit > 0 && c.in.spent >= limit {
		return c.fail(ErrMessageTimeout)
	}
	return ErrReadTimeout
}

// beginReading takes the right to read.
func (c *Conn) beginReading(ctx context.Context) error {
	if c.reader.try() {
		if !c.hasEnded() {
			c.in.until = time.Time{}
			return nil
		}
		c.doneReading()
		return c.end
	}
	if c.closing.Load() {
		// Close reads, for the peer's close frame. What it meets on the way
		// is discarded, so all there is to learn is the end.
		select {
		case <-c.ended:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	if c.hasEnded() {
		return c.end
	}
	return ErrConcurrentRead
}

func (c *Conn) doneReading() {
	c.phase.enter(resting)
	if b := &c.in.buf; b.r == b.w && !c.in.message.stream && !c.in.ahead.busy {
		b.free()
	}
	if c.hasEnded() {
		c.in.counts.publish()
	}
	c.reader.release()
	if c.hasEnded() {
		c.freeIn()
	}
}
