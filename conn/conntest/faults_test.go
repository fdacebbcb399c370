package conntest_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyws/parley/conn/conntest"
)

const errReset = syscall.ECONNRESET

func TestNothingArrivesWhileAFlowIsStalled(t *testing.T) {
	for name, tt := range map[string]struct {
		end  func(a *conntest.End) error
		want error
	}{
		"bytes": {func(a *conntest.End) error { return nil }, os.ErrDeadlineExceeded},
		"end":   {(*conntest.End).CloseWrite, io.EOF},
		"close": {(*conntest.End).Close, io.EOF},
		"cut":   {func(a *conntest.End) error { a.Out().ResetAfter(0); return nil }, errReset},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := conntest.Pipe(nil)
				write(t, a, "before")
				a.Out().Stall()
				write(t, a, "during")
				if err := tt.end(a); err != nil {
					t.Error(err)
				}
				b.SetReadDeadline(time.Now().Add(time.Hour))
				read(t, b, "before", nil)
				read(t, b, "", os.ErrDeadlineExceeded)
				if s := a.Out().Stats(); s.InFlight != 6 || s.Unread != 0 {
					t.Errorf("counts %+v", s)
				}
				b.SetReadDeadline(time.Now().Add(time.Hour))
				a.Out().Resume()
				read(t, b, "during", nil)
				read(t, b, "", tt.want)
			})
		})
	}
}

func TestAStalledResetArrivesOnResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := conntest.Pipe(nil)
		a.Out().Stall()
		write(t, a, "lost")
		a.Reset()
		go func() {
			time.Sleep(time.Minute)
			a.Out().Resume()
		}()
		read(t, b, "", errReset)
	})
}

func TestAStallFillsTheWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := conntest.Pipe(&conntest.Options{Window: 4})
		a.Out().Stall()
		a.Out().Stall() // twice is as once
		a.SetWriteDeadline(time.Now().Add(time.Second))
		writeFails(t, a, "abcdef", 4, os.ErrDeadlineExceeded)
		write(t, b, "goes")
		read(t, a, "goes", nil)
		a.Out().Resume()
		a.Out().Resume()
		read(t, b, "abcd", nil)
	})
}

func TestWhatIsNotDueAtAResumeStaysUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := conntest.Pipe(nil)
		a.Out().SetLatency(time.Minute)
		start := time.Now()
		a.Out().Stall()
		write(t, a, "x")
		time.Sleep(time.Second)
		a.Out().Resume()
		read(t, b, "x", nil)
		if d := time.Since(start); d != time.Minute {
			t.Errorf("arrived after %v", d)
		}
	})
}

func TestTheAnswerToWhatWasStalledLeavesAtTheResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := conntest.Pipe(nil)
		b.Out().Stall()
		write(t, b, "x")
		a.Close()
		a.Out().SetLatency(time.Second)
		time.Sleep(time.Minute)
		b.Out().Resume() // now it arrives at a, and is answered
		read(t, b, "", io.EOF)
		time.Sleep(time.Second)
		read(t, b, "", errReset)
	})
}

func TestABlackHoleTakesAllAndGivesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := conntest.Pipe(nil)
		a.Out().SetLatency(time.Second)
		write(t, a, "way")
		a.Out().BlackHole()
		write(t, a, strings.Repeat("x", 1<<20))
		wants(t, a.Out(), conntest.Stats{Writes: 2, BytesWritten: 3 + 1<<20, InFlight: 3})
		b.SetReadDeadline(time.Now().Add(time.Hour))
		read(t, b, "way", nil) // it was under way
		write(t, b, "unread")
		a.Close()
		read(t, b, "", os.ErrDeadlineExceeded)
		write(t, b, "b never learns of the close")
		b.SetReadDeadline(time.Now().Add(time.Hour))
		read(t, b, "", os.ErrDeadlineExceeded)
	})
}

func TestABlackHoleCanStillBeCut(t *testing.T) {
	a, b := conntest.Pipe(nil)
	a.Out().BlackHole()
	a.Out().ResetAfter(3)
	writeFails(t, a, "abcd", 3, errReset)
	b.SetReadDeadline(time.Now())
	read(t, b, "", os.ErrDeadlineExceeded)
}

