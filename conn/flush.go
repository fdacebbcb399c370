package conn

import (
	"context"
	"errors"
	"time"

	"github.com/parleyws/parley/frame"
)

// send sends the frames that the holder of wire has appended to the buffer at
// start, now or, if the reading half is to come this way soon, then. If ctx ends
// before any of them has left, nothing has happened: the error is that of ctx, and
// unsent. Any other error is the end of writing.
func (c *Conn) send(ctx context.Context, start int) (unsent bool, err error) {
	if c.mayWait() {
		return false, nil
	}
	return c.judge(ctx, start, c.flush(ctx))
}

// judge says what an error of flush means for the frames that begin at start.
func (c *Conn) judge(ctx context.Context, start int, err error) (unsent bool, _ error) {
	if err == nil {
		return false, nil
	}
	if cause := context.Cause(ctx); cause != nil && errors.Is(err, cause) && !c.hasEnded() {
		if c.out.unsent(start) {
			c.out.truncate(start)
			return true, err
		}
		c.abandon(err)
	}
	return false, c.writeError()
}

// unsent reports whether nothing has left of what was appended at start.
func (o *outgoing) unsent(start int) bool { return o.buf != nil && o.sent <= start }

// flush writes what is in the buffer, by the holder of wire. An error other than
// that of ctx is the end of writing.
func (c *Conn) flush(ctx context.Context) error {
	out := &c.out
	if out.buf == nil {
		return nil
	}
	// First without waiting, so that others can see how much is waited for.
	if c.tryWrite() {
		return nil
	}
	n, err := c.writeStream(ctx, (*out.buf)[out.sent:])
	c.left(n)
	if err != nil {
		c.writeEnds(ctx, err)
	}
	return err
}

// tryWrite writes what is in the buffer as far as there is room for it, and
// reports whether nothing is left.
func (c *Conn) tryWrite() bool {
	n := c.out.raw.tryWrite((*c.out.buf)[c.out.sent:])
	c.out.counts.wire.Add(uint64(n))
	c.left(n)
	return c.out.buf == nil
}

// left notes that n bytes of the buffer have left.
func (c *Conn) left(n int) {
	c.progress(n)
	if c.out.note(n) && c.out.pinging {
		c.out.pinging = false
		c.pinged.Store(int64(time.Since(c.opened)))
	}
}

// progress notes that n bytes have left, for the sake of a ping behind them.
func (c *Conn) progress(n int) {
	if n > 0 && (c.out.pinging || c.owed.ping.Load()) {
		c.written.Store(int64(time.Since(c.opened)))
	}
}

// flushWith writes what is in the buffer, and data behind it, without copying
// data. It returns how much of data has left.
func (c *Conn) flushWith(ctx context.Context, data []byte) (n int, err error) {
	out := &c.out
	var head []byte
	if out.buf != nil {
		head = (*out.buf)[out.sent:]
	}
	n, err = c.writeVectorStream(ctx, head, data)
	c.left(min(n, len(head)))
	if err != nil {
		c.writeEnds(ctx, err)
	}
	return max(n-len(head), 0), err
}

// writeEnds judges an error of the stream.
func (c *Conn) writeEnds(ctx context.Context, err error) {
	switch cause := context.Cause(ctx); {
	case c.hasEnded():
	case cause != nil && errors.Is(err, cause):
		// What others have written is still to be sent.
		c.watchBuffer()
	case errors.Is(err, ErrWriteTimeout):
		c.finish(CloseError{Code: frame.AbnormalClosure, Err: err})
	default:
		c.failWriting(err)
	}
}
