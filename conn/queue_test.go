package conn_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/conn/conntest"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
	"pgregory.net/rapid"
)

// queueing makes a wired with a queue, whose peer takes nothing yet. A message is on
// its way, so that what comes next has to queue. Bubbles only.
func queueing(t testing.TB, q conn.Queue, o wiring) *wired {
	t.Helper()
	o.Queue = &q
	w := wire(t, o)
	w.end.Out().SetWindow(0)
	if err := w.WriteText(bg, "on its way"); err != nil {
		t.Fatal(err)
	}
	synctest.Wait() // until it is stuck
	return w
}

// takes lets the peer take everything.
func (w *wired) takes() { w.end.Out().SetWindow(-1) }

// say writes messages, which must be taken.
func say(t testing.TB, c *conn.Conn, messages ...string) {
	t.Helper()
	for _, m := range messages {
		if err := c.WriteText(bg, m); err != nil {
			t.Errorf("%.20q: %v", m, err)
		}
	}
}

// mustSeeTexts reads these messages as the peer.
func (w *wired) mustSeeTexts(t testing.TB, messages ...string) {
	t.Helper()
	for _, m := range messages {
		w.mustSee(t, frame.Text, m)
	}
}

// mustSeeNoMore says that the peer has nothing left to read.
func (w *wired) mustSeeNoMore(t testing.TB) {
	t.Helper()
	synctest.Wait()
	w.peer.SetReadDeadline(time.Now().Add(time.Second))
	if f, err := w.sees(); err == nil {
		t.Errorf("the peer reads a %v frame %.20q", f.Opcode, f.payload)
	}
	w.peer.SetReadDeadline(time.Time{})
}

func TestAQueueTakesACopyAndDoesNotWaitG8(t *testing.T) {
	inBothRoles(t, func(t *testing.T, client bool) {
		w := queueing(t, conn.Queue{}, wiring{client: client})
		data := []byte("first")
		for name, write := range map[string]func() error{
			"Write":             func() error { return w.Write(bg, conn.Text, data) },
			"WriteUncompressed": func() error { return w.WriteUncompressed(bg, conn.Text, data) },
		} {
			copy(data, "first")
			if err := write(); err != nil {
				t.Error(name, err)
			}
			copy(data, "wrong")
		}
		p, _ := conn.Prepare(conn.Text, []byte("prepared"))
		if err := w.WritePrepared(bg, p); err != nil {
			t.Error(err)
		}
		if s := w.Queue(); s.Messages != 4 || s.Bytes != int64(len("on its way")+2*len("first")+len("prepared")) || s.Dropped != 0 {
			t.Errorf("%+v", s)
		}
		w.takes()
		w.mustSeeTexts(t, "on its way", "first", "first", "prepared")
		synctest.Wait()
		if s := w.Queue(); s != (conn.QueueStats{}) {
			t.Errorf("at last %+v", s)
		}
		if n := w.written().Writes; n > 2 {
			t.Errorf("%d writes: what had queued did not leave together", n)
		}
	})
}

// Rows 88 and G8: what waits is counted, in bytes and in messages, and it is nothing
// once all has gone out.
func TestWhatWaitsIsCountedRow88(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := wire(t, wiring{Options: conn.Options{Queue: &conn.Queue{}}})
		if s, n := w.Queue(), w.Buffered(); s != (conn.QueueStats{}) || n != 0 {
			t.Errorf("before: %+v, %d", s, n)
		}
		say(t, w.Conn, "at once")
		synctest.Wait()
		if s, n := w.Queue(), w.Buffered(); s != (conn.QueueStats{}) || n != 0 {
			t.Errorf("after it went out at once: %+v, %d", s, n)
		}
		w.end.Out().SetWindow(0)
		say(t, w.Conn, "12345")
		synctest.Wait()
		if s, n := w.Queue(), w.Buffered(); s.Messages != 1 || s.Bytes != 5 || n != 7 {
			t.Errorf("on its way: %+v, %d, framing included", s, n)
		}
		say(t, w.Conn, "6789", "0")
		if s, n := w.Queue(), w.Buffered(); s.Messages != 3 || s.Bytes != 10 || n != 7 {
			t.Errorf("and two that wait: %+v, %d", s, n)
		}
		w.takes()
		synctest.Wait()
		if s, n := w.Queue(), w.Buffered(); s != (conn.QueueStats{}) || n != 0 {
			t.Errorf("after all: %+v, %d", s, n)
		}
	})
}

func TestACallWaitsForRoomBlockG8(t *testing.T) {
	inBothRoles(t, func(t *testing.T, client bool) {
		w := queueing(t, conn.Queue{Messages: 3}, wiring{client: client})
		say(t, w.Conn, "1", "2")
		ctx, cancel := context.WithTimeout(bg, time.Second)
		defer cancel()
		if err := w.WriteText(ctx, "given up"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("no room: %v", err)
		}
		done := make(chan struct{})
		go func() { say(t, w.Conn, "3", "4", "5", "6", "7"); close(done) }()
		synctest.Wait()
		select {
		case <-done:
			t.Error("the call did not wait")
		default:
		}
		if s := w.Queue(); s.Messages != 3 || s.Dropped != 0 {
			t.Errorf("%+v", s)
		}
		w.takes()
		<-done
		w.mustSeeTexts(t, "on its way", "1", "2", "3", "4", "5", "6", "7")
		w.mustSeeNoMore(t)
	})
}

