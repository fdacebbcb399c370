package conn

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/parleyws/parley/frame"
)

// deadliner is a stream whose calls can be interrupted, as a net.Conn.
type deadliner interface {
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
}

// halfCloser is a stream whose writing half can end by itself, as a
// *net.TCPConn or a *tls.Conn.
type halfCloser interface{ CloseWrite() error }

// longAgo is a deadline that interrupts a call at once.
var longAgo = time.Unix(1, 0)

// readStream reads from the stream until ctx ends. The error is that of ctx if
// it was the reason.
func (c *Conn) readStream(ctx context.Context, p []byte) (int, error) {
	done := c.watch(ctx, deadliner.SetReadDeadline)
	c.waiting.Store(true)
	n, err := c.rw.Read(p)
	c.waiting.Store(false)
	if n > 0 {
		c.lastRead.Store(int64(time.Since(c.opened)))
	}
	return n, interrupted(ctx, done(), err)
}

// writeStream writes all of p, within WriteTimeout and before ctx ends. n is
// how much of it left.
func (c *Conn) writeStream(ctx context.Context, p []byte) (n int, err error) {
	if dl, ok := c.rw.(deadliner); ok && c.opts.WriteTimeout > 0 {
		dl.SetWriteDeadline(time.Now().Add(c.opts.WriteTimeout))
	}
	done := c.watch(ctx, deadliner.SetWriteDeadline)
	n, err = c.rw.Write(p)
	return n, interrupted(ctx, done(), err)
}

// watch interrupts the calls of one half of the stream when ctx ends. The
// function that it returns ends the watch, makes the half usable again, and
// reports whether it interrupted.
func (c *Conn) watch(ctx context.Context, set func(deadliner, time.Time) error) (done func() bool) {
	if ctx.Done() == nil || ctx == c.ctx {
		return notWatched
	}
	dl, renewable := c.rw.(deadliner)
	fired := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(fired)
		if !renewable || set(dl, longAgo) != nil {
			c.finish(CloseError{Code: frame.AbnormalClosure, Err: context.Cause(ctx)})
		}
	})
	return func() bool {
		if stop() {
			return false
		}
		<-fired // or it would set the deadline of a later call
		if renewable {
			set(dl, time.Time{})
		}
		return true
	}
}

func notWatched() bool { return false }

// interrupted puts the error of ctx in the place of the timeout that it caused.
func interrupted(ctx context.Context, fired bool, err error) error {
	if fired && errors.Is(err, os.ErrDeadlineExceeded) {
		return context.Cause(ctx)
	}
	return err
}
