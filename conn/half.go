package conn

import (
	"context"
	"sync"
	"time"
)

// half watches the calls of one direction of the stream: it interrupts the one
// that is under way when its context ends. It stays on a context from call to
// call, so that to call again with the same one costs nothing.
//
// A stream whose deadlines can be renewed is interrupted by a deadline, which
// does no harm. Any other is only told to be cut.
type half struct {
	stream  deadliner         // nil if its deadlines cannot be renewed
	writing bool              // the half that writes, not the one that reads
	cut     func(cause error) // ends the connection; nil if nothing is to be cut

	// Of the goroutine that has the right to this half.
	done     <-chan struct{} // of the context that is watched
	deadline time.Time       // that is set

	mu      sync.Mutex
	unwatch func() bool
	watched uint64 // counts the contexts
	running bool
	fired   bool // the call that runs was interrupted
	stopped bool
}

// deadliner is a stream whose calls can be interrupted, as those of a net.Conn.
type deadliner interface {
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
}

// longAgo is a deadline that interrupts a call at once.
var longAgo = time.Unix(1, 0)

// begin begins a call that ends when ctx does, or at the deadline, which may be
// zero for none. The error says that ctx has ended already.
func (h *half) begin(ctx context.Context, deadline time.Time) error {
	done := ctx.Done()
	if done != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if deadline != h.deadline && h.stream != nil {
		h.set(deadline)
		h.deadline = deadline
	}
	if done == nil && h.done == nil {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.running, h.fired = true, false
	if done != h.done && !h.stopped {
		h.forget()
		h.done = done
		if done != nil {
			h.watch(ctx)
		}
		return nil
	}
	// Whether it ended before the call was seen to run, only ctx can tell.
	if ctx.Err() != nil {
		h.running = false
		return context.Cause(ctx)
	}
	return nil
}

// watch interrupts the call that runs when ctx ends, by the holder of mu.
func (h *half) watch(ctx context.Context) {
	mine := h.watched
	h.unwatch = context.AfterFunc(ctx, func() {
		h.mu.Lock()
		now := h.watched == mine && h.running
		if now {
			h.fired = true
			if h.stream != nil {
				h.set(longAgo)
			}
		}
		h.mu.Unlock()
		if now && h.stream == nil && h.cut != nil {
			h.cut(context.Cause(ctx))
		}
	})
}

// end ends the call, and reports whether it was interrupted.
func (h *half) end() (fired bool) {
	if h.done == nil {
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.running = false
	if h.fired {
		h.deadline = longAgo
	}
	return h.fired
}

// stop lets go of the context, for good. Any goroutine may call it.
func (h *half) stop() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stopped = true
	h.forget()
}

// forget lets go of the context, by the holder of mu.
func (h *half) forget() {
	if h.unwatch != nil {
		h.unwatch()
	}
	h.unwatch = nil
	h.watched++
}

func (h *half) set(t time.Time) {
	if h.writing {
		h.stream.SetWriteDeadline(t)
	} else {
		h.stream.SetReadDeadline(t)
	}
}