func TestTheNewestIsDroppedDropNewestG8(t *testing.T) {
	inBothRoles(t, func(t *testing.T, client bool) {
		w := queueing(t, conn.Queue{Messages: 3, Full: conn.DropNewestWhenFull}, wiring{client: client})
		say(t, w.Conn, "1", "2")
		for i := range 5 {
			if err := w.WriteText(bg, "too much"); err != conn.ErrQueueFull {
				t.Error(err)
			}
			if s := w.Queue(); s.Messages != 3 || s.Dropped != uint64(i+1) {
				t.Errorf("%+v", s)
			}
		}
		w.takes()
		synctest.Wait()
		say(t, w.Conn, "3")
		w.mustSeeTexts(t, "on its way", "1", "2", "3")
		w.mustSeeNoMore(t)
		if s := w.Queue(); s.Dropped != 5 {
			t.Errorf("at last %+v", s)
		}
	})
}

func TestTheOldestIsDroppedDropOldestG8(t *testing.T) {
	inBothRoles(t, func(t *testing.T, client bool) {
		w := queueing(t, conn.Queue{Messages: 3, Full: conn.DropOldestWhenFull}, wiring{client: client})
		for i := range 100 {
			say(t, w.Conn, fmt.Sprint(i))
		}
		if s := w.Queue(); s.Messages != 3 || s.Dropped != 98 {
			t.Errorf("%+v", s)
		}
		w.takes()
		w.mustSeeTexts(t, "on its way", "98", "99")
		w.mustSeeNoMore(t)
	})
}

// A queue by bytes drops as many of the oldest as it takes.
func TestAsManyAreDroppedAsItTakesDropOldestG8(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := queueing(t, conn.Queue{Bytes: 40, Full: conn.DropOldestWhenFull}, wiring{})
		say(t, w.Conn, "aaaaaaaaaa", "bbbbbbbbbb", "cccccccccc", "dd", "ee", "fffffffffffffff")
		if s := w.Queue(); s.Bytes != 10+10+2+2+15 || s.Dropped != 2 {
			t.Errorf("%+v", s)
		}
		w.takes()
		w.mustSeeTexts(t, "on its way", "cccccccccc", "dd", "ee", "fffffffffffffff")
	})
}

// What is being sent cannot be dropped, so there may be no room for a message though
// everything else goes.
func TestNothingIsDroppedForAMessageThatDoesNotFitDropOldestG8(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := queueing(t, conn.Queue{Bytes: 40, Full: conn.DropOldestWhenFull}, wiring{})
		say(t, w.Conn, "a", "b", "c")
		if err := w.WriteText(bg, strings.Repeat("x", 31)); err != conn.ErrQueueFull {
			t.Error(err)
		}
		if s := w.Queue(); s.Messages != 4 || s.Dropped != 1 {
			t.Errorf("%+v", s)
		}
		w.takes()
		w.mustSeeTexts(t, "on its way", "a", "b", "c")
	})
}

// The limits, to the byte: each row is what may wait with "on its way".
func TestTheLimitsOfAQueueAreExactG8(t *testing.T) {
	const first = int64(len("on its way"))
	for name, test := range map[string]struct {
		queue conn.Queue
		sizes []int
		fits  int // how many of them
	}{
		"bytes, exactly":           {conn.Queue{Bytes: first + 10}, []int{4, 6, 0, 0, 1}, 4},
		"bytes, one too many":      {conn.Queue{Bytes: first + 10}, []int{4, 7}, 1},
		"messages":                 {conn.Queue{Messages: 3}, []int{0, 0, 0}, 2},
		"one message":              {conn.Queue{Messages: 1}, []int{0}, 0},
		"whichever is less, bytes": {conn.Queue{Bytes: first + 1, Messages: 9}, []int{1, 1}, 1},
		"whichever is less":        {conn.Queue{Bytes: first + 9, Messages: 2}, []int{1, 1}, 1},
		"the default":              {conn.Queue{}, []int{conn.DefaultQueueBytes - int(first), 1}, 1},
		"no bound":                 {conn.Queue{Bytes: -1}, []int{1 << 20, 1 << 20, 1 << 20, 1 << 20}, 4},
		"no bound on messages":     {conn.Queue{Messages: -1}, make([]int, 5000), 5000},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				test.queue.Full = conn.DropNewestWhenFull
				w := queueing(t, test.queue, wiring{})
				for i, n := range test.sizes {
					if err := w.Write(bg, conn.Binary, make([]byte, n)); (err == nil) != (i < test.fits) {
						t.Errorf("message %d, of %d bytes: %v", i, n, err)
					}
				}
			})
		})
	}
}

