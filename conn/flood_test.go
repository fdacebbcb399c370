package conn_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/conn/conntest"
	"github.com/parleyws/parley/frame"
	"pgregory.net/rapid"
)

// Reading never waits for writing: while a writer is stuck all that the peer sends
// is read, and the pongs that it is owed are one.
func TestReadingGoesOnWhileWritersAreStuck(t *testing.T) {
	writers := map[string]func(c *conn.Conn){
		"Write": func(c *conn.Conn) { c.Write(bg, conn.Binary, make([]byte, 1<<20)) },
		"NextWriter": func(c *conn.Conn) {
			w, err := c.NextWriter(bg, conn.Binary)
			if err == nil {
				w.Write(make([]byte, 1<<20))
				w.Close()
			}
		},
		"NetConn": func(c *conn.Conn) { c.NetConn(conn.Binary).Write(make([]byte, 1<<20)) },
		"Ping":    func(c *conn.Conn) { c.Ping(c.Context()) },
		"Pong":    func(c *conn.Conn) { c.Pong(bg, nil) },
		"Flush":   func(c *conn.Conn) { c.WriteText(bg, "x"); c.Flush(bg) },
	}
	for name, write := range writers {
		for _, window := range []int{0, 1000} {
			t.Run(fmt.Sprintf("%s, window of %d", name, window), func(t *testing.T) {
				inBothRoles(t, func(t *testing.T, client bool) {
					w := wire(t, wiring{client: client, Options: conn.Options{WriteTimeout: -1, MaxPings: -1}})
					w.end.Out().SetWindow(window)
					got := collect(w.Conn)
					var stuck sync.WaitGroup
					for range 3 {
						stuck.Go(func() { write(w.Conn) })
					}
					synctest.Wait()
					for i := range 300 {
						w.says(t, w.bytesOf(frame.Ping, fmt.Sprint("ping ", i)))
						if i%75 == 0 {
							w.says(t, w.bytesOf(frame.Binary, string(make([]byte, 300<<10))))
						}
					}
					synctest.Wait()
					if n := got.count.Load(); n != 4 {
						t.Errorf("%d messages of 4 have been read, %d bytes have not", n, w.end.In().Stats().Unread)
					}
					if n := w.Buffered(); n > 1<<20+20 && name != "NetConn" {
						t.Errorf("%d bytes are in the buffer", n)
					}
					w.CloseNow()
					stuck.Wait()
					<-got.done
				})
			})
		}
	}
}