func TestAResetAtEveryByteR22(t *testing.T) {
	const trace = "0123456789"
	for n := range len(trace) + 1 {
		t.Run(fmt.Sprint("after ", n), func(t *testing.T) {
			a, b := conntest.Pipe(nil)
			write(t, a, "earlier")
			write(t, b, "in between")
			a.Out().ResetAfter(int64(n))
			if n < len(trace) {
				writeFails(t, a, trace, n, errReset)
			} else {
				write(t, a, trace) // the last byte leaves before the reset
			}
			for range 2 {
				writeFails(t, a, "x", 0, errReset)
				writeFails(t, b, "x", 0, errReset)
			}
			for e, want := range map[*conntest.End]string{a: "in between", b: "earlier" + trace[:n]} {
				read(t, e, want, nil)
				read(t, e, "", errReset)
				read(t, e, "", errReset)
			}
			wants(t, a.Out(), conntest.Stats{Writes: 4, BytesWritten: int64(7 + n), Reads: 3, BytesRead: int64(7 + n)})
		})
	}
}

func TestATruncationAtEveryByteR23(t *testing.T) {
	const trace = "0123456789"
	for n := range len(trace) + 1 {
		t.Run(fmt.Sprint("after ", n), func(t *testing.T) {
			a, b := conntest.Pipe(&conntest.Options{Window: 20})
			write(t, a, "earlier")
			a.Out().EndAfter(int64(n))
			write(t, a, trace)
			write(t, a, strings.Repeat("the writer does not learn it", 9))
			readAll(t, b, "earlier"+trace[:n])
			write(t, b, "the other way")
			read(t, a, "the other way", nil)
			if err := a.Close(); err != nil {
				t.Error(err)
			}
			readAll(t, b, "")
			write(t, b, "x")
			read(t, b, "", errReset) // a is gone
		})
	}
}

func TestACutIsAtAByteHoweverItIsWritten(t *testing.T) {
	for size := 1; size < 8; size++ {
		a, b := conntest.Pipe(&conntest.Options{Window: -1})
		a.Out().ResetAfter(5)
		sent := 0
		for range 8 {
			n, err := a.Write(make([]byte, size))
			if sent += n; err != nil && !errors.Is(err, errReset) {
				t.Error(err)
			}
		}
		got, err := io.ReadAll(b)
		if sent != 5 || len(got) != 5 || !errors.Is(err, errReset) {
			t.Errorf("writes of %d: %d sent, %d arrived, %v", size, sent, len(got), err)
		}
	}
}

func TestACutCanBeMovedOrTakenBack(t *testing.T) {
	a, b := conntest.Pipe(nil)
	a.Out().ResetAfter(2)
	a.Out().EndAfter(4)
	write(t, a, "abc")
	a.Out().EndAfter(-1)
	write(t, a, "def")
	a.Out().EndAfter(2)
	write(t, a, "ghi")
	readAll(t, b, "abcdefgh")
}

func TestTheResetOfACutTravels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := conntest.Pipe(nil)
		a.Out().SetLatency(time.Second)
		start := time.Now()
		a.Out().ResetAfter(1)
		write(t, a, "x")
		read(t, a, "", errReset) // at the writer it strikes at once
		write(t, b, "b does not know yet")
		read(t, b, "x", nil)
		read(t, b, "", errReset)
		if d := time.Since(start); d != time.Second {
			t.Errorf("after %v", d)
		}
		wants(t, b.Out(), conntest.Stats{Writes: 1, BytesWritten: 19, Reads: 1})
	})
}

func TestAnyErrorCanBeInjected(t *testing.T) {
	broken := errors.New("broken")
	a, b := conntest.Pipe(nil)
	write(t, a, "abc")
	read(t, b, "abc", nil)

	b.In().FailReadAfter(2, broken)
	write(t, a, "defg")
	read(t, b, "de", nil)
	for range 2 {
		n, err := b.Read(make([]byte, 1))
		if n != 0 || err != broken {
			t.Errorf("Read = %d, %v, want the error as it was given", n, err)
		}
	}
	wants(t, b.In(), conntest.Stats{Writes: 2, BytesWritten: 7, Reads: 4, BytesRead: 5, Unread: 2})

	b.In().FailReadAfter(0, nil)
	read(t, b, "fg", nil)
	b.In().FailReadAfter(0, broken)

	b.Out().FailWriteAfter(3, syscall.EIO)
	writeFails(t, b, "12345", 3, syscall.EIO)
	writeFails(t, b, "6", 0, syscall.EIO)
	read(t, a, "123", nil)
	b.Out().FailWriteAfter(0, nil)
	write(t, b, "7")
	read(t, a, "7", nil)
	a.Close()
	read(t, b, "", broken)
}

func TestAFailureOfZeroBytesWakesWhoWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := stuck(t)
		broken := errors.New("broken")
		done := make(chan struct{}, 2)
		go func() { read(t, e, "", broken); done <- struct{}{} }()
		go func() { writeFails(t, e, "x", 0, broken); done <- struct{}{} }()
		synctest.Wait()
		e.In().FailReadAfter(-1, broken) // as 0
		e.Out().FailWriteAfter(-1, broken)
		<-done
		<-done
	})
}