// A message larger than the queue may wait if nothing else does; or nothing of that
// size could ever be sent.
func TestAMessageLargerThanTheQueueWaitsAloneG8(t *testing.T) {
	for name, policy := range map[string]conn.QueuePolicy{
		"block": conn.BlockWhenFull, "drop newest": conn.DropNewestWhenFull, "drop oldest": conn.DropOldestWhenFull, "close": conn.CloseWhenFull,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := wire(t, wiring{Options: conn.Options{Queue: &conn.Queue{Bytes: 10, Full: policy}}})
				large := strings.Repeat("x", 1<<20)
				for range 3 {
					say(t, w.Conn, large)
					w.mustSeeTexts(t, large)
					synctest.Wait()
				}
			})
		})
	}
}

// The policy CloseWhenFull: the peer is told why if it reads on in time, and cut if
// not; nobody waits for that but the connection.
func TestAPeerThatIsTooSlowIsClosedG8(t *testing.T) {
	for name, test := range map[string]struct {
		code  frame.CloseCode
		want  frame.CloseCode
		reads bool
	}{
		"reads on":           {0, frame.PolicyViolation, true},
		"reads on, 1013":     {frame.TryAgainLater, frame.TryAgainLater, true},
		"is stalled":         {0, frame.PolicyViolation, false},
		"is stalled, 1013":   {frame.TryAgainLater, frame.TryAgainLater, false},
		"reads on, own code": {4000, 4000, true},
	} {
		for style, read := range map[string]bool{"somebody reads": true, "nobody reads": false} {
			t.Run(name+"/"+style, func(t *testing.T) {
				inBothRoles(t, func(t *testing.T, client bool) {
					w := queueing(t, conn.Queue{Messages: 2, Full: conn.CloseWhenFull, Code: test.code}, wiring{client: client})
					served := make(chan error, 1)
					if read {
						go func() { served <- w.Serve(bg, conn.Handler{}) }()
					} else {
						served <- nil
					}
					say(t, w.Conn, "waits")
					start := time.Now()
					for range 3 { // the first time, and ever after
						err := w.WriteText(bg, "too much")
						if end := closeError(t, err); end.Code != test.want || end.Remote || !errors.Is(err, conn.ErrQueueFull) || !errors.Is(err, net.ErrClosed) {
							t.Errorf("Write: %v", err)
						}
					}
					if time.Since(start) > 0 {
						t.Error("the call waited")
					}
					if s := w.Queue(); s.Dropped != 1 {
						t.Errorf("%+v", s)
					}
					if test.reads {
						time.Sleep(time.Second)
						w.takes()
						w.mustSeeTexts(t, "on its way")
						w.mustSeeClose(t, test.want, "too slow")
						w.says(t, w.bytesOf(frame.Close, string(frame.AppendClose(nil, test.want, ""))))
						w.peer.CloseWrite()
					}
					<-w.Done()
					<-served
					if d := time.Since(start); d > conn.DefaultCloseTimeout+conn.DefaultCloseTimeout/32 {
						t.Errorf("ended after %v", d)
					}
					end := closeError(t, w.Err())
					if end.Code != test.want || end.Remote || !errors.Is(end, conn.ErrQueueFull) || end.Clean != (test.reads && read) {
						t.Errorf("ended by %+v", end)
					}
					synctest.Wait()
					if s := w.Queue(); s.Messages != 0 || s.Bytes != 0 {
						t.Errorf("still %+v", s)
					}
				})
			})
		}
	}
}

// Row G8: control frames are exempt. Neither a ping nor a pong waits for more than
// what is being written already.
func TestControlFramesPassAFullQueueG8(t *testing.T) {
	for name, policy := range map[string]conn.QueuePolicy{
		"block": conn.BlockWhenFull, "drop newest": conn.DropNewestWhenFull, "drop oldest": conn.DropOldestWhenFull,
	} {
		t.Run(name, func(t *testing.T) {
			inBothRoles(t, func(t *testing.T, client bool) {
				w := queueing(t, conn.Queue{Bytes: 600 << 10, Full: policy}, wiring{client: client})
				got := collect(w.Conn)
				large := strings.Repeat("x", 60<<10)
				for range 9 {
					say(t, w.Conn, large)
				}
				pinged := make(chan error, 1)
				go func() { _, err := w.Ping(bg); pinged <- err }()
				synctest.Wait() // until it is its turn next
				w.says(t, w.bytesOf(frame.Ping, "answer me"))
				synctest.Wait() // until it is read
				if err := w.Pong(cancelled(), nil); !errors.Is(err, context.Canceled) {
					t.Errorf("Pong: %v", err)
				}
				w.takes()
				w.mustSeeTexts(t, "on its way")
				var order []frame.Opcode
				for len(order) < 11 {
					f, err := w.sees()
					if err != nil {
						t.Fatal(err)
					}
					order = append(order, f.Opcode)
					if f.Opcode == frame.Ping {
						w.says(t, w.bytesOf(frame.Pong, f.payload))
					}
				}
				if at := slices.Index(order, frame.Ping); at < 0 || at > 2 {
					t.Errorf("the ping is behind %d messages", at)
				}
				if at := slices.Index(order, frame.Pong); at < 0 || at > 2 {
					t.Errorf("the pong is behind %d messages", at)
				}
				if err := <-pinged; err != nil {
					t.Error(err)
				}
				w.CloseNow()
				<-got.done
			})
		})
	}
}

