package conn

import (
	"context"
	"errors"
	"time"
)

// A connection that is served by Start and waits for its peer need not hold a
// goroutine: it is parked. It stands in the lot, which knows when something
// arrives, and has then another goroutine.

// parkAfter is how long a connection is silent before it is parked. To find it
// again costs about as much as to read a few messages.
var parkAfter = time.Second // a variable for tests

// errIdle is returned by reading when it is time to park.
var errIdle = errors.New("websocket: idle")

// mayPark reports whether the connection is to be parked rather than to wait
// for long, by the holder of reader.
func (c *Conn) mayPark() bool {
	s := c.service.Load()
	return canPark && s != nil && s.stage == serving && !s.unable && c.in.raw.conn != nil
}

// readOrIdle reads as long as it is worth to wait as it is, and returns errIdle
// then.
func (c *Conn) readOrIdle(ctx context.Context) (n int, err error) {
	if c.isBrief() {
		c.service.Load().woken = false
		c.in.raw.impatient = true
		n, err = c.readStream(ctx, time.Time{})
		c.in.raw.impatient = false
		return n, err
	}
	n, err = c.readStream(ctx, c.parkAt())
	if err == errReadLate {
		err = errIdle
	}
	return n, err
}

// isBrief reports whether it need not be waited for more: because the goroutine has
// just begun, or for less than a message, such as a pong.
func (c *Conn) isBrief() bool {
	s := c.service.Load()
	return s.woken || c.in.counts.messages.Load() == s.counted && !c.in.Midway()
}

// parkAt returns until when to wait. To set a deadline costs as much as to read a
// message, so it may be that of an earlier read.
func (c *Conn) parkAt() time.Time {
	heard := c.opened.Add(time.Duration(c.lastRead.Load()))
	if left := c.in.half.deadline.Sub(heard); left >= parkAfter-parkAfter/4 && left <= parkAfter {
		return c.in.half.deadline
	}
	return heard.Add(parkAfter)
}

// park gives up the goroutine that calls it, which holds reader, unless it returns
// false: then that goes on to serve. After true the connection is another's.
func (c *Conn) park(s *service) bool {
	s.counted = c.in.counts.messages.Load()
	s.parked.Store(true)
	entered := lot.enter(c, &s.place)
	if entered && !c.hasEnded() {
		return true
	}
	if !s.unpark() {
		return true // somebody was here meanwhile, and goes on
	}
	s.woken, s.unable = entered, !entered
	return false
}

// unpark reports whether the connection was parked. Now it is the caller's.
func (s *service) unpark() bool { return s.parked.CompareAndSwap(true, false) }

// wake has the connection go on if it is parked, because something has arrived, or
// it has ended.
func (c *Conn) wake() {
	if s := c.service.Load(); s != nil && s.unpark() {
		s.woken = true
		go c.run(s)
	}
}
