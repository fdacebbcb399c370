package server

import (
	"context"
	"io"
	"time"
)

// interruptAfter makes what is going on on rw fail when ctx ends: by a
// deadline that has passed, or by closing rw if it has no deadlines. stop ends
// the watch and reports whether it has come to that.
func interruptAfter(ctx context.Context, rw io.ReadWriteCloser) (stop func() (interrupted bool)) {
	done := make(chan struct{})
	release := context.AfterFunc(ctx, func() {
		defer close(done)
		if d, ok := rw.(interface{ SetDeadline(time.Time) error }); ok {
			d.SetDeadline(time.Unix(1, 0))
		} else {
			rw.Close()
		}
	})
	return func() bool {
		if release() {
			return false
		}
		<-done
		return true
	}
}