func cancelled() context.Context {
	ctx, cancel := context.WithCancel(bg)
	cancel()
	return ctx
}

func TestOnDrainIsCalledWhenTheStreamHasTakenAllG8(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var drains []int64 // what had been taken each time
		var w *wired
		w = queueing(t, conn.Queue{Messages: 10, OnDrain: func(c *conn.Conn) {
			if c != w.Conn {
				t.Error("of another connection")
			}
			if s := c.Queue(); s.Messages != 0 || s.Bytes != 0 || c.Buffered() != 0 {
				t.Errorf("there is something left: %+v, %d", s, c.Buffered())
			}
			drains = append(drains, w.written().BytesWritten)
		}}, wiring{})
		say(t, w.Conn, "1", "2")
		synctest.Wait()
		if len(drains) != 0 {
			t.Error("called before anything was taken")
		}
		w.takes()
		synctest.Wait()
		if want := []int64{12 + 3 + 3}; !slices.Equal(drains, want) {
			t.Errorf("called when %v bytes were taken, want %v", drains, want)
		}
		say(t, w.Conn, "3")
		synctest.Wait()
		if len(drains) != 2 {
			t.Errorf("called %d times, want 2", len(drains))
		}
		w.end.Out().SetWindow(0)
		say(t, w.Conn, "4")
		w.CloseNow()
		synctest.Wait()
		if len(drains) != 2 {
			t.Error("called though the connection has ended")
		}
	})
}

// OnDrain is the place from which to write on, or to close.
func TestOnDrainMayWriteAndCloseG8(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		left := 5
		w := wire(t, wiring{Options: conn.Options{Queue: &conn.Queue{Messages: 1, OnDrain: func(c *conn.Conn) {
			if left--; left > 0 {
				say(t, c, fmt.Sprint(left))
				return
			}
			c.CloseWrite(bg, frame.NormalClosure, "done")
		}}}})
		say(t, w.Conn, "first")
		w.mustSeeTexts(t, "first", "4", "3", "2", "1")
		w.mustSeeClose(t, frame.NormalClosure, "done")
	})
}

// Close and CloseWrite send what is queued before the close frame.
func TestWhatIsQueuedLeavesBeforeTheCloseG8(t *testing.T) {
	for name, closing := range map[string]func(c *conn.Conn) error{
		"Close":      func(c *conn.Conn) error { return c.Close(bg, frame.GoingAway, "bye") },
		"CloseWrite": func(c *conn.Conn) error { return c.CloseWrite(bg, frame.GoingAway, "bye") },
	} {
		t.Run(name, func(t *testing.T) {
			inBothRoles(t, func(t *testing.T, client bool) {
				w := queueing(t, conn.Queue{}, wiring{client: client})
				var want []string
				for i := range 100 {
					want = append(want, fmt.Sprint(i))
				}
				say(t, w.Conn, want...)
				closed := make(chan error, 1)
				go func() { closed <- closing(w.Conn) }()
				synctest.Wait()
				if err := w.WriteText(bg, "too late"); !errors.Is(err, net.ErrClosed) || closeError(t, err).Code != frame.GoingAway {
					t.Errorf("Write: %v", err)
				}
				w.takes()
				w.mustSeeTexts(t, "on its way")
				w.mustSeeTexts(t, want...)
				w.mustSeeClose(t, frame.GoingAway, "bye")
				w.says(t, w.bytesOf(frame.Close, string(frame.AppendClose(nil, frame.GoingAway, ""))))
				w.peer.CloseWrite()
				if err := <-closed; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// A peer that does not read what is queued bounds Close no less than one that does
// not answer.
func TestCloseWithAFullQueueIsBoundedG8(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := queueing(t, conn.Queue{}, wiring{})
		say(t, w.Conn, "waits")
		start := time.Now()
		err := w.Close(bg, frame.NormalClosure, "")
		if d := time.Since(start); d != conn.DefaultCloseTimeout || !errors.Is(err, conn.ErrCloseTimeout) {
			t.Errorf("CloseTimeout: after %v: %v", d, err)
		}
		if w.State() != conn.Closed {
			t.Error("not closed")
		}

		w = queueing(t, conn.Queue{}, wiring{})
		say(t, w.Conn, "waits")
		start = time.Now()
		ctx, cancel := context.WithTimeout(bg, time.Second)
		defer cancel()
		err = w.Close(ctx, frame.NormalClosure, "")
		if d := time.Since(start); d != time.Second || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("context: after %v: %v", d, err)
		}
	})
}

// A CloseWrite that could not begin has changed nothing: messages queue again.
func TestACloseWriteThatCouldNotBeginReopensTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := queueing(t, conn.Queue{}, wiring{})
		say(t, w.Conn, "1")
		ctx, cancel := context.WithTimeout(bg, time.Second)
		defer cancel()
		if err := w.CloseWrite(ctx, frame.NormalClosure, ""); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("CloseWrite: %v", err)
		}
		if w.State() != conn.Open {
			t.Errorf("state %v", w.State())
		}
		say(t, w.Conn, "2")
		w.takes()
		w.mustSeeTexts(t, "on its way", "1", "2")
	})
}

