package conn

import (
	"context"
	"sync"
	"sync/atomic"
)

// lock is a mutex that can be waited for with a context. Those who wait get it
// in the order in which they came. The zero value is free.
type lock struct {
	state atomic.Int32 // what of free, held and wanted it is
	mu    sync.Mutex
	queue []chan struct{} // of those who wait; the lock is theirs once it is closed
}

const (
	free   = iota
	held   // and nobody waits
	wanted // held, and somebody may wait
)

// try takes the lock if it is free.
func (l *lock) try() bool { return l.state.CompareAndSwap(free, held) }

// take waits for the lock until ctx ends or done is closed. The error is that
// of ctx, or nil with ok false.
func (l *lock) take(ctx context.Context, done <-chan struct{}) (ok bool, err error) {
	if l.try() {
		return true, nil
	}
	mine := l.enqueue()
	if mine == nil {
		return true, nil
	}
	select {
	case <-mine:
		return true, nil
	case <-done:
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	l.leave(mine)
	return false, err
}

// enqueue takes the lock if it is free by now, and returns nil, or the channel
// that will be closed when it is the caller's.
func (l *lock) enqueue() chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		if l.state.CompareAndSwap(free, held) {
			return nil
		}
		if l.state.Load() == wanted || l.state.CompareAndSwap(held, wanted) {
			mine := make(chan struct{})
			l.queue = append(l.queue, mine)
			return mine
		}
	}
}

// leave gives up waiting. A lock that was handed over meanwhile goes on to the
// next.
func (l *lock) leave(mine chan struct{}) {
	l.mu.Lock()
	for i, ch := range l.queue {
		if ch == mine {
			l.queue = append(l.queue[:i], l.queue[i+1:]...)
			l.mu.Unlock()
			return
		}
	}
	l.mu.Unlock()
	l.release()
}

// release hands the lock to whoever has waited longest.
func (l *lock) release() {
	if l.state.CompareAndSwap(held, free) {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queue) == 0 {
		l.queue = nil
		l.state.Store(free)
		return
	}
	next := l.queue[0]
	l.queue = append(l.queue[:0], l.queue[1:]...)
	close(next)
}
