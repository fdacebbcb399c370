package conn

import (
	"errors"
	"fmt"
	"io"
	"sort"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// silence is a stream on which nothing happens.
type silence struct{ closed chan struct{} }

func (s silence) Read([]byte) (int, error)    { <-s.closed; return 0, io.EOF }
func (s silence) Write(p []byte) (int, error) { return len(p), nil }
func (s silence) Close() error                { close(s.closed); return nil }

// onWheel returns a Conn that ends when its turn on w comes.
func onWheel(t interface{ Fatal(...any) }, w *Wheel) *Conn {
	c, err := New(silence{make(chan struct{})}, Setup{}, &Options{Wheel: w, PingInterval: -1})
	if err != nil {
		t.Fatal(err)
	}
	c.keepalive.closing = true
	return c
}

// A Wheel does what a sorted list of times would do, but up to one part in 32 of the
// delay later: whatever is scheduled, moved and taken back, in any order.
func TestAWheelIsASortedListOfTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rapid.Check(struct{ rapid.TB }{t}, func(rt *rapid.T) {
			var w Wheel
			type entry struct {
				c           *Conn
				first, last time.Time // its turn comes between them; zero for never
				came        time.Time // zero if it has not
			}
			var list []*entry
			defer func() {
				for _, e := range list {
					e.c.CloseNow()
				}
			}()
			delay := func() time.Duration {
				unit := rapid.SampledFrom([]time.Duration{1, time.Microsecond, time.Millisecond, time.Second}).Draw(rt, "unit")
				return time.Duration(rapid.IntRange(1, 100).Draw(rt, "delay")) * unit
			}
			schedule := func(e *entry) {
				d := delay()
				w.schedule(e.c, d)
				e.first = time.Now().Add(d)
				e.last = e.first.Add(d / 32)
			}
			living := func() *entry {
				var all []*entry
				for _, e := range list {
					if !e.c.hasEnded() {
						all = append(all, e)
					}
				}
				if len(all) == 0 {
					rt.Skip("nobody lives")
				}
				return rapid.SampledFrom(all).Draw(rt, "who")
			}
			rt.Repeat(map[string]func(*rapid.T){
				"add": func(rt *rapid.T) {
					e := &entry{c: onWheel(rt, &w)}
					list = append(list, e)
					go func() {
						<-e.c.ended
						if e.c.end.Err == ErrCloseTimeout {
							e.came = time.Now()
						}
					}()
					schedule(e)
				},
				"move":      func(rt *rapid.T) { schedule(living()) },
				"take back": func(rt *rapid.T) { e := living(); w.cancel(e.c); e.first = time.Time{} },
				"end":       func(rt *rapid.T) { e := living(); e.c.CloseNow(); e.first = time.Time{} },
				"wait":      func(rt *rapid.T) { time.Sleep(delay()) },
				"wait for the next": func(rt *rapid.T) {
					var next time.Time
					for _, e := range list {
						if !e.first.IsZero() && !e.c.hasEnded() && (next.IsZero() || e.first.Before(next)) {
							next = e.first
						}
					}
					if next.IsZero() {
						rt.Skip("nobody waits")
					}
					time.Sleep(time.Until(next))
				},
				"": func(rt *rapid.T) {
					synctest.Wait()
					now := time.Now()
					scheduled := 0
					for i, e := range list {
						switch {
						case e.c.hasEnded():
							if !e.came.IsZero() && (e.first.IsZero() || e.came.Before(e.first) || e.came.After(e.last)) {
								rt.Fatalf("%d: its turn came at %v, want %v to %v", i, e.came, e.first, e.last)
							}
						case e.first.IsZero():
						case now.After(e.last):
							rt.Fatalf("%d: its turn is %v late", i, now.Sub(e.last))
						default:
							scheduled++
						}
					}
					checkWheel(rt, &w, scheduled)
				},
			})
		})
	})
}

// checkWheel looks into a wheel on which so many are scheduled.
func checkWheel(rt *rapid.T, w *Wheel, scheduled int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !sort.SliceIsSorted(w.buckets, func(i, j int) bool { return w.buckets[i].at < w.buckets[j].at }) {
		rt.Fatalf("buckets out of order")
	}
	n := 0
	for i, b := range w.buckets {
		if i > 0 && b.at == w.buckets[i-1].at {
			rt.Fatalf("two buckets for one time")
		}
		var prev *Conn
		for c := b.first; c != nil; c = c.tick.next {
			if c.tick.in != b || c.tick.prev != prev {
				rt.Fatalf("a link is broken")
			}
			prev = c
			n++
		}
	}
	if n != scheduled {
		rt.Fatalf("%d are on the wheel, want %d", n, scheduled)
	}
	if n == 0 && (w.armed != 0 || len(w.buckets) != 0) {
		rt.Fatalf("nothing is to be done, but the timer is set, or %d buckets are left", len(w.buckets))
	}
	if n > 0 && (w.armed == 0 || w.armed > w.buckets[0].at) {
		rt.Fatalf("the timer is not set, or set to a time after the next turn")
	}
}

// However many connections there are and whatever becomes of them, there is one
// timer for what they have to do, and one for what they hold back.
func TestAWheelHasOneTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w Wheel
		var all []*Conn
		c := onWheel(t, &w)
		w.schedule(c, time.Second)
		w.flushSoon(c)
		timer, flush := w.timer, w.flushTimer
		all = append(all, c)
		for i := range 1000 {
			c := onWheel(t, &w)
			w.schedule(c, time.Duration(1000-i)*time.Second) // each sooner than the last
			w.flushSoon(c)
			all = append(all, c)
		}
		if n := toFlush(&w); n != len(all) {
			t.Errorf("%d are to be flushed", n)
		}
		time.Sleep(2 * flushDelay)
		synctest.Wait()
		if n := toFlush(&w); n != 0 {
			t.Errorf("%d are still to be flushed", n)
		}
		w.flushSoon(c)
		for i, c := range all {
			if i%2 == 0 {
				c.CloseNow()
			}
		}
		time.Sleep(time.Hour)
		for i, c := range all {
			if end := c.Err(); errors.Is(end, ErrCloseTimeout) != (i%2 == 1) {
				t.Errorf("%d ended by %v", i, end)
			}
		}
		synctest.Wait()
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.timer != timer || w.flushTimer != flush {
			t.Error("there was another timer")
		}
		if w.armed != 0 || len(w.buckets) != 0 || len(w.toFlush) != 0 {
			t.Errorf("something is left to do: %d %d %d", w.armed, len(w.buckets), len(w.toFlush))
		}
	})
}

func toFlush(w *Wheel) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.toFlush)
}

// Connections that have the same delay are dealt with in bulk: there are never more
// than 65 times to look at for one delay.
func TestAWheelLooksAtFewTimes(t *testing.T) {
	for _, delay := range []time.Duration{time.Millisecond, time.Second, 20 * time.Second, 31 * time.Second, 33 * time.Second, time.Hour} {
		t.Run(fmt.Sprint(delay), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var w Wheel
				var all []*Conn
				for range 1000 {
					c := onWheel(t, &w)
					w.schedule(c, delay)
					all = append(all, c)
					time.Sleep(delay / 1000)
				}
				if n := len(w.buckets); n > 66 {
					t.Errorf("%d times", n)
				}
				for _, c := range all {
					c.CloseNow()
				}
			})
		})
	}
}
