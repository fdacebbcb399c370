package conn

import (
	"math/bits"
	"sort"
	"sync"
	"time"
)

// Wheel keeps the time for many connections with one timer: their keepalive,
// the end of closing handshakes, and the sending of what a handler that waits has
// left unsent. It has no goroutine, and no timer while it has nothing to do. The
// zero value is ready for use, by any number of connections and goroutines; see
// [Options.Wheel].
//
// It is up to one part in 32 late, so that connections can be dealt with in
// bulk.
type Wheel struct {
	mu      sync.Mutex
	start   time.Time
	buckets []*bucket // earliest first
	timer   *time.Timer
	armed   int64 // what timer is set to; 0 if it is not

	flushTimer *time.Timer
	toFlush    []*Conn

	options *Options // of the connection that came last
}

// bucket is the connections to look at, at one time.
type bucket struct {
	at    int64 // nanoseconds after the wheel's start
	first *Conn
}

// tick is a connection's place in a Wheel, under its lock.
type tick struct {
	in         *bucket // nil if it is in none
	next, prev *Conn
}

// flushDelay is how long what was written may wait for a handler that waits.
const flushDelay = time.Millisecond

// schedule has c.tick called once after delay, in the place of whatever was
// scheduled before.
func (w *Wheel) schedule(c *Conn, delay time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c.tick.leave(c)
	if w.start.IsZero() {
		w.start = time.Now()
	}
	at := int64(time.Since(w.start) + delay)
	grain := int64(1) << max(0, bits.Len64(uint64(delay))-6)
	w.bucket((at + grain - 1) &^ (grain - 1)).add(c)
	w.arm()
}

// cancel takes back what was scheduled for c.
func (w *Wheel) cancel(c *Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c.tick.leave(c)
	w.arm()
}

// bucket returns the bucket for a time.
func (w *Wheel) bucket(at int64) *bucket {
	i := sort.Search(len(w.buckets), func(i int) bool { return w.buckets[i].at >= at })
	if i < len(w.buckets) && w.buckets[i].at == at {
		return w.buckets[i]
	}
	b := &bucket{at: at}
	w.buckets = append(w.buckets, nil)
	copy(w.buckets[i+1:], w.buckets[i:])
	w.buckets[i] = b
	return b
}

func (b *bucket) add(c *Conn) {
	c.tick = tick{in: b, next: b.first}
	if b.first != nil {
		b.first.tick.prev = c
	}
	b.first = c
}

// leave takes c out of its bucket.
func (t *tick) leave(c *Conn) {
	if t.in == nil {
		return
	}
	if t.prev == nil {
		t.in.first = t.next
	} else {
		t.prev.tick.next = t.next
	}
	if t.next != nil {
		t.next.tick.prev = t.prev
	}
	*t = tick{}
}

// arm sets the timer for the earliest bucket that has a connection.
func (w *Wheel) arm() {
	for len(w.buckets) > 0 && w.buckets[0].first == nil {
		w.buckets = w.buckets[1:]
	}
	if len(w.buckets) == 0 {
		if w.timer != nil {
			w.timer.Stop()
		}
		w.armed = 0
		return
	}
	at := w.buckets[0].at
	if w.armed != 0 && w.armed <= at {
		return // it will find out
	}
	w.armed = at
	delay := time.Duration(at) - time.Since(w.start)
	if w.timer == nil {
		w.timer = time.AfterFunc(delay, w.turn)
		return
	}
	w.timer.Reset(delay)
}

// turn runs when the timer fires.
func (w *Wheel) turn() {
	w.mu.Lock()
	w.armed = 0
	now := int64(time.Since(w.start))
	var due []*Conn
	for len(w.buckets) > 0 && w.buckets[0].at <= now {
		for b := w.buckets[0]; b.first != nil; {
			due = append(due, b.first)
			b.first.tick.leave(b.first)
		}
		w.buckets = w.buckets[1:]
	}
	w.arm()
	w.mu.Unlock()
	for _, c := range due {
		c.onTick()
	}
}

// flushSoon has c.flushAside called after flushDelay, or sooner.
func (w *Wheel) flushSoon(c *Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.toFlush = append(w.toFlush, c)
	if len(w.toFlush) > 1 {
		return
	}
	if w.flushTimer == nil {
		w.flushTimer = time.AfterFunc(flushDelay, w.flush)
		return
	}
	w.flushTimer.Reset(flushDelay)
}

// flush runs when the timer for it fires.
func (w *Wheel) flush() {
	w.mu.Lock()
	due := w.toFlush
	w.toFlush = nil
	w.mu.Unlock()
	for _, c := range due {
		c.flushTick()
	}
}

// share returns o, or what equals it and is there already.
func (w *Wheel) share(o *Options) *Options {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.options == nil || *w.options != *o {
		w.options = o
	}
	return w.options
}