// A CloseWrite that could not begin reopens the queue while others write: whoever is
// told that a message was taken finds it with the peer.
func TestAWriteBesideACloseWriteThatFailsIsToldTheTruth(t *testing.T) {
	w := wire(t, wiring{Options: conn.Options{Queue: &conn.Queue{Bytes: -1}}})
	w.end.Out().SetWindow(0)
	say(t, w.Conn, "on its way")
	awaitStuck(t, w)
	var all sync.WaitGroup
	taken := make([]int, 4)
	for i := range taken {
		all.Go(func() {
			for range 2000 {
				switch err := w.WriteText(bg, "x"); {
				case err == nil:
					taken[i]++
				case !errors.Is(err, net.ErrClosed):
					t.Error(err)
				}
			}
		})
	}
	all.Go(func() {
		for range 2000 {
			if err := w.CloseWrite(cancelled(), frame.NormalClosure, ""); !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		}
	})
	all.Wait()
	want := 1
	for _, n := range taken {
		want += n
	}
	if s := w.Queue(); s.Messages != want {
		t.Errorf("%d messages were taken, %d are there", want, s.Messages)
	}
}

// The end of the connection, or of writing, wakes those who wait for room, and none
// of them is told that its message was taken.
func TestTheEndWakesThoseWhoWaitForRoomG8(t *testing.T) {
	for name, end := range map[string]func(w *wired){
		"CloseNow":       func(w *wired) { w.CloseNow() },
		"a failed write": func(w *wired) { w.end.Out().FailWriteAfter(0, errBroken) },
		"a reset":        func(w *wired) { w.end.Out().ResetAfter(0) },
		"WriteTimeout":   func(w *wired) { time.Sleep(2 * conn.DefaultWriteTimeout) },
		"the peer's close": func(w *wired) {
			go w.Serve(bg, conn.Handler{})
			w.peer.Write(w.bytesOf(frame.Close, ""))
			w.peer.CloseWrite()
		},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "a failed write" || name == "a reset" {
			}
			synctest.Test(t, func(t *testing.T) {
				w := queueing(t, conn.Queue{Messages: 1}, wiring{})
				const waiting = 20
				errs := make(chan error, waiting)
				for range waiting {
					go func() { errs <- w.WriteText(bg, "no room") }()
				}
				synctest.Wait()
				end(w)
				for range waiting {
					if err := <-errs; !errors.Is(err, net.ErrClosed) {
						t.Errorf("Write: %v", err)
					}
				}
				<-w.Done()
				synctest.Wait()
				if s := w.Queue(); s.Messages != 0 || s.Bytes != 0 {
					t.Errorf("still %+v", s)
				}
			})
		})
	}
}

// A stream that breaks while the peer is still to be told why the connection ends is
// not tried again and again until CloseTimeout.
func TestAStreamThatFailsWhileItIsClosedIsNotTriedForEver(t *testing.T) {
	for name, closing := range map[string]func(t *testing.T, w *wired){
		"a full queue": func(t *testing.T, w *wired) {
			say(t, w.Conn, "stuck")
			awaitStuck(t, w)
			if err := w.WriteText(bg, "no room"); !errors.Is(err, conn.ErrQueueFull) {
				t.Error(err)
			}
		},
		"a message broken off": func(t *testing.T, w *wired) {
			ctx, cancel := context.WithCancel(bg)
			m, err := w.NextWriter(ctx, conn.Text)
			if err != nil {
				t.Fatal(err)
			}
			w.takes()
			m.WriteString("begun")
			m.Flush()
			w.end.Out().SetWindow(0)
			go w.Pong(bg, nil)
			awaitStuck(t, w)
			cancel()
			if err := m.Close(); !errors.Is(err, conn.ErrPartialWrite) {
				t.Error(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := wire(t, wiring{Options: conn.Options{
				CloseTimeout: 50 * time.Millisecond,
				Queue:        &conn.Queue{Messages: 1, Full: conn.CloseWhenFull},
			}})
			w.end.Out().SetWindow(0)
			closing(t, w)
			w.end.Out().FailWriteAfter(0, errBroken)
			<-w.Done()
			if n := w.written().Writes; n > 5 {
				t.Errorf("%d writes", n)
			}
		})
	}
}

// awaitStuck waits until a write waits for the peer.
func awaitStuck(t testing.TB, w *wired) {
	t.Helper()
	if err := w.end.Out().Await(timeout(t), func(s conntest.Stats) bool { return s.WritesWaiting > 0 }); err != nil {
		t.Fatal(err)
	}
}

// A message is dropped before it is compressed, so the window of the peer knows of no
// message that it does not get.
func TestDroppedMessagesDoNotBreakTheWindowG8(t *testing.T) {
	for name, policy := range map[string]conn.QueuePolicy{"newest": conn.DropNewestWhenFull, "oldest": conn.DropOldestWhenFull} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := linked(t, conntest.PairOptions{
					Deflate: &deflate.Params{},
					Server:  &conn.Options{PingInterval: -1, CompressFrom: -1, WriteTimeout: -1, Queue: &conn.Queue{Messages: 5, Full: policy}},
				})
				got := collect(p.Client)
				text := func(i int) string { return fmt.Sprintf("%d: what the messages have in common is most of them", i) }
				taken, refused := map[string]bool{}, 0
				for i := range 300 {
					if i%20 == 0 {
						p.ServerEnd.Out().SetWindow(0)
					}
					if p.Server.WriteText(bg, text(i)) == nil {
						taken[text(i)] = true
					} else {
						refused++
					}
					if i%20 == 15 {
						p.ServerEnd.Out().SetWindow(-1)
						synctest.Wait()
					}
				}
				p.ServerEnd.Out().SetWindow(-1)
				synctest.Wait()
				if p.Client.Err() != nil {
					t.Fatal(p.Client.Err())
				}
				dropped := int(p.Server.Queue().Dropped) - refused
				if len(got.all)+dropped != len(taken) || (dropped == 0) != (policy == conn.DropNewestWhenFull) {
					t.Errorf("%d messages taken, %d dropped, %d arrive", len(taken), dropped, len(got.all))
				}
				for _, m := range got.texts() {
					if !taken[m] {
						t.Errorf("%q arrives", m)
					}
				}
				p.CloseNow()
				<-got.done
			})
		})
	}
}

