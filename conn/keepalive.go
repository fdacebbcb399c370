package conn

import (
	"context"
	"sync"
	"time"

	"github.com/parleyws/parley/frame"
)

// keepalive asks a silent peer whether it lives. It is a timer, not a
// goroutine: an idle connection has nothing that runs for it.
type keepalive struct {
	mu    sync.Mutex
	timer *time.Timer // nil if there is none, or no more

	// Of the timer's goroutine.
	asked     time.Duration // when, after opened; 0 if nothing is asked
	listening bool          // somebody was waiting to read when it was asked

	closing  bool // the timer bounds what is left instead: see cutLater
	draining bool // and that is as long as the peer goes on sending
}

func (c *Conn) startKeepalive() {
	if c.opts.PingInterval == 0 || c.opts.PongTimeout == 0 {
		return
	}
	c.keepalive.mu.Lock()
	c.keepalive.timer = time.AfterFunc(c.opts.PingInterval, c.checkAlive)
	c.keepalive.mu.Unlock()
}

// cutLater cuts the connection after CloseTimeout, unless it has ended by then.
// While draining the time counts from the last byte that came to somebody who was
// waiting for it.
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
	if k.timer == nil {
		k.timer = time.AfterFunc(c.opts.CloseTimeout, c.checkAlive)
		return
	}
	k.timer.Reset(c.opts.CloseTimeout)
}

// stillDraining reports whether the peer has been heard lately by somebody who
// waits for more, and if so, looks again later. By the holder of the lock.
func (c *Conn) stillDraining() bool {
	silent := time.Since(c.opened) - time.Duration(c.lastRead.Load())
	if !c.keepalive.draining || !c.waiting.Load() || silent >= c.opts.CloseTimeout {
		return false
	}
	c.keepalive.timer.Reset(c.opts.CloseTimeout - silent)
	return true
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

func (c *Conn) stopKeepalive() {
	c.keepalive.mu.Lock()
	if t := c.keepalive.timer; t != nil {
		t.Stop()
		c.keepalive.timer = nil
	}
	c.keepalive.mu.Unlock()
}

// checkAlive runs when the timer fires.
func (c *Conn) checkAlive() {
	c.keepalive.mu.Lock()
	closing := c.keepalive.closing
	wait := closing && c.keepalive.timer != nil && c.stillDraining()
	c.keepalive.mu.Unlock()
	switch {
	case wait:
		return
	case closing:
		c.cut()
		return
	}
	now := time.Since(c.opened)
	heard := time.Duration(c.lastRead.Load())
	next, ask, dead := c.keepalive.judge(now, heard, c.waiting.Load(), c.opts)
	if dead {
		c.finish(CloseError{Code: frame.AbnormalClosure, Err: ErrPingTimeout})
		return
	}
	if ask && c.wire.try() { // who holds wire is sending, which asks as well
		c.pingNobody()
	}
	c.keepalive.mu.Lock()
	if t := c.keepalive.timer; t != nil && !c.keepalive.closing {
		t.Reset(next)
	}
	c.keepalive.mu.Unlock()
}

// judge says what to do for a connection that heard from its peer at heard:
// when to look again, whether to ask, and whether the peer is dead. It is dead if
// somebody has been waiting for its answer: what nobody reads proves nothing.
func (k *keepalive) judge(now, heard time.Duration, waiting bool, o Options) (next time.Duration, ask, dead bool) {
	if k.asked > 0 && heard < k.asked && k.listening && waiting {
		return 0, false, true
	}
	if silent := now - heard; silent < o.PingInterval {
		k.asked = 0
		return o.PingInterval - silent, false, false
	}
	k.asked, k.listening = now, waiting
	return o.PongTimeout, true, false
}

// pingNobody sends a ping that no call waits for, by the holder of wire.
func (c *Conn) pingNobody() {
	defer c.releaseWire()
	if c.writeError() == nil {
		c.sendControl(context.Background(), frame.Ping, nil)
	}
}
