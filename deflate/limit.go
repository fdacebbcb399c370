package deflate

import (
	"context"
	"fmt"
)

// DefaultLimit is how many calls a [Limit] lets run at once, unless it is told
// otherwise.
const DefaultLimit = 10

// Limit bounds how many goroutines compress at the same time, and with them
// the memory of their encoders, up to 1.2 MB each, and the share of the
// processors that goes to compression. Connections and servers that share a
// Limit share its turns, which go to those who wait in the order in which they
// came. It is safe for concurrent use, and costs a connection no memory.
//
// A nil *Limit, and the zero value, is no limit.
type Limit struct {
	turns chan struct{}
}

// NewLimit returns a Limit of n at once; 0 stands for [DefaultLimit], and less
// than 0 for no limit.
func NewLimit(n int) *Limit {
	switch {
	case n < 0:
		return &Limit{}
	case n == 0:
		n = DefaultLimit
	}
	return &Limit{make(chan struct{}, n)}
}

// Acquire waits for a turn, until ctx ends; its error then wraps the cause of
// ctx. After a nil error the caller has a turn, and must call Release. It is
// meant to be held for one call of [Compressor.Append] or
// [Compressor.AppendPiece], and not while waiting for anything else. It does
// not allocate.
func (l *Limit) Acquire(ctx context.Context) error {
	if ctx.Err() != nil {
		return noTurn(ctx)
	}
	if l.TryAcquire() {
		return nil
	}
	select {
	case l.turns <- struct{}{}:
		return nil
	case <-ctx.Done():
		return noTurn(ctx)
	}
}

// TryAcquire takes a turn as [Limit.Acquire] does, if it need not wait for it.
func (l *Limit) TryAcquire() bool {
	if l == nil || l.turns == nil {
		return true
	}
	select {
	case l.turns <- struct{}{}:
		return true
	default:
		return false
	}
}

func noTurn(ctx context.Context) error {
	return fmt.Errorf("websocket: waiting for a turn to compress: %w", context.Cause(ctx))
}

// Release gives a turn back. Without an Acquire before it, it takes somebody
// else's turn away, or does nothing.
func (l *Limit) Release() {
	if l == nil || l.turns == nil {
		return
	}
	select {
	case <-l.turns:
	default:
	}
}