// What one goroutine writes arrives in its order, whatever it writes it with.
func TestAQueueKeepsTheOrderOfAllWaysToWriteG8(t *testing.T) {
	others := map[string]func(t *testing.T, c *conn.Conn){
		"NextWriter": func(t *testing.T, c *conn.Conn) {
			w, err := c.NextWriter(bg, conn.Text)
			if err != nil {
				t.Error(err)
				return
			}
			w.WriteString("other")
			if err := w.Close(); err != nil {
				t.Error(err)
			}
		},
		"NetConn": func(t *testing.T, c *conn.Conn) {
			if _, err := c.NetConn(conn.Text).Write([]byte("other")); err != nil {
				t.Error(err)
			}
		},
		"WritePrepared": func(t *testing.T, c *conn.Conn) {
			p, _ := conn.Prepare(conn.Text, []byte("other"))
			if err := c.WritePrepared(bg, p); err != nil {
				t.Error(err)
			}
		},
		"WriteUncompressed": func(t *testing.T, c *conn.Conn) { c.WriteUncompressed(bg, conn.Text, []byte("other")) },
	}
	for name, other := range others {
		t.Run(name, func(t *testing.T) {
			if name == "NextWriter" || name == "NetConn" {
			}
			synctest.Test(t, func(t *testing.T) {
				w := queueing(t, conn.Queue{}, wiring{})
				wrote := make(chan struct{})
				go func() {
					say(t, w.Conn, "1", "2")
					other(t, w.Conn)
					say(t, w.Conn, "3")
					close(wrote)
				}()
				synctest.Wait()
				w.takes()
				w.mustSeeTexts(t, "on its way", "1", "2", "other", "3")
				<-wrote
			})
		})
	}
}

// While a message is streamed the queue fills, and goes on when it has ended.
func TestAQueueWaitsForAStreamedMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := wire(t, wiring{Options: conn.Options{Queue: &conn.Queue{}}})
		m, err := w.NextWriter(bg, conn.Text)
		if err != nil {
			t.Fatal(err)
		}
		m.WriteString("begins ")
		m.Flush()
		say(t, w.Conn, "queued 1", "queued 2")
		synctest.Wait()
		if s := w.Queue(); s.Messages != 2 {
			t.Errorf("%+v", s)
		}
		m.WriteString("and ends")
		if err := m.Close(); err != nil {
			t.Error(err)
		}
		for _, want := range []string{"begins ", "and ends", "queued 1", "queued 2"} {
			if f, err := w.sees(); err != nil || f.payload != want {
				t.Errorf("the peer reads %q, %v, want %q", f.payload, err, want)
			}
		}
		synctest.Wait()
		if s := w.Queue(); s != (conn.QueueStats{}) {
			t.Errorf("%+v", s)
		}
	})
}

// A queued message that waits for others to compress is not forgotten when that
// takes its time.
func TestAQueuedMessageOutlastsCompressLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limit := deflate.NewLimit(1)
		limit.Acquire(bg)
		o := conn.Options{PingInterval: -1, CompressFrom: -1, CompressLimit: limit, Queue: &conn.Queue{}}
		p := linked(t, conntest.PairOptions{Deflate: &deflate.Params{}, Server: &o})
		got := collect(p.Client)
		say(t, p.Server, "first, first, first")
		time.Sleep(2 * conn.DefaultWriteTimeout)
		limit.Release()
		err := p.Server.WriteText(bg, "second, second, second")
		synctest.Wait()
		if n := len(got.all); n != 2 && p.Server.Err() == nil && err == nil {
			t.Errorf("%d messages of 2 arrive, and nobody learns of it: %q", n, got.texts())
		}
		p.CloseNow()
		<-got.done
	})
}

