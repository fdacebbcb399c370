package conntest_test

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyws/parley/conn/conntest"
)

// stuck returns an end whose Reads and Writes wait: nothing comes and there is
// no room.
func stuck(t testing.TB) *conntest.End {
	t.Helper()
	a, _ := conntest.Pipe(nil)
	a.Out().SetWindow(0)
	return a
}

// halves are the two calls that wait, and how to set their deadlines.
var halves = []struct {
	name  string
	call  func(*conntest.End) (int, error)
	set   func(*conntest.End, time.Time) error
	other func(*conntest.End, time.Time) error
}{
	{"Read", func(e *conntest.End) (int, error) { return e.Read(make([]byte, 1)) }, (*conntest.End).SetReadDeadline, (*conntest.End).SetWriteDeadline},
	{"Write", func(e *conntest.End) (int, error) { return e.Write(make([]byte, 1)) }, (*conntest.End).SetWriteDeadline, (*conntest.End).SetReadDeadline},
	{"Read, both set", func(e *conntest.End) (int, error) { return e.Read(make([]byte, 1)) }, (*conntest.End).SetDeadline, (*conntest.End).SetDeadline},
	{"Write, both set", func(e *conntest.End) (int, error) { return e.Write(make([]byte, 1)) }, (*conntest.End).SetDeadline, (*conntest.End).SetDeadline},
}

func eachHalf(t *testing.T, do func(t *testing.T, e *conntest.End, call func() (int, error), set func(time.Time))) {
	for _, h := range halves {
		t.Run(h.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := stuck(t)
				do(t, e, func() (int, error) { return h.call(e) }, func(d time.Time) {
					if err := h.set(e, d); err != nil {
						t.Error(err)
					}
				})
			})
		})
	}
}

func timesOut(t *testing.T, n int, err error) {
	t.Helper()
	var timeout net.Error
	if n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) || !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("returns %d, %v, want a timeout", n, err)
	}
}

func TestACallFailsWhenItsDeadlineHasPassed(t *testing.T) {
	eachHalf(t, func(t *testing.T, e *conntest.End, call func() (int, error), set func(time.Time)) {
		for _, d := range []time.Duration{-time.Hour, 0} {
			start := time.Now()
			set(start.Add(d))
			n, err := call()
			timesOut(t, n, err)
			n, err = call()
			timesOut(t, n, err)
			if time.Now() != start {
				t.Errorf("%v: it waited for %v", d, time.Since(start))
			}
		}
		set(time.Unix(1, 0)) // without a monotonic clock
		n, err := call()
		timesOut(t, n, err)
	})
}

func TestACallWaitsUntilItsDeadline(t *testing.T) {
	eachHalf(t, func(t *testing.T, e *conntest.End, call func() (int, error), set func(time.Time)) {
		start := time.Now()
		for range 3 { // it can be renewed
			set(time.Now().Add(time.Minute))
			n, err := call()
			timesOut(t, n, err)
		}
		if d := time.Since(start); d != 3*time.Minute {
			t.Errorf("it waited for %v, want 3m", d)
		}
	})
}

func TestADeadlineHoldsForTheCallThatWaits(t *testing.T) {
	eachHalf(t, func(t *testing.T, e *conntest.End, call func() (int, error), set func(time.Time)) {
		for _, tt := range []struct{ before, later, want time.Duration }{
			{0, -time.Second, 0},                    // an interruption
			{0, time.Second, time.Second},           // none before
			{time.Minute, time.Second, time.Second}, // sooner
			{time.Second, time.Minute, time.Minute}, // put off
		} {
			start := time.Now()
			set(time.Time{})
			if tt.before != 0 {
				set(start.Add(tt.before))
			}
			done := make(chan struct{})
			go func() {
				defer close(done)
				n, err := call()
				timesOut(t, n, err)
			}()
			synctest.Wait()
			set(start.Add(tt.later))
			<-done
			if d := time.Since(start); d != tt.want {
				t.Errorf("%v: it waited for %v", tt, d)
			}
		}
	})
}

func TestNoDeadlineIsForEver(t *testing.T) {
	eachHalf(t, func(t *testing.T, e *conntest.End, call func() (int, error), set func(time.Time)) {
		set(time.Now().Add(time.Second))
		go func() {
			if _, err := call(); !errors.Is(err, net.ErrClosed) {
				t.Errorf("got %v", err)
			}
		}()
		synctest.Wait()
		set(time.Time{})
		time.Sleep(1000 * time.Hour)
		e.Close()
	})
}

func TestADeadlineOfOneHalfLeavesTheOther(t *testing.T) {
	a, b := conntest.Pipe(nil)
	a.SetReadDeadline(time.Unix(1, 0))
	b.SetWriteDeadline(time.Unix(1, 0))
	write(t, a, "x")
	read(t, b, "x", nil)
	a.SetReadDeadline(time.Time{})
	b.SetWriteDeadline(time.Time{})
	a.SetWriteDeadline(time.Unix(1, 0))
	b.SetReadDeadline(time.Unix(1, 0))
	write(t, b, "y")
	read(t, a, "y", nil)
}

func TestADeadlineComesBeforeTheBytesThatAreThere(t *testing.T) {
	a, b := conntest.Pipe(nil)
	write(t, a, "x")
	b.SetReadDeadline(time.Unix(1, 0))
	read(t, b, "", os.ErrDeadlineExceeded)
	a.Close()
	read(t, b, "", os.ErrDeadlineExceeded)
	b.SetReadDeadline(time.Time{})
	readAll(t, b, "x")
}

func TestAWriteThatTimesOutSaysHowMuchHasLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := conntest.Pipe(&conntest.Options{Window: 3})
		a.SetWriteDeadline(time.Now().Add(time.Second))
		writeFails(t, a, "abcdef", 3, os.ErrDeadlineExceeded)
		a.SetWriteDeadline(time.Time{})
		go func() {
			write(t, a, "def")
			a.Close()
		}()
		readAll(t, b, "abcdef")
	})
}

func TestTwoCallsThatWaitHaveTheSameDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := stuck(t)
		var all sync.WaitGroup
		for range 2 {
			all.Go(func() { read(t, e, "", os.ErrDeadlineExceeded) })
			all.Go(func() { writeFails(t, e, "x", 0, os.ErrDeadlineExceeded) })
		}
		synctest.Wait()
		e.SetDeadline(time.Now().Add(time.Second))
		all.Wait()
	})
}

func TestADeadlineOutsideABubble(t *testing.T) {
	a, b := conntest.Pipe(nil)
	b.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
	read(t, b, "", os.ErrDeadlineExceeded)
	b.SetReadDeadline(time.Now().Add(time.Hour))
	go func() {
		b.In().Await(timeout(t), func(s conntest.Stats) bool { return s.ReadsWaiting == 1 })
		a.Write([]byte("x"))
	}()
	read(t, b, "x", nil)
}

func TestACopyEndsAtItsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := conntest.Pipe(nil)
		b.SetReadDeadline(time.Now().Add(time.Second))
		go func() {
			for {
				if _, err := a.Write(pattern(1000)); err != nil {
					return
				}
			}
		}()
		n, err := io.Copy(slow{}, b)
		if n == 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("copied %d, %v", n, err)
		}
		b.Close()
	})
}

// slow takes a millisecond for a Write.
type slow struct{}

func (slow) Write(b []byte) (int, error) {
	time.Sleep(time.Millisecond)
	return len(b), nil
}
