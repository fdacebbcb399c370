package conn_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/conn/conntest"
	"github.com/parleyws/parley/frame"
	"pgregory.net/rapid"
)

// Of keepalive there is more in ping_test.go.

// drained reads as the peer and counts the pings; it answers them if it is to.
func drained(w *wired, answer bool) (pings *int) {
	pings = new(int)
	go func() {
		for {
			f, err := w.sees()
			if err != nil {
				return
			}
			if f.Opcode == frame.Ping {
				*pings++
				if answer {
					w.peer.Write(w.bytesOf(frame.Pong, f.payload))
				}
			}
		}
	}()
	return pings
}

var keepalive = conn.Options{PingInterval: 20 * time.Second, PongTimeout: 20 * time.Second}

// Row 120: nobody is asked who says something now and then, whatever it is.
func TestNoPingWhileTheresAnySignOfLifeRow120(t *testing.T) {
	signs := map[string]func(w *wired) [][]byte{
		"messages": func(w *wired) [][]byte { return [][]byte{w.bytesOf(frame.Text, "x")} },
		"pings":    func(w *wired) [][]byte { return [][]byte{w.bytesOf(frame.Ping, "x")} },
		"pongs":    func(w *wired) [][]byte { return [][]byte{w.bytesOf(frame.Pong, "x")} },
		"the bytes of one frame": func(w *wired) [][]byte {
			var bytes [][]byte
			for _, b := range w.bytesOf(frame.Binary, string(make([]byte, 400))) {
				bytes = append(bytes, []byte{b})
			}
			return bytes
		},
	}
	for name, of := range signs {
		t.Run(name, func(t *testing.T) {
			inBothRoles(t, func(t *testing.T, client bool) {
				w := wire(t, wiring{client: client, Options: keepalive})
				got := collect(w.Conn)
				pings := drained(w, false)
				sign := of(w)
				for i := range 400 {
					time.Sleep(19 * time.Second)
					w.says(t, sign[i%len(sign)])
				}
				synctest.Wait()
				if *pings > 0 || w.Err() != nil {
					t.Errorf("%d pings, ended by %v", *pings, w.Err())
				}
				w.CloseNow()
				<-got.done
				w.peer.Close()
				synctest.Wait()
			})
		})
	}
}

// Row 120: who is silent is asked once an interval, and lives on by its answers.
func TestASilentPeerIsAskedOnceAnIntervalRow120(t *testing.T) {
	inBothRoles(t, func(t *testing.T, client bool) {
		w := wire(t, wiring{client: client, Options: keepalive})
		got := collect(w.Conn)
		pings := drained(w, true)
		time.Sleep(time.Hour)
		synctest.Wait()
		if most, least := 180, 180*32/33; *pings > most || *pings < least || w.Err() != nil {
			t.Errorf("%d pings in an hour, want %d to %d; ended by %v", *pings, least, most, w.Err())
		}
		w.CloseNow()
		<-got.done
	})
}

// A byte a second of a large frame keeps a connection alive, and so does a peer
// that reads a large message a little at a time: user-asks 7.
func TestASlowMessageIsNoDeath(t *testing.T) {
	if raceDetector {
		t.Skip("a minute under the race detector, for one goroutine that works at a time")
	}
	t.Run("coming", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := wire(t, wiring{Options: keepalive})
			got := collect(w.Conn)
			w.end.In().SetRate(1)
			w.says(t, w.bytesOf(frame.Binary, string(make([]byte, 3600))))
			time.Sleep(2 * time.Hour)
			if n := got.count.Load(); n != 1 {
				t.Errorf("%d messages, ended by %v", n, w.Err())
			}
			w.CloseNow()
			<-got.done
		})
	})
	for name, o := range map[string]conn.Options{
		"going":                 {WriteTimeout: -1},
		"going, many of a kind": {},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := linked(t, conntest.PairOptions{Server: &o, Client: &conn.Options{}})
				p.ServerEnd.Out().SetRate(10 << 10)
				size := 50 << 10 // 5 s each
				if o.WriteTimeout < 0 {
					size = 1 << 20 // 102 s each
				}
				toServer, toClient := collect(p.Server), collect(p.Client)
				sent := make(chan error, 1)
				go func() {
					var err error
					for start := time.Now(); err == nil && time.Since(start) < time.Hour; {
						err = p.Server.Write(bg, conn.Binary, make([]byte, size))
					}
					sent <- err
				}()
				if err := <-sent; err != nil || p.Server.Err() != nil {
					t.Errorf("after %d messages: %v", toClient.count.Load(), err)
				}
				p.CloseNow()
				<-toServer.done
				<-toClient.done
			})
		})
	}
}

