package conn

import "sync/atomic"

// Budget bounds the memory for messages that have begun and are still to be
// finished, in all connections that share it: the limit of one message says
// nothing of what ten thousand may hold that never end. See [Options.Budget]. All
// its methods may be called from any goroutine.
type Budget struct {
	size int64
	used atomic.Int64
}

// uncounted is how many bytes of a message a Budget does not count: as much as a
// connection's read buffer holds anyway.
const uncounted = largeBuffer

// NewBudget returns a Budget of so many bytes.
func NewBudget(bytes int64) *Budget { return &Budget{size: bytes} }

// Used returns how many bytes are in use.
func (b *Budget) Used() int64 { return b.used.Load() }

func (b *Budget) acquire(n int64) bool {
	if b.used.Add(n) > b.size {
		b.used.Add(-n)
		return false
	}
	return true
}

func (b *Budget) release(n int64) {
	if n > 0 {
		b.used.Add(-n)
	}
}
