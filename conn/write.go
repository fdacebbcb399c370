package conn

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/parleyws/parley/frame"
)

// Write sends a message, in one frame. data is only read, and not kept. It is
// safe to call from any goroutine; messages leave whole, one after another.
//
// If ctx ends while nothing of the message has left, Write returns the error of
// ctx and the connection goes on. If part of it has, or a compressed message
// is abandoned, the connection fails with [ErrPartialWrite]. After the end of
// the connection errors.Is(err, [net.ErrClosed]), and errors.As finds the
// [*CloseError].
func (c *Conn) Write(ctx context.Context, t Type, data []byte) error {
	if t != Text && t != Binary {
		return fmt.Errorf("websocket: %d is not a type of message", t)
	}
	if err := c.takeWire(ctx); err != nil {
		return err
	}
	defer c.releaseWire()

	room := writeBuffers.Get().(*[]byte)
	defer putWriteBuffer(room)
	b, err := c.out.AppendMessage((*room)[:0], frame.Opcode(t), data)
	*room = b
	if err != nil {
		return err
	}
	return c.send(ctx, b, c.out.Deflate == nil)
}

// writeBuffers holds buffers in which messages are encoded. Large ones are not
// kept: one large message must not cost its memory for ever.
var writeBuffers = sync.Pool{New: func() any { return new([]byte) }}

const maxKeptBuffer = 128 << 10 // bytes

func putWriteBuffer(b *[]byte) {
	if cap(*b) <= maxKeptBuffer {
		writeBuffers.Put(b)
	}
}

// takeWire takes the right to write frames.
func (c *Conn) takeWire(ctx context.Context) error {
	if c.hasEnded() {
		return &writeClosedError{c.end}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	ok, err := c.wire.take(ctx, c.ended)
	if err != nil {
		return err
	}
	if !ok {
		return &writeClosedError{c.end}
	}
	if c.hasEnded() {
		c.releaseWire()
		return &writeClosedError{c.end}
	}
	if sent := c.closeSent.Load(); sent != nil {
		c.releaseWire()
		return &writeClosedError{&CloseError{Code: sent.code, Reason: sent.reason}}
	}
	return nil
}

// send writes encoded frames, by the holder of wire. retractable says that the
// Encoder is none the worse if they never leave.
func (c *Conn) send(ctx context.Context, b []byte, retractable bool) error {
	n, err := c.writeStream(ctx, b)
	if err == nil {
		return nil
	}
	cause := context.Cause(ctx)
	if cause != nil && errors.Is(err, cause) {
		if n == 0 && retractable && !c.hasEnded() {
			return err
		}
		err = fmt.Errorf("%w: %w", ErrPartialWrite, err)
	}
	end := c.finish(CloseError{Code: frame.AbnormalClosure, Err: err})
	return &writeClosedError{end}
}
