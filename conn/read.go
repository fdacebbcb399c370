package conn

import (
	"context"
	"errors"
	"io"
	"iter"

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

// Read reads the next message; its Data belongs to the caller. Pings and pongs
// are dealt with meanwhile. If ctx ends first, no byte is lost, and Read may be
// called again. After the end of the connection every call returns the same
// [*CloseError].
func (c *Conn) Read(ctx context.Context) (Message, error) {
	t, data, err := c.ReadInto(ctx, nil)
	return Message{t, data}, err
}

// ReadInto reads the next message into buf[:0], which it grows if it must, and
// returns the slice that holds the message. It does not keep buf. Otherwise it
// is as [Conn.Read].
func (c *Conn) ReadInto(ctx context.Context, buf []byte) (Type, []byte, error) {
	if err := c.beginReading(ctx); err != nil {
		return 0, nil, err
	}
	defer c.doneReading()
	return c.readMessage(ctx, buf[:0])
}

// Messages yields messages until the connection ends; their Data belongs to the
// caller. It yields one error, last, unless the peer closed normally (1000,
// 1001, or no code). To break off the loop leaves the connection as it is.
func (c *Conn) Messages(ctx context.Context) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		for {
			m, err := c.Read(ctx)
			if err != nil {
				if !closedNormally(err) {
					yield(Message{}, err)
				}
				return
			}
			if !yield(m, nil) {
				return
			}
		}
	}
}

func closedNormally(err error) bool {
	var end *CloseError
	return errors.As(err, &end) && end.normal()
}

// beginReading takes the right to read.
func (c *Conn) beginReading(ctx context.Context) error {
	if c.reader.try() {
		if !c.hasEnded() {
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

// readMessage appends the next message to dst. If it cannot be finished for
// the sake of ctx, what there is of it is kept for the next call.
func (c *Conn) readMessage(ctx context.Context, dst []byte) (Type, []byte, error) {
	if c.midway {
		dst = append(dst, c.partial...)
	}
	for {
		ev, err := c.nextEvent(ctx, nil)
		if err != nil {
			if c.midway = len(dst) > 0; c.midway {
				c.partial = append(c.partial[:0], dst...)
			}
			return 0, nil, err
		}
		dst = append(dst, ev.Payload...)
		if ev.Last {
			c.partial, c.midway = nil, false
			if dst == nil {
				dst = []byte{}
			}
			return Type(ev.Opcode), dst, nil
		}
	}
}

// nextEvent returns the next piece of a message, and deals with the control
// frames before it, of which h hears; h may be nil.
func (c *Conn) nextEvent(ctx context.Context, h *Handler) (message.Event, error) {
	for {
		ev, n, err := c.in.Next(c.buf[c.r:c.w])
		c.r += n
		if err != nil {
			return ev, c.fail(err)
		}
		switch ev.Opcode {
		case frame.Text, frame.Binary:
			return ev, nil
		case frame.Ping:
			c.answer(ev.Payload)
			h.ping(c, ev.Payload)
		case frame.Pong:
			c.pings.answered(ev.Payload)
			h.pong(c, ev.Payload)
		case frame.Close:
			return ev, c.peerClosed(ev.Code, ev.Reason)
		default:
			if err := c.fill(ctx); err != nil {
				return ev, err
			}
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
	switch {
	case cap(c.buf) < smallBuffer:
		c.buf = make([]byte, smallBuffer)
	case c.w == len(c.buf) && len(c.buf) < largeBuffer:
		c.buf = make([]byte, largeBuffer)
	}
	c.buf = c.buf[:cap(c.buf)]
	n, err := c.readStream(ctx, c.buf)
	for i := 0; n == 0 && err == nil && i < maxEmptyReads; i++ {
		n, err = c.readStream(ctx, c.buf)
	}
	c.r, c.w = 0, n
	switch {
	case n > 0:
		return nil // an error comes again
	case err == nil:
		return c.lost(io.ErrNoProgress)
	case ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) && !c.hasEnded():
		return err
	}
	return c.lost(err)
}
