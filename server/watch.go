package server

import (
	"context"
	"io"
	"time"
)

// watched is a stream that is watched while something is done on it: when a
// context ends, that fails.
type watched struct {
	rw          io.ReadWriteCloser
	release     func() bool
	done        chan struct{} // closed when the end of the context has been acted on
	stopped     bool
	interrupted bool
	closed      bool // rw is
}

// watch makes what is done on rw fail when ctx ends: by a deadline that has
// passed, or by closing rw if it has no deadlines.
func watch(ctx context.Context, rw io.ReadWriteCloser) *watched {
	w := &watched{rw: rw, done: make(chan struct{})}
	w.release = context.AfterFunc(ctx, func() {
		defer close(w.done)
		if d, ok := rw.(interface{ SetDeadline(time.Time) error }); !ok || d.SetDeadline(time.Unix(1, 0)) != nil {
			w.closed = true
			rw.Close()
		}
	})
	return w
}

// stop ends the watch and reports whether ctx has ended before. It may be
// called again.
func (w *watched) stop() (interrupted bool) {
	if !w.stopped {
		w.stopped = true
		if w.interrupted = !w.release(); w.interrupted {
			<-w.done
		}
	}
	return w.interrupted
}

// close ends the watch and closes the stream, unless that was done.
func (w *watched) close() {
	w.stop()
	if !w.closed {
		w.closed = true
		w.rw.Close()
	}
}