// A handler that takes its time keeps the pong from being read: that proves
// nothing.
func TestABusyHandlerIsNoDeath(t *testing.T) {
	for _, busy := range []time.Duration{19 * time.Second, 20 * time.Second, 21 * time.Second, 40 * time.Second, 41 * time.Second, time.Hour} {
		t.Run(busy.String(), func(t *testing.T) {
			inBothRoles(t, func(t *testing.T, client bool) {
				w := wire(t, wiring{client: client, Options: keepalive})
				pings := drained(w, true)
				served := make(chan error, 1)
				go func() {
					served <- w.Serve(bg, conn.Handler{OnMessage: func(*conn.Conn, conn.Message) { time.Sleep(busy) }})
				}()
				for range 3 {
					w.says(t, w.bytesOf(frame.Text, "work"))
					time.Sleep(busy + 90*time.Second)
				}
				synctest.Wait()
				if w.Err() != nil {
					t.Errorf("ended by %v", w.Err())
				}
				if *pings == 0 {
					t.Error("nobody was asked")
				}
				w.CloseNow()
				<-served
			})
		})
	}
}

// Row G7: a peer that vanishes without a word ends every call that waits, within
// PingInterval and PongTimeout, and the cause says why.
func TestAVanishedPeerEndsEveryCallG7(t *testing.T) {
	calls := map[string]func(c *conn.Conn) error{
		"Read": func(c *conn.Conn) error { _, err := c.Read(bg); return err },
		"ReadInto": func(c *conn.Conn) error {
			_, _, err := c.ReadInto(bg, nil)
			return err
		},
		"Serve":      func(c *conn.Conn) error { return c.Serve(bg, conn.Handler{}) },
		"NextReader": func(c *conn.Conn) error { _, _, err := c.NextReader(bg); return err },
		"NetConn":    func(c *conn.Conn) error { _, err := c.NetConn(conn.Text).Read(make([]byte, 1)); return err },
		"Messages": func(c *conn.Conn) error {
			for _, err := range c.Messages(bg) {
				return err
			}
			return nil
		},
	}
	beside := map[string]func(c *conn.Conn) error{
		"Ping":       func(c *conn.Conn) error { _, err := c.Ping(bg); return err },
		"Write":      func(c *conn.Conn) error { return c.Write(bg, conn.Text, make([]byte, 1<<20)) },
		"NextWriter": func(c *conn.Conn) error { _, err := c.NextWriter(bg, conn.Text); return err }, // behind Write
		"Context":    func(c *conn.Conn) error { <-c.Context().Done(); return c.Err() },
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			inBothRoles(t, func(t *testing.T, client bool) {
				o := keepalive
				o.WriteTimeout = -1
				w := wire(t, wiring{client: client, window: 64 << 10, Options: o})
				start := time.Now()
				w.says(t, w.bytesOf(frame.Pong, "the last sign of life"))
				errs := make(chan error)
				waiting := 1
				go func() { errs <- call(w.Conn) }()
				synctest.Wait()
				w.end.In().BlackHole()
				w.end.Out().Stall()
				// A turn each: NextWriter waits for the end of a Write that is
				// stuck only if that is compressed or streamed.
				m, err := w.NextWriter(bg, conn.Text)
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range beside {
					waiting++
					go func() { errs <- f(w.Conn) }()
				}
				for range waiting {
					err := <-errs
					if !errors.Is(err, conn.ErrPingTimeout) {
						t.Errorf("%v", err)
					}
					if d := time.Since(start); !onTime(d, o.PingInterval+o.PongTimeout) {
						t.Errorf("%v after %v", err, d)
					}
				}
				m.Close()
				if end := closeError(t, w.Err()); end.Remote || end.Clean || end.Code != frame.AbnormalClosure || !end.LastRead.Equal(start) {
					t.Errorf("ended by %+v", end)
				}
			})
		})
	}
}

