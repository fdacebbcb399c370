package conn

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parleyws/parley/frame"
)

// NetConn is a connection as a [net.Conn]: a stream of bytes for which messages
// are only the envelope. See [Conn.NetConn]. All its methods may be called from
// any goroutine.
type NetConn struct {
	c       *Conn
	op      frame.Opcode
	reading lock
	number  uint64                // of the message that is being read
	eof     atomic.Pointer[error] // that a normal closure is; no lock guards the end
	read    deadline
	write   deadline

	closed atomic.Bool
}

// NetConn returns c as a stream of bytes, to carry another protocol. Every Write
// sends one message of type t; Read does not see where messages end. A message of
// the other type fails the connection with 1003. Text must be UTF-8 in every
// message, so for anything but text t should be [Binary].
//
// As nothing is collected, MaxMessage and MaxFrames do not hold for what is read
// through the NetConn. Read returns [io.EOF] after a normal closure by the peer
// (1000, 1001, or no code), and the [*CloseError] after any other.
//
// Without a deadline Write waits no longer than WriteTimeout, and then the
// connection fails: for peers that pause, set that to -1.
//
// c may still be used for all else, such as pings. One reads either through c or
// through the NetConn.
func (c *Conn) NetConn(t Type) *NetConn {
	n := &NetConn{c: c, op: frame.Opcode(t)}
	n.read.init()
	n.write.init()
	return n
}

// Read reads the next bytes. A read whose deadline passes has lost nothing.
func (n *NetConn) Read(p []byte) (int, error) {
	ctx := n.read.context()
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	if len(p) == 0 {
		return 0, nil
	}
	if ok, err := n.reading.take(ctx, n.c.ended); err != nil {
		return 0, err
	} else if ok {
		defer n.reading.release()
	}
	k, err := n.readFrom(ctx, p)
	if err != nil && errors.Is(context.Cause(ctx), net.ErrClosed) {
		err = net.ErrClosed
	}
	return k, err
}

func (n *NetConn) readFrom(ctx context.Context, p []byte) (int, error) {
	c := n.c
	if err := c.beginReading(ctx); err != nil {
		return 0, n.endOfStream(err, io.EOF)
	}
	defer c.doneReading()
	in := &c.in
	for {
		// Until the message ends, also if that is read in another style.
		in.MaxMessage, in.MaxFrames = -1, -1
		if !in.message.stream || in.message.number != n.number {
			t, err := c.beginStream(ctx)
			if err != nil {
				return 0, n.endOfStream(err, io.EOF)
			}
			if frame.Opcode(t) != n.op {
				return 0, c.fail(errWrongType)
			}
			n.number = in.message.number
		}
		// The end of a message is not the end of the stream.
		if k, err := c.readStreamed(ctx, p); err != io.EOF {
			return k, n.endOfStream(err, io.ErrUnexpectedEOF)
		}
	}
}

// endOfStream returns eof in the place of a normal closure, and from then on.
func (n *NetConn) endOfStream(err, eof error) error {
	var end *CloseError
	if !errors.As(err, &end) || end.Err != nil || !end.normalCode() {
		return err
	}
	if !end.Remote && (!end.Clean || n.c.closing.Load()) { // but after CloseWrite
		return err
	}
	n.eof.CompareAndSwap(nil, &eof)
	return *n.eof.Load()
}

var errWrongType = &frame.Error{
	Code:    frame.UnsupportedData,
	Section: "RFC 6455 7.4.1",
	Reason:  "message of the wrong type",
}

// Write sends p as one message, also if it is empty, and never compressed.
// If its deadline passes when part of it has left, the rest leaves before whatever
// is written next: it counts as written, though the error is
// [os.ErrDeadlineExceeded].
func (n *NetConn) Write(p []byte) (int, error) {
	ctx := n.write.context()
	k, err := n.c.writeToStream(ctx, Type(n.op), p)
	if err != nil && errors.Is(context.Cause(ctx), net.ErrClosed) {
		err = net.ErrClosed
	}
	return k, err
}

// writeToStream is writePlain for a stream of bytes, in which what has not left
// yet may follow later.
func (c *Conn) writeToStream(ctx context.Context, t Type, data []byte) (int, error) {
	if err := c.checkMessage(t, data); err != nil {
		return 0, err
	}
	if err := c.awaitQueue(ctx); err != nil {
		return 0, err
	}
	inTurn, err := c.takeWireForMessage(ctx)
	if err != nil {
		return 0, err
	}
	release := func() {
		c.releaseWire()
		if inTurn {
			c.releaseTurn()
		}
	}
	room := c.out.room()
	start := len(*room)
	*room, err = c.out.frames.AppendUncompressed(*room, frame.Opcode(t), data)
	if err != nil {
		release()
		return 0, err
	}
	if c.mayWait() {
		c.out.counts.message(len(data), nil)
		release()
		return len(data), nil
	}
	if c.out.half.stream == nil {
		return c.flushAside(ctx, len(data), release)
	}
	defer release()
	err = c.flush(ctx)
	switch {
	case err == nil:
	case c.writeError() != nil:
		return 0, c.writeError()
	case c.out.unsent(start):
		c.out.truncate(start)
		return 0, err
	}
	c.out.counts.message(len(data), nil)
	return len(data), err
}

