package conn

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/parleyws/parley/frame"
)

// Write sends a message, in one frame. data is only read, and not kept. It is
// safe to call from any goroutine; messages leave whole, one after another.
//
// If ctx ends while nothing of the message has left, Write returns the error of
// ctx and the connection goes on. If part of it has, the connection fails with
// [ErrPartialWrite]. If the stream takes no more, what the peer had sent can
// still be read for as long as CloseTimeout. Once nothing can be written any
// more, errors.Is(err, [net.ErrClosed]), and errors.As finds the [*CloseError].
func (c *Conn) Write(ctx context.Context, t Type, data []byte) error {
	return c.write(ctx, t, data, true)
}

// WriteUncompressed sends a message as [Conn.Write] does, but never compresses
// it: for what is compressed already, such as pictures, and for secrets, whose
// length after compression would tell how much they have in common with other
// messages.
func (c *Conn) WriteUncompressed(ctx context.Context, t Type, data []byte) error {
	return c.write(ctx, t, data, false)
}

func (c *Conn) write(ctx context.Context, t Type, data []byte, compress bool) error {
	if t != Text && t != Binary {
		return fmt.Errorf("websocket: %d is not a type of message", t)
	}
	if err := c.takeWire(ctx); err != nil {
		return err
	}
	defer c.releaseWire()

	room := writeBuffers.Get().(*[]byte)
	defer putWriteBuffer(room)
	b, err := c.encode(ctx, (*room)[:0], t, data, compress)
	*room = b
	if err != nil {
		return err
	}
	return c.send(ctx, b, true)
}

// encode appends a message to dst, by the holder of wire. To compress it may
// have to wait for its turn.
func (c *Conn) encode(ctx context.Context, dst []byte, t Type, data []byte, compress bool) ([]byte, error) {
	if !compress || !c.out.Compresses(len(data)) {
		return c.out.AppendUncompressed(dst, frame.Opcode(t), data)
	}
	if !c.opts.CompressLimit.TryAcquire() {
		if err := c.awaitTurn(ctx); err != nil {
			return dst, err
		}
	}
	defer c.opts.CompressLimit.Release()
	return c.out.AppendMessage(dst, frame.Opcode(t), data)
}

// awaitTurn waits for a turn to compress, until ctx, the connection or the
// time for a write ends. Nothing has been sent then, so the connection goes on.
// The holder of wire that waits sends what is owed first, so that the peer need
// not wait as well.
func (c *Conn) awaitTurn(ctx context.Context) error {
	c.sendOwed()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(c.ctx, cancel)()
	if c.opts.WriteTimeout > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeoutCause(ctx, c.opts.WriteTimeout, errNoTurn)
		defer stop()
	}
	err := c.opts.CompressLimit.Acquire(ctx)
	if ended := c.writeError(); ended != nil {
		if err == nil {
			c.opts.CompressLimit.Release()
		}
		return ended
	}
	return err
}

// errNoTurn is a timeout as package os knows them.
var errNoTurn = fmt.Errorf("others took too long (Options.CompressLimit): %w", os.ErrDeadlineExceeded)

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
	if err := c.writeError(); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if ok, err := c.wire.take(ctx, c.ended); !ok {
		if err == nil {
			err = c.writeError()
		}
		return err
	}
	if err := c.writeError(); err != nil {
		c.releaseWire()
		return err
	}
	return nil
}

// send writes encoded frames, by the holder of wire. If retractable, the
// connection goes on if ctx ends before any of them has left.
func (c *Conn) send(ctx context.Context, b []byte, retractable bool) error {
	n, err := c.writeStream(ctx, b)
	if err == nil {
		return nil
	}
	cause := context.Cause(ctx)
	if cause != nil && errors.Is(err, cause) {
		if n == 0 && retractable && !c.hasEnded() {
			c.out.Retract()
			return err
		}
		err = fmt.Errorf("%w: %w", ErrPartialWrite, err)
	} else if !errors.Is(err, os.ErrDeadlineExceeded) && !c.hasEnded() {
		return c.failWriting(err)
	}
	end := c.finish(CloseError{Code: frame.AbnormalClosure, Err: err})
	return &writeClosedError{end}
}

// failWriting ends the writing half, by the holder of wire, because the stream
// will take no more. What the peer had sent by then can still be read, and whoever
// reads it finds the end; if nobody does, the connection is cut before long.
func (c *Conn) failWriting(err error) error {
	c.writeFailed.Store(&CloseError{Remote: true, Code: frame.AbnormalClosure, Err: err})
	c.cutLater()
	return c.writeError()
}

// writeError returns why nothing more can be written, or nil.
func (c *Conn) writeError() error {
	if c.hasEnded() {
		return &writeClosedError{c.end}
	}
	if failed := c.writeFailed.Load(); failed != nil {
		return &writeClosedError{failed}
	}
	if sent := c.closeSent.Load(); sent != nil {
		return &writeClosedError{&CloseError{Code: sent.code, Reason: sent.reason}}
	}
	return nil
}