// What Read leaves unread must not hold up the ping.
func TestAPingLeavesThoughNobodyReadsOn(t *testing.T) {
	inBothRoles(t, func(t *testing.T, client bool) {
		w := wire(t, wiring{client: client, Options: keepalive})
		w.says(t, w.bytesOf(frame.Text, "read"), w.bytesOf(frame.Text, "never read"))
		w.Read(bg)
		start := time.Now()
		w.mustSee(t, frame.Ping, "")
		if d := time.Since(start); !onTime(d, 20*time.Second) && d > 20*time.Second+2*time.Millisecond {
			t.Errorf("after %v", d)
		}
	})
}

// The options: 0 is 20 s, and -1 for either is no keepalive at all.
func TestWhenKeepaliveIsOn(t *testing.T) {
	for _, test := range []struct {
		interval, timeout time.Duration
		want              time.Duration // when a silent peer is found; 0 for never
	}{
		{0, 0, 40 * time.Second},
		{time.Second, 0, 21 * time.Second},
		{0, time.Second, 21 * time.Second},
		{3 * time.Second, 7 * time.Second, 10 * time.Second},
		{time.Millisecond, time.Millisecond, 2 * time.Millisecond},
		{24 * time.Hour, time.Hour, 25 * time.Hour},
		{-1, 0, 0},
		{0, -1, 0},
		{-1, -1, 0},
	} {
		t.Run(fmt.Sprint(test.interval, test.timeout), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				end, peer := conntest.Pipe(&conntest.Options{Window: -1})
				defer peer.Close()
				c := newConn(t, end, conn.Setup{}, &conn.Options{PingInterval: test.interval, PongTimeout: test.timeout})
				start := time.Now()
				got := collect(c)
				select {
				case <-c.Done():
					if d := time.Since(start); test.want == 0 || !onTime(d, test.want) || !errors.Is(c.Err(), conn.ErrPingTimeout) {
						t.Errorf("after %v: %v", d, c.Err())
					}
				case <-time.After(1000 * time.Hour):
					if n := end.Out().Stats().BytesWritten; test.want > 0 || n > 0 {
						t.Errorf("never, and %d bytes were sent", n)
					}
				}
				c.CloseNow()
				<-got.done
			})
		})
	}
}

// user-asks 7 and 8: an idle connection costs no goroutine, whoever keeps the time.
func TestIdleConnectionsHaveNoGoroutines(t *testing.T) {
	const many = 1000
	var shared conn.Wheel
	for name, wheel := range map[string]*conn.Wheel{"one Wheel": &shared, "a Wheel each": nil} {
		t.Run(name, func(t *testing.T) {
			before := runtime.NumGoroutine()
			var all []*conn.Conn
			for range many {
				end, _ := conntest.Pipe(nil)
				c, err := conn.New(end, conn.Setup{}, &conn.Options{Wheel: wheel, Queue: &conn.Queue{}})
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, c)
				if err := c.WriteText(bg, "hello"); err != nil {
					t.Fatal(err)
				}
			}
			for deadline := time.Now().Add(guard); runtime.NumGoroutine() > before; runtime.Gosched() {
				// The queues have still something to send.
				if time.Now().After(deadline) {
					t.Fatalf("%d goroutines for %d connections", runtime.NumGoroutine()-before, many)
				}
			}
			for _, c := range all {
				c.CloseNow()
			}
		})
	}
}

