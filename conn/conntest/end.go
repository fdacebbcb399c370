package conntest

import (
	"io"
	"net"
	"os"
	"syscall"
	"time"
)

// End is one end of a pipe: a [net.Conn] with halves that close by themselves,
// as a *[net.TCPConn]. All its methods may be called from any goroutine; of
// several Writes at a time each goes whole before the next.
//
// Errors are those that a TCP connection returns, as *[net.OpError]:
// errors.Is finds [net.ErrClosed] after Close, [os.ErrDeadlineExceeded] after a
// deadline, [syscall.ECONNRESET] on an end that was reset, and [syscall.EPIPE]
// for a Write after CloseWrite. The end of the stream is [io.EOF].
type End struct {
	p             *pipe
	in, out       *Flow
	local, remote net.Addr

	readDeadline  time.Time // zero if there is none
	writeDeadline time.Time
	oneShot       bool // a deadline ends its half for good: see HTTP2
	readTimedOut  bool // for good
	writeTimedOut bool // for good

	closed    bool // by Close
	halfEnded bool // by CloseWrite
	ended     bool // the peer's FIN has arrived
	reset     bool // a reset has struck
	lost      bool // and reads end by it; if not, they end by the FIN before it
	stopped   bool // the peer takes no more
}

// In returns the direction from the peer to e, which is the peer's Out.
func (e *End) In() *Flow { return e.in }

// Out returns the direction from e to the peer, which is the peer's In.
func (e *End) Out() *Flow { return e.out }

// LocalAddr returns the address of e.
func (e *End) LocalAddr() net.Addr { return e.local }

// RemoteAddr returns the address of the peer.
func (e *End) RemoteAddr() net.Addr { return e.remote }

// Read reads what has arrived, and waits for it if nothing has. It returns
// [io.EOF] after the last byte that the peer sent before it closed, or closed
// its half.
func (e *End) Read(b []byte) (n int, err error) {
	now := e.p.lock()
	defer e.p.mu.Unlock()
	e.in.stats.Reads++
	e.p.until(now, &e.in.stats.ReadsWaiting, &e.readDeadline, func(now time.Time, _ bool) (done bool) {
		n, done, err = e.tryRead(b, now)
		return done
	})
	return n, e.failed("read", err)
}

// tryRead is Read without waiting.
func (e *End) tryRead(b []byte, now time.Time) (n int, done bool, err error) {
	switch {
	case e.closed:
		return 0, true, net.ErrClosed
	case len(b) == 0:
		return 0, true, nil
	case !e.oneShot && passed(e.readDeadline, now):
		return 0, true, os.ErrDeadlineExceeded
	}
	f := e.in
	most := f.readSizes.next(len(b))
	if most == 0 {
		f.readSizes.spend()
		return 0, true, nil
	}
	if n = f.take(b[:most]); n > 0 {
		f.readSizes.spend()
		e.p.notify() // there is room again
		if f.errorWithData {
			err = e.readEnd()
		}
		return n, true, err
	}
	err = e.readEnd()
	return 0, err != nil, err
}

// readEnd returns why no byte can be read any more, or nil if one is there or
// may come.
func (e *End) readEnd() error {
	switch {
	case e.in.readFault.hit(e.in.stats.BytesRead):
		return e.in.readFault.err
	case e.in.stats.Unread > 0:
		return nil
	case e.readTimedOut:
		return os.ErrDeadlineExceeded
	case e.lost:
		return syscall.ECONNRESET
	case e.ended:
		return io.EOF
	}
	return nil
}

// Write sends b. It returns when all of it is under way: when the window has
// taken it, not when the peer has read it.
//
// The first Write after the peer has closed succeeds, as on TCP: its bytes
// travel, and are answered with a reset.
func (e *End) Write(b []byte) (n int, err error) {
	now := e.p.lock()
	defer e.p.mu.Unlock()
	f := e.out
	f.stats.Writes++
	turn := false
	e.p.until(now, &f.stats.WritesWaiting, &e.writeDeadline, func(now time.Time, waited bool) (done bool) {
		for {
			if err = e.writeEnd(now, waited); err != nil {
				return true
			}
			if !turn && f.taken {
				return false
			}
			f.taken, turn = true, true
			if n == len(b) {
				return true
			}
			k := f.admit(b[n:], now)
			if k == 0 {
				return false
			}
			e.p.advance(now)
			if n += k; n == len(b) {
				return true
			}
		}
	})
	if turn {
		f.taken = false
		e.p.notify()
	}
	return n, e.failed("write", err)
}

// writeEnd returns why no byte can be written any more, or nil.
func (e *End) writeEnd(now time.Time, waited bool) error {
	switch {
	case e.closed:
		return net.ErrClosed
	case e.writeTimedOut && waited:
		return os.ErrDeadlineExceeded
	case !e.oneShot && passed(e.writeDeadline, now):
		return os.ErrDeadlineExceeded
	case e.reset:
		return syscall.ECONNRESET
	case e.halfEnded || e.stopped:
		return syscall.EPIPE
	case e.out.writeFault.hit(e.out.stats.BytesWritten):
		return e.out.writeFault.err
	}
	return nil
}
