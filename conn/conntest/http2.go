package conntest

import "time"

// HTTP2 returns e as a handler of net/http sees a stream of HTTP/2 (an extended
// CONNECT, RFC 8441), and makes the pipe such a stream: no reset takes along what
// has arrived, and no Close resets. Call it before the pipe is used, and use e itself
// only for its flows from then on.
func (e *End) HTTP2() *HTTP2Stream {
	e.p.lock()
	defer e.p.mu.Unlock()
	e.p.http2, e.oneShot = true, true
	return &HTTP2Stream{e}
}

// HTTP2Stream is a stream of HTTP/2 as a handler of net/http sees it, through the
// request's body, the [net/http.ResponseWriter] and its
// [net/http.ResponseController]. It has no half-close, and deadlines that work
// once:
//
//   - When a read deadline passes, reading ends for good: what had arrived by
//     then can be read, and then [os.ErrDeadlineExceeded] comes for ever, whatever
//     deadline is set. What arrives later is lost and fills the window. Writing
//     goes on.
//   - When a write deadline passes, even if no Write runs, the stream is reset. A
//     Write that waited fails with [os.ErrDeadlineExceeded], later ones with
//     [syscall.ECONNRESET].
type HTTP2Stream struct{ e *End }

// Read is [End.Read].
func (s *HTTP2Stream) Read(b []byte) (int, error) { return s.e.Read(b) }

// Write is [End.Write], flushed.
func (s *HTTP2Stream) Write(b []byte) (int, error) { return s.e.Write(b) }

// Close is the return of the handler: the peer reads what is under way, then
// [io.EOF], and its Writes fail with [syscall.EPIPE]. What it still sends is lost.
func (s *HTTP2Stream) Close() error { return s.e.Close() }

// SetReadDeadline sets the read deadline; the zero time means none.
func (s *HTTP2Stream) SetReadDeadline(t time.Time) error { return s.e.SetReadDeadline(t) }

// SetWriteDeadline sets the write deadline; the zero time means none.
func (s *HTTP2Stream) SetWriteDeadline(t time.Time) error { return s.e.SetWriteDeadline(t) }

// readTimeout is the passing of a read deadline that works once.
func (e *End) readTimeout(time.Time) {
	e.readDeadline = time.Time{}
	if !e.ended && !e.reset {
		e.readTimedOut = true
	}
}

// writeTimeout is the passing of a write deadline that works once.
func (e *End) writeTimeout(at time.Time) {
	e.writeDeadline = time.Time{}
	if e.reset {
		return
	}
	e.writeTimedOut = true
	e.struck(false)
	e.out.signal(cut, at)
}
