package conn

import (
	"context"
	"errors"
	"fmt"

	"github.com/parleyws/parley/conn/message"
	"github.com/parleyws/parley/frame"
)

// outgoing is the writing half of a connection. It has two encoders, so that a
// control frame need not wait until a message is compressed or streamed.
type outgoing struct {
	messages message.Encoder // of the holder of turn: what depends on other messages

	// Of the holder of wire:
	frames    message.Encoder // what depends on nothing: control frames, plain messages
	streaming bool            // a message has begun and not ended, so no other may begin
	rest      []byte          // of a frame of which part has left: see NetConn
	half      half
	guard     guard
}

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
	if ok, err := l.take(ctx, c.ended); !ok {
		if err == nil {
			err = c.writeError()
		}
		return err
	}
	return nil
}

// releaseWire sends what is owed and lets go of wire.
func (c *Conn) releaseWire() {
	for {
		c.sendOwed()
		c.wire.release()
		// A ping that came between the two lines above found wire held.
		if c.hasEnded() || !c.owed.isPending() || !c.wire.try() {
			return
		}
	}
}

// send writes encoded frames, by the holder of wire. If ctx ends before any of
// them has left, nothing has happened: the error is that of ctx, and unsent. Any
// other error is the end of writing.
func (c *Conn) send(ctx context.Context, b []byte) (unsent bool, err error) {
	n, err := c.sendSome(ctx, b)
	if err == nil {
		return false, nil
	}
	if cause := context.Cause(ctx); cause != nil && errors.Is(err, cause) && !c.hasEnded() {
		if n == 0 {
			return true, err
		}
		c.abandon(err)
	}
	return false, c.writeError()
}

// sendSome writes what is left of an earlier frame and then b, of which it
// returns how much has left. An error other than that of ctx is the end of writing.
func (c *Conn) sendSome(ctx context.Context, b []byte) (n int, err error) {
	if rest := c.out.rest; len(rest) == 0 {
		n, err = c.writeStream(ctx, b)
	} else {
		n, err = c.writeStream(ctx, append(rest, b...))
		c.out.rest = rest[min(n, len(rest)):]
		n -= len(rest)
	}
	switch cause := context.Cause(ctx); {
	case err == nil || c.hasEnded() || cause != nil && errors.Is(err, cause):
	case errors.Is(err, ErrWriteTimeout):
		c.finish(CloseError{Code: frame.AbnormalClosure, Err: err})
	default:
		c.failWriting(err)
	}
	return max(n, 0), err
}

// abandon ends the connection because part of a frame has left and the rest will
// not.
func (c *Conn) abandon(cause error) {
	c.finish(CloseError{Code: frame.AbnormalClosure, Err: partialWrite(cause)})
}

func partialWrite(cause error) error { return fmt.Errorf("%w: %w", ErrPartialWrite, cause) }

// breakOff ends the connection, by the holder of turn, because some fragments of a
// message have left and the rest will not. The last of them was whole, so the peer
// can be told; that takes its time, for which the caller does not wait.
func (c *Conn) breakOff(cause error) error {
	if err := c.writeError(); err != nil {
		return err
	}
	end := &CloseError{Code: frame.InternalError, Reason: "message broken off", Err: partialWrite(cause)}
	if c.writeFailed.CompareAndSwap(nil, end) {
		c.cutLater(false)
		go c.sayBrokenOff(end)
	}
	return c.writeError()
}

func (c *Conn) sayBrokenOff(end *CloseError) {
	ctx, cancel := c.closeContext(context.Background())
	defer cancel()
	if ok, _ := c.wire.take(ctx, c.ended); ok {
		c.sendCloseFrame(ctx, end.Code, end.Reason)
		c.wire.release()
	}
}

// failWriting ends the writing half, by the holder of wire, because the stream
// will take no more. What the peer had sent by then can still be read, and whoever
// reads it finds the end; if nobody does, the connection is cut before long.
func (c *Conn) failWriting(err error) {
	c.writeFailed.CompareAndSwap(nil, &CloseError{Remote: true, Code: frame.AbnormalClosure, Err: err})
	c.cutLater(false)
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
