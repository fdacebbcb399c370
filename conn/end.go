package conn

import (
	"context"
	"sync"
	"time"
)

// State says how far a connection has come. It only grows, unless a
// [Conn.CloseWrite] is given up before its frame was begun.
type State uint8

// The states of a connection that has been opened, RFC 6455 section 7.
const (
	Open    State = iota + 1 // messages go both ways
	Closing                  // this endpoint has sent its close frame, or can write no more
	Closed                   // the connection has ended
)

// String returns "open", "closing" or "closed".
func (s State) String() string {
	switch s {
	case Open:
		return "open"
	case Closing:
		return "closing"
	case Closed:
		return "closed"
	}
	return "unknown"
}

// State returns the state of the connection. By the time the caller looks at it
// the connection may be a state further.
func (c *Conn) State() State {
	switch {
	case c.hasEnded():
		return Closed
	case c.closing.Load() || c.closeSent.Load() != nil || c.writeFailed.Load() != nil:
		return Closing
	}
	return Open
}

// Done returns a channel that is closed when the connection has ended.
func (c *Conn) Done() <-chan struct{} { return c.ended }

// Err returns nil while the connection lives, and then the [*CloseError] that
// says how it ended.
func (c *Conn) Err() error {
	if c.hasEnded() {
		return c.end
	}
	return nil
}

// hasEnded is called several times for a message. To ask a channel would cost more
// than to encode a frame; but whoever hears of the end finds that closed.
func (c *Conn) hasEnded() bool {
	if !c.isEnding.Load() {
		return false
	}
	<-c.ended
	return true
}

// life is the context that ends with the connection, made when it is asked for.
type life struct {
	mu     sync.Mutex
	parent context.Context // for the values in it; nil for none
	ctx    context.Context // nil until asked for
	cancel context.CancelCauseFunc
	cause  error // nil while the connection lives
}

// Context returns a context that ends when the connection does, with the
// [*CloseError] as its cause, and not before: not with the request that the
// connection came from. It has the values of the one that the connection was set
// up with.
func (c *Conn) Context() context.Context {
	l := &c.life
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ctx == nil {
		parent := l.parent
		if parent == nil {
			parent = context.Background()
		}
		l.ctx, l.cancel = context.WithCancelCause(context.WithoutCancel(parent))
		if l.cause != nil {
			l.cancel(l.cause)
		}
	}
	return l.ctx
}

func (l *life) end(cause error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cause = cause
	if l.cancel != nil {
		l.cancel(cause)
	}
}

// finish ends the connection: the first cause stays, the stream is closed, and
// everything that waits wakes up.
func (c *Conn) finish(end CloseError) *CloseError {
	c.endOnce.Do(func() {
		end.LastRead = c.opened.Add(time.Duration(c.lastRead.Load()))
		c.end = &end
		c.isEnding.Store(true)
		c.life.end(c.end) // before anybody hears of the end
		close(c.ended)
		c.stopKeepalive()
		c.in.half.stop()
		c.out.half.stop()
		c.out.guard.end()
		if end.Clean {
			c.rw.Close()
		} else {
			c.cutStream()
		}
		if c.onEnd != nil {
			c.onEnd(c)
		}
	})
	c.wake()
	c.freeIn()
	c.freeOut()
	return c.end
}

// freeIn gives back what the reading half has borrowed, unless it is in use;
// then its holder does it, in doneReading. The lock is never released again.
func (c *Conn) freeIn() {
	if c.reader.try() {
		c.endMessage()
		c.in.counts.publish()
		c.in.Free()
		if !c.in.ahead.busy {
			c.in.buf.free()
		}
	}
}

// freeOut is freeIn for what messages are encoded with, and releaseTurn.
func (c *Conn) freeOut() {
	if c.turn.try() {
		c.out.messages.Free()
	}
}
