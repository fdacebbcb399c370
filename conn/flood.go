package conn

import (
	"time"

	"github.com/parleyws/parley/frame"
)

// flood counts pings against a rate, of the holder of reader: each costs us a
// pong, which the peer need not even read.
type flood struct {
	budget int           // pings that may come at once
	asOf   time.Duration // when that was worked out, after the connection was opened
	begun  bool
}

// pingBurst is how many seconds' worth of pings may come at once.
const pingBurst = 10

// take counts a ping, and reports whether it was one too many.
func (f *flood) take(perSecond int, now time.Duration) (tooMany bool) {
	if !f.begun {
		*f = flood{budget: pingBurst * perSecond, asOf: now, begun: true}
	}
	if f.budget == 0 {
		earned := int(min((now-f.asOf).Seconds()*float64(perSecond), float64(pingBurst*perSecond)))
		if earned == 0 {
			return true
		}
		f.budget, f.asOf = earned, now
	}
	f.budget--
	return false
}

// checkPing fails the connection for a flood of pings.
func (c *Conn) checkPing() error {
	max := c.opts.MaxPings
	if max < 0 || c.closeSent.Load() != nil { // then nothing is answered any more
		return nil
	}
	if !c.in.pings.take(max, time.Since(c.opened)) {
		return nil
	}
	return c.fail(&LimitError{
		Code:   frame.PolicyViolation,
		Option: "MaxPings",
		Limit:  int64(max),
		What:   "pings a second",
	})
}