// Many connections on one Wheel are each dealt with in time: not early, and at most
// one part in 32 late.
func TestManyConnectionsOfOneWheelAreFoundInTimeG7(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const many = 1000
		var wheel conn.Wheel
		r := rand.New(rand.NewPCG(1, 2))
		type death struct {
			early, late time.Duration
			err         error
		}
		deaths := make(chan death, many)
		for range many {
			// Some begin later, so that they come between others.
			time.Sleep(time.Duration(r.IntN(50)) * time.Millisecond)
			interval := time.Duration(1+r.IntN(60_000)) * time.Millisecond
			answer := time.Duration(1+r.IntN(60_000)) * time.Millisecond
			end, _ := conntest.Pipe(&conntest.Options{Window: -1})
			c := newConn(t, end, conn.Setup{}, &conn.Options{PingInterval: interval, PongTimeout: answer, Wheel: &wheel})
			start := time.Now()
			go func() {
				_, err := c.Read(bg)
				d, want := time.Since(start), interval+answer
				deaths <- death{want - d, d - want - want/32, err}
			}()
		}
		for range many {
			if d := <-deaths; d.early > 0 || d.late > 0 || !errors.Is(d.err, conn.ErrPingTimeout) {
				t.Errorf("%v early, %v too late: %v", d.early, d.late, d.err)
			}
		}
	})
}

// After the end nothing happens any more, however it came and whatever was to
// happen later.
func TestNothingHappensAfterTheEnd(t *testing.T) {
	ends := map[string]func(w *wired){
		"CloseNow": func(w *wired) { w.CloseNow() },
		"Close": func(w *wired) {
			go w.Close(bg, frame.NormalClosure, "")
		},
		"CloseWrite":         func(w *wired) { w.CloseWrite(bg, frame.NormalClosure, "") },
		"the peer's close":   func(w *wired) { w.peer.Write(w.bytesOf(frame.Close, "")); w.peer.CloseWrite() },
		"the peer's leaving": func(w *wired) { w.peer.CloseWrite() },
		"a reset":            func(w *wired) { w.peer.Reset() },
		"a failed write":     func(w *wired) { w.end.Out().FailWriteAfter(0, errBroken); w.Write(bg, conn.Text, nil) },
		"a full queue": func(w *wired) {
			w.end.Out().SetWindow(0)
			for range 3 {
				w.Write(bg, conn.Text, nil)
			}
			w.end.Out().SetWindow(-1)
		},
		"a breach": func(w *wired) { w.peer.Write(w.bytesOf(3, "")) },
	}
	for name, end := range ends {
		for _, after := range []time.Duration{0, 19 * time.Second, 21 * time.Second, 39 * time.Second} {
			t.Run(fmt.Sprintf("%s after %v", name, after), func(t *testing.T) {
				inBothRoles(t, func(t *testing.T, client bool) {
					o := keepalive
					if name == "a full queue" {
						o.Queue = &conn.Queue{Messages: 1, Full: conn.CloseWhenFull}
					}
					w := wire(t, wiring{client: client, Options: o})
					got := collect(w.Conn)
					time.Sleep(after)
					end(w)
					<-w.Done()
					<-got.done
					synctest.Wait()
					was, before := w.Err(), w.written()
					time.Sleep(10 * time.Hour)
					synctest.Wait()
					if now := w.written(); now.Writes != before.Writes || w.Err() != was || w.State() != conn.Closed {
						t.Errorf("%d writes, then %d; %v, then %v", before.Writes, now.Writes, was, w.Err())
					}
				})
			})
		}
	}
}

