package conntest

import (
	"net"
	"time"
)

// SetDeadline sets both deadlines. See [End.SetReadDeadline] and
// [End.SetWriteDeadline].
func (e *End) SetDeadline(t time.Time) error {
	return e.setDeadlines(t, &e.readDeadline, &e.writeDeadline)
}

// SetReadDeadline sets when Reads, those that wait included, fail with
// [os.ErrDeadlineExceeded]; the zero time means never. A later deadline makes
// reading work again. It returns an error after Close.
func (e *End) SetReadDeadline(t time.Time) error { return e.setDeadlines(t, &e.readDeadline) }

// SetWriteDeadline sets when Writes, those that wait included, fail with
// [os.ErrDeadlineExceeded]; the zero time means never. A later deadline makes
// writing work again; n of the Write that failed says how much of it is under
// way. It returns an error after Close.
func (e *End) SetWriteDeadline(t time.Time) error { return e.setDeadlines(t, &e.writeDeadline) }

func (e *End) setDeadlines(t time.Time, deadlines ...*time.Time) error {
	now := e.p.lock()
	defer e.p.mu.Unlock()
	if e.closed {
		return e.failed("set", net.ErrClosed)
	}
	if e.oneShot && !t.IsZero() && t.Before(now) {
		t = now // it passes now, not when nobody had set it yet
	}
	for _, d := range deadlines {
		*d = t
	}
	e.p.notify()
	return nil
}

// passed reports whether a deadline has passed.
func passed(deadline, now time.Time) bool {
	return !deadline.IsZero() && !now.Before(deadline)
}
