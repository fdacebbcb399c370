package conntest_test

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyws/parley/conn/conntest"
)

func TestAfterACloseWithEverythingReadThePeerReadsToTheEnd(t *testing.T) {
	for name, end := range map[string]func(*conntest.End) error{"Close": (*conntest.End).Close, "CloseWrite": (*conntest.End).CloseWrite} {
		t.Run(name, func(t *testing.T) {
			a, b := conntest.Pipe(nil)
			write(t, b, "question")
			read(t, a, "question", nil)
			write(t, a, "answer")
			if err := end(a); err != nil {
				t.Error(err)
			}
			read(t, b, "answer", nil)
			for range 3 {
				if n, err := b.Read(make([]byte, 1)); n != 0 || err != io.EOF {
					t.Errorf("Read = %d, %v, want EOF and nothing else", n, err)
				}
			}
		})
	}
}

// RFC 9293 3.6.1: to close while bytes are unread is to reset.
func TestACloseWithBytesUnreadTakesTheLastWordsAlong(t *testing.T) {
	a, b := conntest.Pipe(nil)
	write(t, b, "unread")
	write(t, a, "last words")
	a.Close()
	for range 3 {
		read(t, b, "", syscall.ECONNRESET)
		writeFails(t, b, "x", 0, syscall.ECONNRESET)
	}
	wants(t, b.In(), conntest.Stats{Writes: 1, BytesWritten: 10, Reads: 3})
	wants(t, b.Out(), conntest.Stats{Writes: 4, BytesWritten: 6})
}

// RFC 9293 3.6.1: what arrives after a close is answered with a reset.
func TestBytesAfterACloseTakeTheLastWordsAlong(t *testing.T) {
	a, b := conntest.Pipe(nil)
	write(t, a, "last words")
	a.Close()
	write(t, b, "too late") // it leaves, as on TCP
	read(t, b, "", syscall.ECONNRESET)
	writeFails(t, b, "x", 0, syscall.ECONNRESET)
}

func TestAnEmptyWriteAfterTheCloseOfThePeerHarmsNothing(t *testing.T) {
	a, b := conntest.Pipe(nil)
	write(t, a, "last words")
	a.Close()
	write(t, b, "")
	readAll(t, b, "last words")
}

func TestLastWordsThatHaveBeenReadAreSafe(t *testing.T) {
	a, b := conntest.Pipe(nil)
	write(t, b, "unread")
	write(t, a, "last words")
	read(t, b, "last words", nil)
	a.Close()
	read(t, b, "", syscall.ECONNRESET)
}

func TestAfterAHalfCloseAndADrainLastWordsAreSafe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := conntest.Pipe(nil)
		write(t, b, "unread")
		write(t, a, "last words")
		a.CloseWrite()
		go func() { // b goes on until it has read the end
			write(t, b, "more")
			readAll(t, b, "last words")
			b.Close()
		}()
		readAll(t, a, "unreadmore")
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestAWriteThatWaitsIsResetByTheCloseOfThePeer(t *testing.T) {
	for name, latency := range map[string]time.Duration{"unread": 0, "under way": time.Hour} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := conntest.Pipe(&conntest.Options{Window: 4})
				a.Out().SetLatency(latency)
				start := time.Now()
				done := make(chan struct{})
				go func() {
					defer close(done)
					writeFails(t, a, "abcdefgh", 4, syscall.ECONNRESET)
				}()
				synctest.Wait()
				b.Close()
				<-done
				if d := time.Since(start); d != latency {
					t.Errorf("after %v, want %v", d, latency)
				}
			})
		})
	}
}

func TestAResetTravelsBehindTheBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := conntest.Pipe(nil)
		a.Out().SetLatency(time.Second)
		start := time.Now()
		write(t, a, "one")
		time.Sleep(time.Second / 2)
		write(t, a, "two")
		a.Reset()
		read(t, b, "one", nil)
		write(t, b, "lost") // nobody has told b yet
		time.Sleep(time.Second)
		read(t, b, "", syscall.ECONNRESET) // it took "two" along
		if d := time.Since(start); d != 2*time.Second {
			t.Errorf("after %v", d)
		}
	})
}

func TestBytesUnderWayAtACloseAreAnsweredWhenTheyArrive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := conntest.Pipe(nil)
		b.Out().SetLatency(time.Second)
		a.Out().SetLatency(time.Minute)
		start := time.Now()
		write(t, b, "under way")
		write(t, b, "as well")
		write(t, a, "last words")
		a.Close()
		read(t, b, "last words", nil)
		read(t, b, "", io.EOF)
		if d := time.Since(start); d != time.Minute {
			t.Errorf("read after %v, want 1m", d)
		}
		write(t, b, "still open")
		time.Sleep(time.Second - 1)
		read(t, b, "", io.EOF)
		time.Sleep(time.Nanosecond)
		read(t, b, "", syscall.ECONNRESET) // one latency there, another back
	})
}

func TestResetIsAResetWhateverHasBeenRead(t *testing.T) {
	a, b := conntest.Pipe(nil)
	write(t, a, "last words")
	if err := a.Reset(); err != nil {
		t.Error(err)
	}
	read(t, b, "", syscall.ECONNRESET)
	read(t, a, "", net.ErrClosed)
	if err := a.Reset(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a second Reset: %v", err)
	}
	if err := b.CloseWrite(); !errors.Is(err, syscall.ENOTCONN) {
		t.Errorf("CloseWrite after a reset: %v", err)
	}
	if err := b.SetDeadline(time.Time{}); err != nil {
		t.Errorf("SetDeadline after a reset: %v", err)
	}
	if err := b.Close(); err != nil {
		t.Errorf("Close after a reset: %v", err)
	}
}

func TestAnEndThatWasResetTellsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := conntest.Pipe(nil)
		a.Out().Stall()
		a.Out().ResetAfter(0) // a is reset, b not yet
		write(t, b, "unheard")
		a.Close()
		go func() {
			time.Sleep(time.Minute)
			b.Close()
		}()
		read(t, b, "", net.ErrClosed)
	})
}

func TestOnlyTheFirstResetCounts(t *testing.T) {
	a, b := conntest.Pipe(nil)
	write(t, b, "unread")
	write(t, a, "last words")
	a.Out().ResetAfter(0) // takes nothing along
	a.Close()             // would, as bytes are unread
	read(t, b, "last words", nil)
	read(t, b, "", syscall.ECONNRESET)
}

func TestTheFirstEndIsTheEnd(t *testing.T) {
	a, b := conntest.Pipe(nil)
	write(t, a, "x")
	a.CloseWrite()
	a.Out().ResetAfter(0)
	readAll(t, b, "x") // as on Linux: the stream had come to its end
	writeFails(t, b, "y", 0, syscall.ECONNRESET)

	a, b = conntest.Pipe(nil)
	a.CloseWrite()
	readAll(t, b, "")
	a.Reset()
	read(t, b, "", syscall.ECONNRESET)
}

func TestAfterCloseNothingWorksButReturns(t *testing.T) {
	a, b := conntest.Pipe(nil)
	write(t, b, "x")
	a.Close()
	read(t, a, "", net.ErrClosed)
	writeFails(t, a, "x", 0, net.ErrClosed)
	for name, err := range map[string]error{
		"Close":            a.Close(),
		"CloseWrite":       a.CloseWrite(),
		"SetDeadline":      a.SetDeadline(time.Now()),
		"SetReadDeadline":  a.SetReadDeadline(time.Time{}),
		"SetWriteDeadline": a.SetWriteDeadline(time.Time{}),
	} {
		var op *net.OpError
		if !errors.Is(err, net.ErrClosed) || !errors.As(err, &op) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCloseWakesTheCallsThatWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := stuck(t)
		e.Out().Stall() // so that nothing arrives that could wake them
		var all sync.WaitGroup
		all.Go(func() { read(t, e, "", net.ErrClosed) })
		all.Go(func() { writeFails(t, e, "x", 0, net.ErrClosed) })
		synctest.Wait()
		e.Close()
		all.Wait()
	})
}

func TestCloseWinsOverADeadline(t *testing.T) {
	a, _ := conntest.Pipe(nil)
	a.SetDeadline(time.Unix(1, 0))
	a.Close()
	read(t, a, "", net.ErrClosed)
	writeFails(t, a, "x", 0, net.ErrClosed)
}

func TestAfterCloseWriteTheOtherHalfGoesOn(t *testing.T) {
	a, b := conntest.Pipe(nil)
	for range 2 {
		if err := a.CloseWrite(); err != nil {
			t.Error(err)
		}
	}
	writeFails(t, a, "x", 0, syscall.EPIPE)
	readAll(t, b, "")
	write(t, b, "answer")
	read(t, a, "answer", nil)
	b.Close()
	readAll(t, a, "")
	a.Close()
}

func TestCloseWriteInterruptsAWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := conntest.Pipe(&conntest.Options{Window: 3})
		a.Out().Stall() // so that nothing arrives that could wake it
		done := make(chan struct{})
		go func() {
			defer close(done)
			writeFails(t, a, "abcdef", 3, syscall.EPIPE)
		}()
		synctest.Wait()
		a.CloseWrite()
		<-done
		a.Out().Resume()
		readAll(t, b, "abc")
	})
}

func TestBothMayClose(t *testing.T) {
	a, b := conntest.Pipe(nil)
	write(t, a, "x")
	write(t, b, "y")
	if err := errors.Join(a.Close(), b.Close()); err != nil {
		t.Error(err)
	}
	wants(t, a.Out(), conntest.Stats{Writes: 1, BytesWritten: 1})
	wants(t, b.Out(), conntest.Stats{Writes: 1, BytesWritten: 1})
	read(t, a, "", net.ErrClosed)
	read(t, b, "", net.ErrClosed)
}

func TestErrorsLookLikeThoseOfTCP(t *testing.T) {
	a, b := conntest.Pipe(nil)
	a.Reset()
	a2, _ := conntest.Pipe(nil)
	a2.CloseWrite()
	_, reset := b.Read(make([]byte, 1))
	_, pipe := a2.Write([]byte("x"))
	a2.SetReadDeadline(time.Unix(1, 0))
	_, late := a2.Read(make([]byte, 1))
	for want, err := range map[string]error{
		"read tcp 192.0.2.2:49152->192.0.2.1:80: read: " + syscall.ECONNRESET.Error(): reset,
		"write tcp 192.0.2.1:80->192.0.2.2:49152: write: " + syscall.EPIPE.Error():    pipe,
		"read tcp 192.0.2.1:80->192.0.2.2:49152: i/o timeout":                         late,
	} {
		var op *net.OpError
		if !errors.As(err, &op) {
			t.Errorf("error is %T", err)
		}
		var sys *os.SyscallError
		if errno := err != late; errors.As(err, &sys) != errno {
			t.Errorf("%v: no system call", err)
		}
		if err.Error() != want {
			t.Errorf("error %v, want %v", err, want)
		}
	}
}
