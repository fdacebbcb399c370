package conn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/parleyws/parley/frame"
)

// halfCloser is a stream whose writing half can end by itself, as a
// *net.TCPConn or a *tls.Conn.
type halfCloser interface{ CloseWrite() error }

// tlsConn is a *tls.Conn, or what is like it. When a write on it has been
// interrupted it takes no other, and to close it waits for the peer, so it is cut
// underneath.
type tlsConn interface {
	HandshakeContext(context.Context) error
	NetConn() net.Conn
}

// cutStream closes the stream, and does not wait.
func (c *Conn) cutStream() {
	if t, ok := c.rw.(tlsConn); ok {
		t.NetConn().Close()
	}
	c.rw.Close()
}

// errReadLate says that a read has met its deadline, for a caller who knows
// what the deadline was for.
var errReadLate = fmt.Errorf("websocket: read: %w", os.ErrDeadlineExceeded)

// watchStream finds out how the calls of rw can be interrupted.
func (c *Conn) watchStream(rw io.ReadWriteCloser, oneShot bool) {
	c.rw = rw
	c.out.half.writing = true
	if raw := socket(rw); raw != nil {
		c.in.raw.open(raw, &c.in.buf)
		c.out.raw.open(raw)
	}
	if dl, ok := rw.(deadliner); ok && !oneShot {
		c.in.half.stream = dl
		if _, ok := rw.(tlsConn); !ok {
			c.out.half.stream = dl
			return
		}
	}
	c.out.half.cut = c.abandon
	c.out.guard = &guard{late: c.writeTooLate}
}

// readStream reads from the stream into the buffer until ctx ends or the
// deadline, if there is one, passes. The error is then that of ctx, or errReadLate,
// and nothing is lost. By the holder of reader.
func (c *Conn) readStream(ctx context.Context, deadline time.Time) (n int, err error) {
	c.phase.enter(waiting)
	if c.in.half.stream == nil {
		n, err = c.readAside(ctx, deadline)
	} else {
		n, err = c.readWithin(ctx, deadline)
	}
	c.in.buf.filled(n)
	if n > 0 {
		c.lastRead.Store(int64(time.Since(c.opened)))
		c.in.counts.wire.Add(uint64(n))
	}
	return n, err
}

func (c *Conn) readWithin(ctx context.Context, deadline time.Time) (n int, err error) {
	half := &c.in.half
	if err := half.begin(ctx, deadline); err != nil {
		return 0, err
	}
	if c.in.raw.conn != nil {
		n, err = c.in.raw.readInto()
	} else {
		n, err = c.rw.Read(c.in.buf.borrow())
	}
	interrupted := half.end()
	if err != nil && errors.Is(err, os.ErrDeadlineExceeded) {
		switch {
		case interrupted:
			err = context.Cause(ctx)
		case !deadline.IsZero():
			err = errReadLate
		}
	}
	return n, err
}

// writeStream writes all of p, within WriteTimeout and before ctx ends. n is
// how much of it left. By the holder of wire.
func (c *Conn) writeStream(ctx context.Context, p []byte) (n int, err error) {
	n, err = c.writeWaiting(ctx, func() (int, error) { return c.writeInSteps(p) })
	c.out.counts.wire.Add(uint64(n))
	return n, err
}

// writeStep is how many bytes are written at a time where nothing but keepalive
// bounds how long that takes, so that it can tell a slow peer from a dead one.
const writeStep = 16 << 10

func (c *Conn) writeInSteps(p []byte) (n int, err error) {
	if c.opts.WriteTimeout > 0 {
		return c.rw.Write(p)
	}
	for n < len(p) && err == nil {
		var m int
		m, err = c.rw.Write(p[n:min(len(p), n+writeStep)])
		c.progress(m)
		n += m
	}
	return n, err
}

// writeVectorStream is writeStream for two slices, on a stream that can do that.
func (c *Conn) writeVectorStream(ctx context.Context, head, data []byte) (n int, err error) {
	n, err = c.writeWaiting(ctx, func() (int, error) { return c.out.raw.writeVector(c.rw, head, data) })
	c.out.counts.wire.Add(uint64(n))
	return n, err
}

// writeWaiting calls write, which may have to wait for room.
func (c *Conn) writeWaiting(ctx context.Context, write func() (int, error)) (n int, err error) {
	half := &c.out.half
	if half.stream == nil {
		c.out.guard.start(c.opts.WriteTimeout)
		defer c.out.guard.end()
	}
	if err := half.begin(ctx, c.writeDeadline()); err != nil {
		return 0, err
	}
	n, err = write()
	interrupted := half.end()
	if err != nil && errors.Is(err, os.ErrDeadlineExceeded) {
		if interrupted {
			return n, context.Cause(ctx)
		}
		return n, ErrWriteTimeout
	}
	return n, err
}

// writeDeadline is WriteTimeout from now, or the deadline of an earlier write if
// at least three quarters of WriteTimeout are left of it: to set one costs as much
// as the encoding of a frame.
func (c *Conn) writeDeadline() time.Time {
	timeout := c.opts.WriteTimeout
	if timeout == 0 || c.out.half.stream == nil {
		return time.Time{}
	}
	now := time.Now()
	if left := c.out.half.deadline.Sub(now); left >= timeout-timeout/4 && left <= timeout {
		return c.out.half.deadline
	}
	return now.Add(timeout)
}

func (c *Conn) writeTooLate() {
	c.finish(CloseError{Code: frame.AbnormalClosure, Err: ErrWriteTimeout})
}

// guard bounds calls of a stream that cannot be interrupted. One timer serves
// them all.
type guard struct {
	late func() // ends a call that has taken too long

	mu    sync.Mutex
	timer *time.Timer
	until time.Time // zero while no call is under way
}

// start begins a call that may take as long as timeout, 0 for any time.
func (g *guard) start(timeout time.Duration) {
	if timeout == 0 {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.until = time.Now().Add(timeout)
	if g.timer == nil {
		g.timer = time.AfterFunc(timeout, g.check)
		return
	}
	g.timer.Reset(timeout)
}

// check runs when the timer fires, which may be for a call that has ended.
func (g *guard) check() {
	g.mu.Lock()
	over := !g.until.IsZero() && !time.Now().Before(g.until)
	g.mu.Unlock()
	if over {
		g.late()
	}
}

func (g *guard) end() {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.until = time.Time{}
	if g.timer != nil {
		g.timer.Stop()
	}
}