// Any pattern of silence: a peer that says something at least every PongTimeout
// while it is asked is never dead, and one that says nothing for longer than
// PingInterval and PongTimeout always is.
func TestKeepaliveJudgesAnyPatternOfSilence(t *testing.T) {
	checkOnFakeClock(t, func(rt *rapid.T) {
		interval := time.Duration(rapid.IntRange(1, 100).Draw(rt, "interval")) * time.Second
		answer := time.Duration(rapid.IntRange(1, 100).Draw(rt, "timeout")) * time.Second
		gaps := rapid.SliceOfN(rapid.IntRange(0, 100), 1, 20).Draw(rt, "gaps") // per cent of what is allowed
		silence := rapid.Bool().Draw(rt, "then silence")
		end, peer := conntest.Pipe(&conntest.Options{Window: -1})
		c, err := conn.New(end, conn.Setup{}, &conn.Options{PingInterval: interval, PongTimeout: answer})
		if err != nil {
			rt.Fatal(err)
		}
		defer peer.Close()
		defer c.CloseNow()
		go c.Serve(bg, conn.Handler{})
		last := time.Now()
		for _, gap := range gaps {
			time.Sleep((interval + answer) * time.Duration(gap) / 101)
			peer.Write(fromClient(frame.Pong, ""))
			synctest.Wait()
			last = time.Now()
			if c.Err() != nil {
				rt.Fatalf("dead though it spoke: %v", c.Err())
			}
		}
		if silence {
			<-c.Done()
			if d := time.Since(last); !onTime(d, interval+answer) || !errors.Is(c.Err(), conn.ErrPingTimeout) {
				rt.Fatalf("after %v of silence: %v", d, c.Err())
			}
		}
	})
}

// The same for one who is given more time to answer than to be silent.
func TestAVanishedPeerIsFoundInTimeWithALongPongTimeoutG7(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const interval, answer = 20 * time.Second, 45 * time.Second
		w := wire(t, wiring{Options: conn.Options{PingInterval: interval, PongTimeout: answer}})
		got := collect(w.Conn)
		time.Sleep(22 * time.Second) // by now it is asked
		w.says(t, w.bytesOf(frame.Pong, ""))
		synctest.Wait()
		last := time.Now()
		<-w.Done()
		if d := time.Since(last); !onTime(d, interval+answer) {
			t.Errorf("found after %v of silence, want %v", d, interval+answer)
		}
		<-got.done
	})
}

// Row 118: Ping measures the way there and back.
func TestPingReturnsTheTimeOfTheWayRow118(t *testing.T) {
	for _, way := range []time.Duration{0, time.Microsecond, 35 * time.Millisecond, 3 * time.Second} {
		t.Run(way.String(), func(t *testing.T) {
			for _, fromClient := range []bool{false, true} {
				synctest.Test(t, func(t *testing.T) {
					p := linked(t, conntest.PairOptions{})
					p.ServerEnd.Out().SetLatency(way)
					p.ServerEnd.In().SetLatency(2 * way)
					toServer, toClient := collect(p.Server), collect(p.Client)
					c := p.Server
					if fromClient {
						c = p.Client
					}
					for range 3 {
						if d, err := c.Ping(bg); err != nil || d != 3*way {
							t.Errorf("%v, %v, want %v", d, err, 3*way)
						}
					}
					p.CloseNow()
					<-toServer.done
					<-toClient.done
				})
			}
		})
	}
}

// Row 118: any number of goroutines ping at once, and each gets its own time,
// even if the peer answers only the newest of those that came together.
func TestManyPingAtOnceRow118(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const many = 200
		p := linked(t, conntest.PairOptions{})
		p.ServerEnd.Out().SetLatency(50 * time.Millisecond)
		p.ServerEnd.In().SetLatency(50 * time.Millisecond)
		toServer, toClient := collect(p.Server), collect(p.Client)
		type answer struct {
			d   time.Duration
			err error
		}
		answers := make(chan answer, many)
		for i := range many {
			go func() {
				time.Sleep(time.Duration(i%20) * time.Millisecond)
				d, err := p.Server.Ping(bg)
				answers <- answer{d, err}
			}()
		}
		for range many {
			if a := <-answers; a.err != nil || a.d != 100*time.Millisecond {
				t.Errorf("%v, %v", a.d, a.err)
			}
		}
		p.CloseNow()
		<-toServer.done
		<-toClient.done
	})
}

