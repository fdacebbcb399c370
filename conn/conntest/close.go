package conntest

import (
	"net"
	"syscall"
	"time"
)

// CloseWrite ends the half that sends: the peer reads what is under way, then
// [io.EOF]. Reading goes on. It returns an error after Close or a reset.
func (e *End) CloseWrite() error {
	now := e.p.lock()
	defer e.p.mu.Unlock()
	switch {
	case e.closed:
		return e.failed("close", net.ErrClosed)
	case e.reset:
		return e.failed("close", syscall.ENOTCONN)
	}
	e.endHalf(now)
	return nil
}

// Close closes e; calls that wait return. What the peer sees of it depends on
// what e has not read, as on TCP:
//
//   - If all that has arrived has been read, the peer reads what is under way,
//     then [io.EOF]. If it sends more after that, or more was still under way,
//     that is answered with a reset as soon as it arrives.
//   - If something has not been read, the peer is reset at once.
//
// So RFC 9293 section 3.6.1 wants it. A reset travels as bytes do, behind those
// that are under way. It takes along all that has arrived and that the peer has
// not read yet, as section 3.10.7.4 has it: from then on Read and Write of the peer
// return [syscall.ECONNRESET]. Linux is kinder, and lets the peer read what had
// arrived; a protocol cannot rely on that. For a reset that is as kind see
// [Flow.ResetAfter].
//
// A second Close returns an error; the first one after a reset does not.
func (e *End) Close() error {
	now := e.p.lock()
	defer e.p.mu.Unlock()
	return e.close(now, e.in.stats.Unread > 0 && !e.p.http2)
}

// Reset closes e and resets the peer, whether anything has been read or not: the
// Close of a TCP connection whose SO_LINGER is 0, or of a process that dies.
func (e *End) Reset() error {
	now := e.p.lock()
	defer e.p.mu.Unlock()
	return e.close(now, true)
}

func (e *End) close(now time.Time, hard bool) error {
	if e.closed {
		return e.failed("close", net.ErrClosed)
	}
	e.closed = true
	e.readDeadline, e.writeDeadline = time.Time{}, time.Time{} // or a oneShot resets the peer
	e.in.clear()
	if hard {
		e.out.signal(reset, now)
		return nil
	}
	e.endHalf(now)
	if e.p.http2 && !e.ended {
		e.out.signal(stop, now)
	}
	return nil
}

// endHalf ends the half that sends. A second FIN would do nothing.
func (e *End) endHalf(now time.Time) {
	e.halfEnded = true
	e.out.signal(fin, now)
}

// struck is what a reset does to e: the first one. A hard one takes along what e
// has not read.
func (e *End) struck(hard bool) {
	if e.reset {
		return
	}
	e.reset = true
	e.lost = hard || !e.ended
	if hard {
		e.in.clear()
	}
}
