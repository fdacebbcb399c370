package conn

import (
	"context"
)

// mayWait reports whether what is in the buffer may leave together with what is
// going to be written soon: with more input to be dealt with, that is likely, and
// the reading half flushes before it waits. Should it not come to that, the Wheel
// does.
func (c *Conn) mayWait() bool {
	out := &c.out
	size := out.size()
	if size == 0 || size >= maxBatch || !c.moreToCome() {
		return false
	}
	if out.published == 0 || size >= out.published+publishStep {
		out.publish(size)
	}
	c.watchBuffer()
	return true
}

// moreToCome reports whether somebody is about to write more, and will flush.
func (c *Conn) moreToCome() bool { return c.more.Load() || c.out.gathering.Load() }

// watchBuffer has the Wheel see to it that the buffer is sent.
func (c *Conn) watchBuffer() {
	if !c.out.watched.Load() && c.out.watched.CompareAndSwap(false, true) {
		c.opts.Wheel.flushSoon(c)
	}
}

// releaseWire sends what is owed and lets go of wire. It never waits: if the
// stream does not take it all, that is left to a goroutine.
func (c *Conn) releaseWire() {
	for {
		c.appendOwed()
		switch {
		case c.out.buf == nil:
		case c.moreToCome():
			c.watchBuffer()
		case !c.tryFlush():
			go c.flushAndRelease()
			return
		}
		if !c.moreToCome() || c.closeSent.Load() != nil || c.hasEnded() {
			c.out.counts.publish()
		}
		c.wire.release()
		// What came between the lines above found wire held.
		if !c.mustFlush() || !c.wire.try() {
			return
		}
	}
}

// mustFlush reports whether there is something to send that nobody is about to.
func (c *Conn) mustFlush() bool {
	if c.hasEnded() {
		return false
	}
	return c.owed.isPending() || c.out.buffered.Load() > 0 && !c.moreToCome()
}

// tryFlush sends what is in the buffer if that can be done without waiting, by
// the holder of wire. It reports whether nothing is left.
func (c *Conn) tryFlush() bool {
	if c.out.buf == nil {
		return true
	}
	if c.streamIsDead() {
		c.out.truncate(c.out.sent)
		return true
	}
	return c.tryWrite()
}

func (c *Conn) flushAndRelease() {
	c.flush(context.Background())
	c.releaseWire()
}

// flushTick is called by the Wheel, some time after watchBuffer.
func (c *Conn) flushTick() {
	c.out.watched.Store(false)
	if c.hasEnded() || c.out.buffered.Load() == 0 {
		return
	}
	// The reading half did not come this way: it is held up, or gone.
	c.more.Store(false)
	c.out.gathering.Store(false)
	if c.wire.try() {
		c.releaseWire()
	}
}

// Flush sends what has been written and has not left yet. It returns when the
// stream has taken it.
//
// While more input is at hand than has been dealt with, what is written is
// collected, and leaves with one system call when all of that is dealt with. If
// that takes long, because the goroutine that reads waits for something else, it
// leaves after about a millisecond. So there is seldom a reason to call Flush. With
// an [Options.Queue], what is queued is not waited for.
func (c *Conn) Flush(ctx context.Context) error {
	if err := c.takeWire(ctx); err != nil {
		return err
	}
	defer c.releaseWire()
	err := c.flush(ctx)
	if ended := c.writeError(); err != nil && ended != nil {
		return ended
	}
	return err
}

// Buffered returns how many bytes of frames have been written and not been taken
// by the stream yet. What another goroutine writes just now may be missing.
func (c *Conn) Buffered() int {
	if c.out.buffered.Load() > 0 && c.wire.try() {
		c.out.publish(c.out.size())
		c.releaseWire()
	}
	return int(c.out.buffered.Load())
}
