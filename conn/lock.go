package conn

import "context"

// lock is a mutex that can be waited for with a context.
type lock chan struct{}

func newLock() lock { return make(lock, 1) }

// try takes the lock if it is free.
func (l lock) try() bool {
	select {
	case l <- struct{}{}:
		return true
	default:
		return false
	}
}

// take waits for the lock until ctx ends or done is closed. The error is that
// of ctx, or nil with ok false.
func (l lock) take(ctx context.Context, done <-chan struct{}) (ok bool, err error) {
	if l.try() {
		return true, nil
	}
	select {
	case l <- struct{}{}:
		return true, nil
	case <-done:
		return false, nil
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
}

func (l lock) release() { <-l }