// Rows 118 and 121, test K4: pongs that nobody asked for are an event and no more.
func TestOnlyTheRightPongReleasesAPingK4Rows118And121(t *testing.T) {
	checkOnFakeClock(t, func(rt *rapid.T) {
		end, peer := conntest.Pipe(&conntest.Options{Window: -1})
		c, err := conn.New(end, conn.Setup{}, &conn.Options{PingInterval: -1})
		if err != nil {
			rt.Fatal(err)
		}
		defer peer.Close()
		defer c.CloseNow()
		var heard []string
		served := make(chan error, 1)
		go func() {
			served <- c.Serve(bg, conn.Handler{OnPong: func(_ *conn.Conn, p []byte) { heard = append(heard, string(p)) }})
		}()
		type answer struct {
			d   time.Duration
			err error
		}
		answers := make(chan answer, 1)
		go func() {
			d, err := c.Ping(bg)
			answers <- answer{d, err}
		}()
		fr := frame.NewReader(peer)
		if _, err := fr.Next(); err != nil {
			rt.Fatal(err)
		}
		right, _ := io.ReadAll(fr)
		wrong := rapid.SliceOfN(rapid.OneOf(
			rapid.StringN(0, 30, 125),
			rapid.Just(string(right[:len(right)-1])),
			rapid.Just(string(right)+"\x00"),
			rapid.Custom(func(rt *rapid.T) string { // one that has its length
				b := rapid.SliceOfN(rapid.Byte(), len(right), len(right)).Draw(rt, "payload")
				return string(b)
			}),
		), 0, 10).Draw(rt, "wrong")
		sent := 0
		for _, s := range wrong {
			if s != string(right) {
				peer.Write(fromClient(frame.Pong, s))
				sent++
			}
		}
		time.Sleep(time.Second)
		select {
		case a := <-answers:
			rt.Fatalf("released by one of %q: %v", wrong, a)
		default:
		}
		peer.Write(fromClient(frame.Pong, string(right)))
		if a := <-answers; a.err != nil || a.d != time.Second {
			rt.Fatalf("%v, %v", a.d, a.err)
		}
		synctest.Wait()
		if len(heard) != sent+1 || c.Err() != nil {
			rt.Fatalf("%d pongs heard of %d, %v", len(heard), sent+1, c.Err())
		}
	})
}

// Row 119: pings that come faster than pongs can leave get one for the newest of
// them, with its payload, RFC 6455 section 5.5.3.
func TestTheNewestPingIsAnsweredRow119(t *testing.T) {
	inBothRoles(t, func(t *testing.T, client bool) {
		w := wire(t, wiring{client: client})
		got := collect(w.Conn)
		w.end.Out().SetWindow(0)
		go w.Write(bg, conn.Text, []byte("stuck"))
		synctest.Wait()
		for i := range 500 {
			w.says(t, w.bytesOf(frame.Ping, fmt.Sprint("ping ", i)))
		}
		synctest.Wait()
		if n := w.end.In().Stats().Unread; n > 0 {
			t.Errorf("%d bytes are unread: reading waits for writing", n)
		}
		w.end.Out().SetWindow(-1)
		w.mustSee(t, frame.Text, "stuck")
		w.mustSee(t, frame.Pong, "ping 499")
		w.says(t, w.bytesOf(frame.Ping, "one more"))
		w.mustSee(t, frame.Pong, "one more")
		w.CloseNow()
		<-got.done
	})
}