// What is queued leaves in few writes, also if something in the middle takes its time.
func TestWhatIsQueuedLeavesTogether(t *testing.T) {
	for name, slow := range map[string]bool{"at once": false, "one waits for CompressLimit": true} {
		t.Run(name, func(t *testing.T) {
			most := 2
			if slow {
				most = 3 // the Wheel sends what is there meanwhile
			}
			synctest.Test(t, func(t *testing.T) {
				limit := deflate.NewLimit(1)
				w := queueing(t, conn.Queue{}, wiring{params: &deflate.Params{}, Options: conn.Options{CompressLimit: limit}})
				for i := range 20 {
					say(t, w.Conn, fmt.Sprint("queued ", i))
					if i == 1 {
						say(t, w.Conn, strings.Repeat("x", 1000))
					}
				}
				before := w.written().Writes
				if slow {
					limit.Acquire(bg)
				}
				w.takes()
				if slow {
					time.Sleep(5 * time.Millisecond)
					limit.Release()
				}
				synctest.Wait()
				if n := w.written().Writes - before; n > most {
					t.Errorf("%d writes", n)
				}
			})
		})
	}
}

// A queue sends in batches of about 64 KiB, so that a control frame need not wait for
// all of it.
func TestALongQueueLeavesInBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := queueing(t, conn.Queue{}, wiring{})
		for range 500 {
			say(t, w.Conn, strings.Repeat("x", 1000))
		}
		before := w.written().Writes
		w.takes()
		synctest.Wait()
		if n := w.written().Writes - before; n < 500*1000/(65<<10) || n > 500*1000/(32<<10) {
			t.Errorf("%d writes for half a megabyte", n)
		}
	})
}

// Many write at once to a peer of middling speed: each one's order is kept, and
// nothing is lost, for nobody is told that it was taken when it was not.
func TestManyWritersShareAQueue(t *testing.T) {
	writers, each := 8, 300
	if raceDetector {
		each = 50
	}
	for name, q := range map[string]*conn.Queue{
		"block":       {Messages: 7},
		"drop newest": {Messages: 7, Full: conn.DropNewestWhenFull},
		"drop oldest": {Messages: 7, Full: conn.DropOldestWhenFull},
	} {
		for kind, params := range map[string]*deflate.Params{"plain": nil, "takeover": {}} {
			t.Run(name+"/"+kind, func(t *testing.T) {
				p := linked(t, conntest.PairOptions{
					Pipe:    &conntest.Options{Window: 512},
					Deflate: params,
					Server:  &conn.Options{PingInterval: -1, CompressFrom: -1, Queue: q},
				})
				got := collect(p.Client)
				var wg sync.WaitGroup
				var mu sync.Mutex
				taken, refused := 0, 0
				for i := range writers {
					wg.Go(func() {
						n, no := 0, 0
						for k := range each {
							switch err := p.Server.WriteText(bg, fmt.Sprintf("%d %d", i, k)); err {
							case nil:
								n++
							case conn.ErrQueueFull:
								no++
							default:
								t.Error(err)
							}
						}
						mu.Lock()
						taken += n
						refused += no
						mu.Unlock()
					})
				}
				wg.Wait()
				if err := p.Server.Close(timeout(t), frame.NormalClosure, ""); err != nil {
					t.Error(err)
				}
				<-got.done
				next := make([]int, writers)
				for _, m := range got.texts() {
					var i, k int
					fmt.Sscanf(m, "%d %d", &i, &k)
					if k < next[i] {
						t.Errorf("writer %d: message %d after %d", i, k, next[i]-1)
					}
					next[i] = k + 1
				}
				dropped := int(p.Server.Queue().Dropped) - refused
				if len(got.all)+dropped != taken || dropped > 0 && q.Full != conn.DropOldestWhenFull {
					t.Errorf("%d taken, %d dropped, %d arrive", taken, dropped, len(got.all))
				}
			})
		}
	}
}

