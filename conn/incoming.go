package conn

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/parleyws/parley/conn/message"
	"github.com/parleyws/parley/frame"
)

// Sizes of the read buffer: small until the peer fills it.
const (
	smallBuffer = 4 << 10
	largeBuffer = 64 << 10
)

// maxEmptyReads is how often a stream may return no bytes and no error, which
// an io.Reader is allowed to, before it is given up.
const maxEmptyReads = 100

// incoming is the reading half of a connection, of the holder of reader.
type incoming struct {
	message.Decoder
	half  half
	ahead readAhead

	buf  []byte // read from the stream
	r, w int    // buf[r:w] is still to decode

	message unread
	begun   time.Time // when the first bytes of an unfinished message were waited on
	until   time.Time // what ReadTimeout allows the call that runs; zero if it has not waited yet
}

// Reading has three steps: decode what is there, wait for more, and what each
// style makes of the events.

// nextEvent returns the next piece of a message, and deals with the control
// frames before it, of which h hears; h may be nil.
func (c *Conn) nextEvent(ctx context.Context, h *Handler) (message.Event, error) {
	for {
		ev, err := c.decode(h)
		if err != nil || ev.Opcode != 0 {
			return ev, err
		}
		if err := c.fill(ctx); err != nil {
			return message.Event{}, err
		}
	}
}

// decode returns the next piece of a message from what has been read, or the
// zero Event if there is none.
func (c *Conn) decode(h *Handler) (message.Event, error) {
	in := &c.in
	for {
		ev, n, err := in.Next(in.buf[in.r:in.w])
		in.r += n
		if err != nil {
			return message.Event{}, c.fail(err)
		}
		switch ev.Opcode {
		case frame.Ping:
			c.answer(ev.Payload)
			h.ping(c, ev.Payload)
		case frame.Pong:
			c.pings.answered(ev.Payload)
			h.pong(c, ev.Payload)
		case frame.Close:
			return message.Event{}, c.peerClosed(ev.Code, ev.Reason)
		default:
			return ev, nil
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
	in.grow()
	deadline := c.readDeadline()
	n, err := c.readStream(ctx, deadline, in.buf)
	for i := 0; n == 0 && err == nil && i < maxEmptyReads; i++ {
		n, err = c.readStream(ctx, deadline, in.buf)
	}
	in.r, in.w = 0, n
	switch {
	case n > 0:
		return nil // an error comes again
	case err == nil:
		return c.lost(io.ErrNoProgress)
	case c.hasEnded():
		return c.end
	case err == errReadLate:
		return c.readLate()
	case ctx.Err() != nil && errors.Is(err, context.Cause(ctx)):
		return err
	}
	return c.lost(err)
}

// grow makes room to read, more if the last read filled it. While a read goes on
// in a goroutine of its own the room is not touched.
func (in *incoming) grow() {
	switch {
	case in.ahead.result != nil:
		return
	case cap(in.buf) < smallBuffer:
		in.buf = make([]byte, smallBuffer)
	case in.w == len(in.buf) && len(in.buf) < largeBuffer:
		in.buf = make([]byte, largeBuffer)
	}
	in.buf = in.buf[:cap(in.buf)]
}

// readDeadline returns until when the next bytes must be there, for the sake of
// ReadTimeout or of MessageTimeout, or zero.
func (c *Conn) readDeadline() (deadline time.Time) {
	in := &c.in
	if c.opts.ReadTimeout > 0 {
		if in.until.IsZero() {
			in.until = time.Now().Add(c.opts.ReadTimeout)
		}
		deadline = in.until
	}
	if c.opts.MessageTimeout == 0 {
		return deadline
	}
	if !in.Midway() {
		in.begun = time.Time{}
		return deadline
	}
	if in.begun.IsZero() {
		in.begun = time.Now()
	}
	end := in.begun.Add(c.opts.MessageTimeout)
	if deadline.IsZero() || end.Before(deadline) {
		deadline = end
	}
	return deadline
}

// readLate says which deadline has passed. MessageTimeout is the peer's fault,
// ReadTimeout nobody's.
func (c *Conn) readLate() error {
	if begun := c.in.begun; !begun.IsZero() && time.Since(begun) >= c.opts.MessageTimeout {
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
	c.reader.release()
	if c.hasEnded() {
		c.freeIn()
	}
}
