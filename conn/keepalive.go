package conn

import (
	"sync"
	"time"

	"github.com/parleyws/parley/frame"
)

// keepalive asks a silent peer whether it lives. It is a place in a Wheel, not a
// goroutine: an idle connection has nothing that runs for it.
type keepalive struct {
	mu sync.Mutex

	asked     time.Duration // when a ping was due, after opened; 0 if none is
	listening bool          // somebody was waiting to read when it was asked

	closing  bool // the Wheel bounds what is left instead: see cutLater
	draining bool // and that is as long as the peer goes on sending
}

func (c *Conn) startKeepalive() {
	if c.opts.PingInterval > 0 && c.opts.PongTimeout > 0 {
		c.opts.Wheel.schedule(c, c.opts.PingInterval)
	}
}

// stopKeepalive takes the connection off the Wheel, once it has ended.
func (c *Conn) stopKeepalive() {
	c.keepalive.mu.Lock()
	defer c.keepalive.mu.Unlock()
	c.opts.Wheel.cancel(c)
}

// cutLater cuts the connection after CloseTimeout, unless it has ended by then.
// While draining the time counts from the last byte that somebody has read.
func (c *Conn) cutLater(draining bool) {
	k := &c.keepalive
	k.mu.Lock()
	defer k.mu.Unlock()
	if !draining {
		k.draining = false
	}
	if k.closing || c.hasEnded() || c.opts.CloseTimeout == 0 {
		return
	}
	k.closing, k.draining = true, draining
	c.opts.Wheel.schedule(c, c.opts.CloseTimeout)
}

// onTick is called by the Wheel when the time has come. It must not wait.
func (c *Conn) onTick() {
	if c.lookAlive() {
		c.owed.ping.Store(true)
		if c.wire.try() { // or who holds it sees to the ping
			c.releaseWire()
		}
	}
}

// lookAlive judges the connection and sees to it that it is looked at again. It
// reports whether the peer is to be asked for a sign of life.
func (c *Conn) lookAlive() (ask bool) {
	k := &c.keepalive
	k.mu.Lock()
	defer k.mu.Unlock()
	if c.hasEnded() {
		return false
	}
	now, heard := time.Since(c.opened), time.Duration(c.lastRead.Load())
	if k.closing {
		if silent := now - heard; k.draining && silent < c.opts.CloseTimeout {
			c.opts.Wheel.schedule(c, c.opts.CloseTimeout-silent)
			return false
		}
		go c.cut()
		return false
	}
	left, written := time.Duration(c.pinged.Load()), time.Duration(c.written.Load())
	next, ask, dead := k.judge(now, heard, left, written, c.phase.is(waiting), *c.opts)
	if dead {
		// To close a stream may take its time.
		go c.finish(CloseError{Code: frame.AbnormalClosure, Err: ErrPingTimeout})
		return false
	}
	c.opts.Wheel.schedule(c, next)
	return ask
}

// cut ends a connection that did not end by itself in time.
func (c *Conn) cut() {
	end := CloseError{Code: frame.AbnormalClosure, Err: ErrCloseTimeout}
	if failed := c.writeFailed.Load(); failed != nil {
		end = *failed
	} else if sent := c.closeSent.Load(); sent != nil {
		end.Code, end.Reason = sent.code, sent.reason
	}
	c.finish(end)
}

// judge says what to do for a connection that heard from its peer at heard, and
// whose last ping has left at left; if that is still to leave, written is when
// bytes before it did. It returns when to look again, whether to ask, and whether
// the peer is dead. It is dead if somebody has been waiting for its answer: what
// nobody reads proves nothing, nor does a ping that is behind others on the move.
func (k *keepalive) judge(now, heard, left, written time.Duration, waiting bool, o Options) (next time.Duration, ask, dead bool) {
	// Perhaps it speaks, and is silent again, before an answer is overdue.
	look := min(o.PingInterval, o.PongTimeout)
	unanswered := k.asked > 0 && heard < k.asked
	since := left
	if left < k.asked {
		since = max(k.asked, written)
	}
	switch silent := now - heard; {
	case unanswered && now-since < o.PongTimeout:
		return min(look, o.PongTimeout-(now-since)), false, false
	case unanswered && k.listening && waiting:
		return 0, false, true
	case silent < o.PingInterval:
		k.asked = 0
		return o.PingInterval - silent, false, false
	}
	k.asked, k.listening = now, waiting
	return look, true, false
}