// Property 7: whatever is written, however the peer reads and whatever breaks, what
// waits is within the limits, what arrives is in order, and what is neither dropped
// nor refused arrives as long as the connection lives.
func TestAQueueHoldsItsLimitsAndItsOrderProperty7(t *testing.T) {
	policies := []conn.QueuePolicy{conn.BlockWhenFull, conn.DropNewestWhenFull, conn.DropOldestWhenFull, conn.CloseWhenFull}
	checkOnFakeClock(t, func(rt *rapid.T) {
		q := &conn.Queue{
			Bytes:    rapid.SampledFrom([]int64{0, 1, 100, 1000, 100_000, -1}).Draw(rt, "bytes"),
			Messages: rapid.SampledFrom([]int{0, 1, 2, 10, -1}).Draw(rt, "messages"),
			Full:     rapid.SampledFrom(policies).Draw(rt, "policy"),
		}
		maxBytes, maxMessages := q.Bytes, q.Messages
		if maxBytes == 0 {
			maxBytes = conn.DefaultQueueBytes
		}
		var params *deflate.Params
		if rapid.Bool().Draw(rt, "deflate") {
			params = &deflate.Params{}
		}
		p, err := conntest.Pair(&conntest.PairOptions{
			Pipe:    &conntest.Options{Window: rapid.SampledFrom([]int{0, 1, 100, 5000, -1}).Draw(rt, "window")},
			Deflate: params,
			Server:  &conn.Options{PingInterval: -1, WriteTimeout: -1, CompressFrom: -1, Queue: q},
			Client:  &conn.Options{PingInterval: -1, MaxMessage: -1},
		})
		if err != nil {
			rt.Fatal(err)
		}
		defer p.CloseNow()
		got := collect(p.Client)
		out := p.ServerEnd.Out()
		number, taken, refused, broken := 0, 0, 0, false
		rt.Repeat(map[string]func(*rapid.T){
			"write": func(rt *rapid.T) {
				size := rapid.SampledFrom([]int{0, 1, 10, 90, 999, 70_000}).Draw(rt, "size")
				ctx, cancel := context.WithTimeout(bg, time.Millisecond)
				defer cancel()
				err := p.Server.WriteText(ctx, fmt.Sprint(number, strings.Repeat(" ", size)))
				number++
				switch {
				case err == nil:
					taken++
				case err == conn.ErrQueueFull:
					refused++
					if q.Full != conn.DropNewestWhenFull && q.Full != conn.DropOldestWhenFull {
						rt.Fatalf("refused under policy %d", q.Full)
					}
				case errors.Is(err, context.DeadlineExceeded):
					if q.Full != conn.BlockWhenFull {
						rt.Fatalf("waits under policy %d", q.Full)
					}
				case errors.Is(err, conn.ErrQueueFull):
					broken = true
					if q.Full != conn.CloseWhenFull {
						rt.Fatalf("closed under policy %d", q.Full)
					}
				default:
					if !broken {
						rt.Fatalf("Write: %v", err)
					}
				}
			},
			"ping": func(rt *rapid.T) {
				ctx, cancel := context.WithTimeout(bg, time.Microsecond)
				defer cancel()
				p.Server.Ping(ctx)
			},
			"stall":      func(rt *rapid.T) { out.SetWindow(0) },
			"let some":   func(rt *rapid.T) { out.SetWindow(rapid.IntRange(1, 1000).Draw(rt, "window")) },
			"let all":    func(rt *rapid.T) { out.SetWindow(-1) },
			"wait":       func(rt *rapid.T) { time.Sleep(10 * time.Millisecond) },
			"read small": func(rt *rapid.T) { out.SetReadSizes(conntest.Random(uint64(number), 1, 100)) },
			"break": func(rt *rapid.T) {
				if rapid.IntRange(0, 9).Draw(rt, "at all") > 0 {
					rt.Skip("not this time")
				}
				broken = true
				switch rapid.IntRange(1, 4).Draw(rt, "how") {
				case 1:
					p.Server.CloseNow()
				case 2:
					go p.Server.Close(bg, frame.NormalClosure, "")
				case 3:
					out.ResetAfter(rapid.Int64Range(0, 100).Draw(rt, "after"))
				case 4:
					out.FailWriteAfter(rapid.Int64Range(0, 100).Draw(rt, "after"), errBroken)
				}
			},
			"": func(rt *rapid.T) {
				s := p.Server.Queue()
				// One may always wait beside what is being sent.
				beside := 0
				if q.Full == conn.DropOldestWhenFull {
					beside = 1
				}
				if s.Messages > 1+beside && (maxBytes >= 0 && s.Bytes > maxBytes || maxMessages > 0 && s.Messages > maxMessages+beside) || s.Messages < 0 || s.Bytes < 0 {
					rt.Fatalf("%+v waits, at most %d bytes and %d messages may", s, maxBytes, maxMessages)
				}
				if n := p.Server.Buffered(); int64(n) > 3*70_020 {
					rt.Fatalf("%d bytes are in the buffer", n)
				}
			},
		})
		out.SetWindow(-1)
		time.Sleep(time.Minute)
		synctest.Wait()
		last := -1
		for _, m := range got.texts() {
			n, err := strconv.Atoi(strings.TrimSpace(m))
			if err != nil || n <= last {
				rt.Fatalf("message %.10q comes after %d", m, last)
			}
			last = n
		}
		if s := p.Server.Queue(); s.Messages != 0 || s.Bytes != 0 {
			rt.Fatalf("at last %+v", s)
		}
		arrived, dropped := len(got.all), int(p.Server.Queue().Dropped)-refused
		if arrived > taken || !broken && arrived+dropped != taken {
			rt.Fatalf("%d messages taken, %d of them dropped, %d arrive", taken, dropped, arrived)
		}
	})
}
