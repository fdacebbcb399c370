package conn

import (
	"context"
	"fmt"

	"github.com/parleyws/parley/frame"
)

// abandon ends the connection because part of a frame has left and the rest will
// not.
func (c *Conn) abandon(cause error) {
	if failed := c.writeFailed.Load(); failed != nil {
		c.finish(*failed) // which is why this was the last to be written
		return
	}
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
		go c.sayLast(end)
	}
	return c.writeError()
}

// sayLast sends a close frame that says how writing has come to its end, though
// nobody may write any more.
func (c *Conn) sayLast(end *CloseError) {
	ctx, cancel := c.closeContext(context.Background())
	defer cancel()
	if ok, _ := c.wire.take(ctx, c.ended); !ok {
		c.leftQueue(&c.wire)
	} else {
		err := c.sendCloseFrame(ctx, end.Code, end.Reason)
		c.wire.release()
		if err == nil {
			return
		}
	}
	c.finish(*end)
}

// failWriting ends the writing half, by the holder of wire, because the stream
// takes no more. What the peer had sent by then can still be read, and whoever
// reads it finds the end; if nobody does, the connection is cut before long.
func (c *Conn) failWriting(err error) {
	c.streamFailed.Store(true) // also if writing has come to its end before
	c.writeFailed.CompareAndSwap(nil, &CloseError{Remote: true, Code: frame.AbnormalClosure, Err: err})
	c.cutLater(false)
}

// streamIsDead reports whether the stream takes nothing more, not even what was
// written before writing came to its end.
func (c *Conn) streamIsDead() bool { return c.hasEnded() || c.streamFailed.Load() }

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