// flushAside flushes a stream whose writes cannot be interrupted, in a goroutine
// that keeps what the caller holds until it is done, so that the caller can leave:
// then the message counts as written.
func (c *Conn) flushAside(ctx context.Context, size int, release func()) (int, error) {
	done := make(chan error, 1)
	go func() {
		err := c.flush(context.Background())
		c.out.counts.message(size, err)
		release()
		done <- err
	}()
	select {
	case err := <-done:
		if err != nil {
			return 0, c.writeError()
		}
		return size, nil
	case <-ctx.Done():
		return size, context.Cause(ctx)
	}
}

// Close sends a close frame with code 1000, for which it waits a second at most;
// the rest of the closing handshake takes its course without the caller, within
// CloseTimeout. Reads and writes that wait return [net.ErrClosed].
func (n *NetConn) Close() error {
	if !n.closed.CompareAndSwap(false, true) {
		return nil
	}
	n.read.end(net.ErrClosed)
	n.write.end(net.ErrClosed)
	sent := make(chan struct{})
	go func() {
		err := n.c.CloseWrite(context.Background(), frame.NormalClosure, "")
		close(sent)
		if err != nil {
			n.c.CloseNow()
			return
		}
		n.c.Close(context.Background(), frame.NormalClosure, "")
	}()
	timer := time.NewTimer(lingerTime)
	defer timer.Stop()
	select {
	case <-sent:
	case <-timer.C:
	}
	return nil
}

// CloseWrite sends a close frame with code 1000. What the peer has still to send
// can be read; then Read returns [io.EOF].
func (n *NetConn) CloseWrite() error {
	return n.c.CloseWrite(context.Background(), frame.NormalClosure, "")
}

// LocalAddr returns this endpoint's network address.
func (n *NetConn) LocalAddr() net.Addr { return orNowhere(n.c.LocalAddr()) }

// RemoteAddr returns the peer's network address.
func (n *NetConn) RemoteAddr() net.Addr { return orNowhere(n.c.RemoteAddr()) }

// nowhere is the address of a stream that has none.
type nowhere struct{}

func (nowhere) Network() string { return "websocket" }
func (nowhere) String() string  { return "websocket" }

func orNowhere(a net.Addr) net.Addr {
	if a == nil {
		return nowhere{}
	}
	return a
}

// SetDeadline sets both deadlines. The zero time is none. A deadline that has
// passed can be set again.
func (n *NetConn) SetDeadline(t time.Time) error {
	return errors.Join(n.SetReadDeadline(t), n.SetWriteDeadline(t))
}

// SetReadDeadline sets until when a Read may wait, also one that waits already.
func (n *NetConn) SetReadDeadline(t time.Time) error { return n.read.set(t) }

// SetWriteDeadline sets until when a Write may wait, also one that waits already.
func (n *NetConn) SetWriteDeadline(t time.Time) error { return n.write.set(t) }

// deadline is a context that ends at a time that can be changed.
type deadline struct {
	mu     sync.Mutex
	ctx    context.Context
	cancel context.CancelCauseFunc
	timer  *time.Timer
	closed bool
}

func (d *deadline) init() {
	d.ctx, d.cancel = context.WithCancelCause(context.Background())
}

func (d *deadline) context() context.Context {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ctx
}

// set moves the end to t. Only a context that has ended is replaced, so that
// calls which wait already are moved too.
func (d *deadline) set(t time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return net.ErrClosed
	}
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	if d.ctx.Err() != nil {
		d.init()
	}
	if t.IsZero() {
		return nil
	}
	left := time.Until(t)
	if left <= 0 {
		d.cancel(os.ErrDeadlineExceeded)
		return nil
	}
	var timer *time.Timer
	timer = time.AfterFunc(left, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.timer == timer {
			d.cancel(os.ErrDeadlineExceeded)
		}
	})
	d.timer = timer
	return nil
}

// end ends the context for good.
func (d *deadline) end(cause error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	d.closed = true
	if d.ctx.Err() != nil {
		d.init()
	}
	d.cancel(cause)
}
