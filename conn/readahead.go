package conn

import (
	"context"
	"time"
)

// readAhead reads from a stream that cannot be interrupted, in a goroutine of
// its own, so that whoever waits for the bytes can leave and come back for them.
// It is of the holder of reader.
type readAhead struct {
	result chan readResult // of the read that is under way; nil if there is none
}

type readResult struct {
	n   int
	err error
}

// readAside is readStream for a stream that cannot be interrupted. p belongs to
// the goroutine that reads until the call that returns its bytes, which need not
// be this one: the caller must come with the same p again.
func (c *Conn) readAside(ctx context.Context, deadline time.Time, p []byte) (int, error) {
	a := &c.in.ahead
	if a.result == nil {
		if ctx.Done() == nil && deadline.IsZero() {
			return c.rw.Read(p)
		}
		result := make(chan readResult, 1)
		a.result = result
		go func() {
			n, err := c.rw.Read(p)
			result <- readResult{n, err}
		}()
	}
	var late <-chan time.Time
	if !deadline.IsZero() {
		timer := time.NewTimer(time.Until(deadline))
		defer timer.Stop()
		late = timer.C
	}
	select {
	case r := <-a.result:
		a.result = nil
		return r.n, r.err
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	case <-late:
		return 0, errReadLate
	case <-c.ended:
		return 0, c.end
	}
}