// Two endpoints that flood each other, with windows that hold little of it, both
// get everything. If either waited for the other before it reads on, neither would.
func TestTwoThatFloodEachOtherBothReadOn(t *testing.T) {
	const messages, size = 20, 256 << 10
	flood := func(t *testing.T, a, b *conn.Conn) {
		toA, toB := collect(a), collect(b)
		var senders sync.WaitGroup
		for _, c := range []*conn.Conn{a, b} {
			for range 4 {
				senders.Go(func() {
					for i := range messages / 4 {
						if err := c.Write(bg, conn.Binary, make([]byte, size)); err != nil {
							t.Error(err)
						}
						if i%3 == 0 {
							c.Pong(bg, nil)
						}
					}
				})
			}
			senders.Go(func() {
				for range 50 {
					if _, err := c.Ping(timeout(t)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		senders.Wait()
		if err := a.Close(timeout(t), frame.NormalClosure, ""); err != nil {
			t.Error(err)
		}
		<-toA.done
		<-toB.done
		if m, n := toA.count.Load(), toB.count.Load(); m != messages || n != messages {
			t.Errorf("%d and %d messages arrive, want %d", m, n, messages)
		}
	}
	o := conn.Options{PingInterval: -1, MaxPings: -1}
	t.Run("memory", func(t *testing.T) {
		p := linked(t, conntest.PairOptions{Pipe: &conntest.Options{Window: 1000}, Server: &o, Client: &o})
		flood(t, p.Server, p.Client)
	})
	t.Run("TCP", func(t *testing.T) {
		server, client := pairTCP(t, nil, &o)
		flood(t, server, client)
	})
}

// manyPings sends n pings of 125 bytes as the peer, until it cannot.
func manyPings(w io.Writer, n int) error {
	one := fromClient(frame.Ping, string(make([]byte, frame.MaxControlPayload)))
	burst := bytes.Repeat(one, 100)
	for range n / 100 {
		if _, err := w.Write(burst); err != nil {
			return err
		}
	}
	return nil
}

// Tests K2 and R14: a flood of pings whose pongs nobody reads. Without a limit they
// are all read, and cost no memory.
func TestPingsWhoseAnswersNobodyReadsCostNothingK2R14(t *testing.T) {
	pings := 250_000
	if raceDetector || testing.Short() {
		pings = 50_000
	}
	w := wire(t, wiring{window: 64 << 10, Options: conn.Options{MaxPings: -1, WriteTimeout: -1}})
	w.end.Out().SetWindow(0)
	got := collect(w.Conn)
	manyPings(w.peer, 1000)
	if err := w.end.Out().Await(timeout(t), func(s conntest.Stats) bool { return s.WritesWaiting == 1 }); err != nil {
		t.Fatal(err)
	}
	before := living()
	if err := manyPings(w.peer, pings); err != nil {
		t.Error(err)
	}
	if err := w.end.In().Await(timeout(t), func(s conntest.Stats) bool { return s.Unread == 0 && s.ReadsWaiting == 1 }); err != nil {
		t.Error(err)
	}
	if more := living() - before; more > 256<<10 {
		t.Errorf("%d bytes of heap for %d pings", more, pings)
	}
	if n := w.Buffered(); n > 2*(frame.MaxControlPayload+2) {
		t.Errorf("%d bytes are to be sent, want two pongs at most", n)
	}
	w.CloseNow()
	<-got.done
}

// Test K2: with the limit the peer is told that it pings too much, if it reads, and
// cut if not.
func TestAFloodOfPingsEndsWith1008K2K3(t *testing.T) {
	for name, reads := range map[string]bool{"read": true, "never read": false} {
		t.Run(name, func(t *testing.T) {
			inBothRoles(t, func(t *testing.T, client bool) {
				w := wire(t, wiring{client: client, window: 4 << 10})
				start := time.Now()
				got := collect(w.Conn)
				var last seen
				heard := make(chan struct{})
				go func() {
					defer close(heard)
					for reads {
						f, err := w.sees()
						if err != nil {
							return
						}
						last = f
					}
				}()
				burst := bytes.Repeat(w.bytesOf(frame.Ping, "x"), 100)
				sent, most := 0, 1_000_000
				if reads {
					most = 5000 // or it has no time to, and the answer is lost with the stream
				}
				for ; sent < most; sent += 100 {
					if _, err := w.peer.Write(burst); err != nil {
						break
					}
				}
				w.peer.CloseWrite()
				err := <-got.done
				var over *conn.LimitError
				if !errors.As(err, &over) || over.Option != "MaxPings" || over.Limit != conn.DefaultMaxPings || over.Code != frame.PolicyViolation {
					t.Errorf("%v, %+v", err, over)
				}
				if end := closeError(t, err); end.Remote || end.Code != frame.PolicyViolation {
					t.Errorf("ended by %+v", end)
				}
				if d := time.Since(start); d > conn.DefaultWriteTimeout {
					t.Errorf("ended after %v", d)
				}
				// What it reads ahead, what it drains to let the peer hear why,
				// and what the stream holds.
				if n := sent / 100 * len(burst); n > 3*64<<10 {
					t.Errorf("%d bytes were taken", n)
				}
				if !reads {
					w.peer.Close()
					return
				}
				<-heard
				if code, _, err := frame.ParseClose([]byte(last.payload)); last.Opcode != frame.Close || code != frame.PolicyViolation || err != nil {
					t.Errorf("the peer reads last %+v %q", last.Header, last.payload)
				}
			})
		})
	}
}

// Test K3: what the limit lets pass. The rate is for long; ten times as many may
// come at once.
func TestPingsUpToTheRateAreNoFloodK3(t *testing.T) {
	type burst struct {
		pause time.Duration // before it
		pings int
	}
	repeated := func(n int, b burst) []burst {
		all := make([]burst, n)
		for i := range all {
			all[i] = b
		}
		return all
	}
	for name, test := range map[string]struct {
		max    int
		bursts []burst
		flood  bool
	}{
		"all at once":               {0, []burst{{0, 1000}}, false},
		"one too many at once":      {0, []burst{{0, 1001}}, true},
		"the rate, for long":        {0, repeated(6000, burst{100 * time.Millisecond, 10}), false},
		"a little more, for long":   {0, repeated(6000, burst{100 * time.Millisecond, 11}), true},
		"one a second of one":       {1, repeated(3600, burst{time.Second, 1}), false},
		"two a second of one":       {1, repeated(3600, burst{time.Second, 2}), true},
		"a burst every ten seconds": {5, repeated(100, burst{10 * time.Second, 50}), false},
		"a burst after a long rest": {5, []burst{{0, 50}, {time.Hour, 50}}, false},
		"two after a long rest":     {5, []burst{{0, 50}, {time.Hour, 101}}, true},
		"no limit":                  {-1, []burst{{0, 100_000}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := wire(t, wiring{Options: conn.Options{MaxPings: test.max}})
				w.end.Out().BlackHole()
				got := collect(w.Conn)
				for _, b := range test.bursts {
					time.Sleep(b.pause)
					w.peer.Write(bytes.Repeat(w.bytesOf(frame.Ping, ""), b.pings))
					synctest.Wait()
					if w.Err() != nil {
						break
					}
				}
				w.peer.CloseWrite()
				<-got.done
				var over *conn.LimitError
				if errors.As(w.Err(), &over) != test.flood {
					t.Errorf("ended by %v", w.Err())
				}
			})
		})
	}
}

// Nor is anybody else held to the pings of one.
func TestAFloodOfPingsIsTheAffairOfOneConnectionK3(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var wheel conn.Wheel
		var all []*wired
		for range 10 {
			w := wire(t, wiring{Options: conn.Options{Wheel: &wheel}})
			go echoStyles["Serve"](w.Conn, nothing)
			all = append(all, w)
		}
		all[0].end.Out().SetWindow(0)
		all[0].peer.Write(bytes.Repeat(all[0].bytesOf(frame.Ping, ""), 10_000))
		for _, w := range all[1:] {
			w.says(t, w.bytesOf(frame.Text, "hello"))
			w.mustSee(t, frame.Text, "hello")
			w.CloseNow()
		}
		start := time.Now()
		<-all[0].Done()
		if d := time.Since(start); d > conn.DefaultCloseTimeout {
			t.Errorf("ended after %v", d)
		}
	})
}

// Test K3: for any pings at any time, those that pass are never more than the burst
// and the rate allow, and those of a peer that keeps to the rate all pass.
func TestAnyPingsAreHeldToTheRateK3(t *testing.T) {
	checkOnFakeClock(t, func(rt *rapid.T) {
		rate := rapid.IntRange(1, 200).Draw(rt, "rate")
		honest := rapid.Bool().Draw(rt, "honest")
		end, peer := conntest.Pipe(&conntest.Options{Window: -1})
		end.Out().BlackHole()
		c, err := conn.New(end, conn.Setup{}, &conn.Options{PingInterval: -1, MaxPings: rate})
		if err != nil {
			rt.Fatal(err)
		}
		defer peer.Close()
		defer c.CloseNow()
		passed := 0
		go c.Serve(bg, conn.Handler{OnPing: func(*conn.Conn, []byte) { passed++ }})
		start, sent := time.Now(), 0
		for range rapid.IntRange(1, 30).Draw(rt, "bursts") {
			pause := time.Duration(rapid.IntRange(0, 20_000).Draw(rt, "pause")) * time.Millisecond
			time.Sleep(pause)
			n := rapid.IntRange(0, 30*rate).Draw(rt, "pings")
			if honest {
				n = min(n, int(pause.Seconds()*float64(rate)), 10*rate)
			}
			peer.Write(bytes.Repeat(fromClient(frame.Ping, ""), n))
			sent += n
			synctest.Wait()
			if most := 10*rate + int(time.Since(start).Seconds()*float64(rate)); passed > most {
				rt.Fatalf("%d pings have passed, want at most %d", passed, most)
			}
			if honest && c.Err() != nil {
				rt.Fatalf("%d pings in %v, %d a second allowed: %v", sent, time.Since(start), rate, c.Err())
			}
			if c.Err() != nil {
				break
			}
		}
	})
}
