package conn

import (
	"context"
	"time"
)

// readAhead reads from a stream that cannot be interrupted, in a goroutine of
// its own, so that whoever waits for the bytes can leave and come back for them. It
// begins when it is needed first, and ends with the connection. By the holder of
// reader.
type readAhead struct {
	requests chan []byte // nil until it is needed
	results  chan readResult
	busy     bool // a request is under way; the buffer is not ours meanwhile
	late     *time.Timer
}

type readResult struct {
	n   int
	err error
}

func (a *readAhead) begin(c *Conn) {
	a.requests, a.results = make(chan []byte, 1), make(chan readResult, 1)
	go func() {
		for {
			select {
			case p := <-a.requests:
				n, err := c.rw.Read(p)
				a.results <- readResult{n, err}
			case <-c.ended:
				return
			}
		}
	}()
}

// timer returns a channel that yields at the deadline, never for none.
func (a *readAhead) timer(deadline time.Time) <-chan time.Time {
	if deadline.IsZero() {
		return nil
	}
	left := time.Until(deadline)
	if a.late == nil {
		a.late = time.NewTimer(left)
	} else {
		a.late.Reset(left)
	}
	return a.late.C
}

// readAside is readStream for a stream that cannot be interrupted. What is under
// way when it returns early belongs to the next call.
func (c *Conn) readAside(ctx context.Context, deadline time.Time) (int, error) {
	a := &c.in.ahead
	if !a.busy {
		p := c.in.buf.borrow()
		if ctx.Done() == nil && deadline.IsZero() {
			return c.rw.Read(p)
		}
		if a.requests == nil {
			a.begin(c)
		}
		a.requests <- p
		a.busy = true
	}
	late := a.timer(deadline)
	if late != nil {
		defer a.late.Stop()
	}
	select {
	case r := <-a.results:
		a.busy = false
		return r.n, r.err
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	case <-late:
		return 0, errReadLate
	case <-c.ended:
		return 0, c.end
	}
}
