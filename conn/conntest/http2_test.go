package conntest_test

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyws/parley/conn/conntest"
)

// What these tests want is what the server of net/http was seen to do.

// stream returns a handler's end of a stream of HTTP/2, the same end for its
// flows, and the peer.
func stream() (h *conntest.HTTP2Stream, e, peer *conntest.End) {
	e, peer = conntest.Pipe(nil)
	return e.HTTP2(), e, peer
}

func TestAReadDeadlineOfHTTP2EndsReadingForGood(t *testing.T) {
	for name, pass := range map[string]func(h *conntest.HTTP2Stream){
		"while nobody reads": func(h *conntest.HTTP2Stream) {
			h.SetReadDeadline(time.Now().Add(time.Second))
			time.Sleep(time.Second)
		},
		"at once": func(h *conntest.HTTP2Stream) { h.SetReadDeadline(time.Unix(1, 0)) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h, e, peer := stream()
				write(t, peer, "in time")
				pass(h)
				h.SetReadDeadline(time.Time{}) // too late
				write(t, peer, "too late")
				peer.CloseWrite()
				read(t, h, "in time", nil)
				for range 2 {
					read(t, h, "", os.ErrDeadlineExceeded)
				}
				h.SetReadDeadline(time.Now().Add(time.Hour))
				read(t, h, "", os.ErrDeadlineExceeded)
				write(t, h, "writing goes on")
				read(t, peer, "writing goes on", nil)
				wants(t, e.In(), conntest.Stats{Writes: 2, BytesWritten: 15, Reads: 4, BytesRead: 7})
			})
		})
	}
}

func TestAReadOfHTTP2WaitsUntilTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _, _ := stream()
		start := time.Now()
		h.SetReadDeadline(start.Add(time.Minute))
		h.SetReadDeadline(start.Add(time.Second)) // what has not passed can be changed
		read(t, h, "", os.ErrDeadlineExceeded)
		if d := time.Since(start); d != time.Second {
			t.Errorf("after %v", d)
		}
	})
}

func TestADeadlineOfHTTP2ThatIsPutOffInTimeHarmsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _, peer := stream()
		h.SetReadDeadline(time.Now().Add(time.Second))
		h.SetWriteDeadline(time.Now().Add(time.Second))
		time.Sleep(time.Second - 1)
		h.SetReadDeadline(time.Time{})
		h.SetWriteDeadline(time.Time{})
		time.Sleep(time.Hour)
		write(t, peer, "x")
		read(t, h, "x", nil)
		write(t, h, "y")
		read(t, peer, "y", nil)
	})
}

func TestBytesAfterAReadDeadlineOfHTTP2FillTheWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, e, peer := stream()
		e.In().SetWindow(10)
		write(t, peer, "12345")
		h.SetReadDeadline(time.Now())
		write(t, peer, "678")
		read(t, h, "12345", nil)
		peer.SetWriteDeadline(time.Now().Add(time.Hour))
		writeFails(t, peer, "abcdefghij", 7, os.ErrDeadlineExceeded)
	})
}

func TestAReadDeadlineOfHTTP2AfterTheEndChangesNothing(t *testing.T) {
	h, _, peer := stream()
	write(t, peer, "x")
	peer.CloseWrite()
	h.SetReadDeadline(time.Unix(1, 0))
	readAll(t, h, "x")
}

func TestAResetAfterAReadDeadlineOfHTTP2LeavesItsError(t *testing.T) {
	h, _, peer := stream()
	h.SetReadDeadline(time.Unix(1, 0))
	peer.Reset()
	h.SetReadDeadline(time.Unix(1, 0))
	read(t, h, "", os.ErrDeadlineExceeded)
	writeFails(t, h, "x", 0, syscall.ECONNRESET)
}

func TestAWriteDeadlineOfHTTP2ResetsTheStreamEvenIfNobodyWrites(t *testing.T) {
	for name, pass := range map[string]func(h *conntest.HTTP2Stream){
		"later": func(h *conntest.HTTP2Stream) {
			h.SetWriteDeadline(time.Now().Add(time.Second))
			time.Sleep(time.Second)
		},
		"at once": func(h *conntest.HTTP2Stream) { h.SetWriteDeadline(time.Unix(1, 0)) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h, _, peer := stream()
				write(t, h, "answer")
				write(t, peer, "question")
				pass(h)
				h.SetWriteDeadline(time.Time{}) // too late
				writeFails(t, h, "x", 0, syscall.ECONNRESET)
				read(t, h, "question", nil)
				read(t, h, "", syscall.ECONNRESET)
				read(t, peer, "answer", nil)
				read(t, peer, "", syscall.ECONNRESET)
				writeFails(t, peer, "x", 0, syscall.ECONNRESET)
				h.SetWriteDeadline(time.Unix(1, 0)) // once is enough
				if err := h.Close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestAWriteOfHTTP2ThatWaitsFailsByItsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, e, peer := stream()
		e.Out().SetWindow(3)
		start := time.Now()
		h.SetWriteDeadline(start.Add(time.Second))
		writeFails(t, h, "abcdef", 3, os.ErrDeadlineExceeded)
		if d := time.Since(start); d != time.Second {
			t.Errorf("after %v", d)
		}
		read(t, peer, "abc", nil)
		read(t, peer, "", syscall.ECONNRESET)
	})
}

func TestThePeerLearnsOfAWriteDeadlineOfHTTP2WhileItReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, e, peer := stream()
		e.Out().SetLatency(time.Second)
		start := time.Now()
		h.SetWriteDeadline(start.Add(time.Minute))
		read(t, peer, "", syscall.ECONNRESET)
		if d := time.Since(start); d != 61*time.Second {
			t.Errorf("after %v, want 1m1s", d)
		}
	})
}

func TestAnImmediateWriteDeadlineOfHTTP2StillTakesItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, e, peer := stream()
		e.Out().SetLatency(time.Second)
		start := time.Now()
		h.SetWriteDeadline(time.Unix(1, 0))
		read(t, peer, "", syscall.ECONNRESET)
		if d := time.Since(start); d != time.Second {
			t.Errorf("after %v, want 1s", d)
		}
	})
}

func TestTheReturnOfAHandlerOfHTTP2TakesNothingAlong(t *testing.T) {
	h, e, peer := stream()
	write(t, peer, "unread")
	write(t, h, "last words")
	if err := h.Close(); err != nil {
		t.Error(err)
	}
	writeFails(t, peer, "x", 0, syscall.EPIPE)
	readAll(t, peer, "last words")
	read(t, h, "", net.ErrClosed)
	for _, err := range []error{h.Close(), h.SetReadDeadline(time.Time{}), h.SetWriteDeadline(time.Time{})} {
		if !errors.Is(err, net.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	}
	wants(t, e.In(), conntest.Stats{Writes: 2, BytesWritten: 6, Reads: 1})
}

func TestDeadlinesOfHTTP2EndWithTheStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _, peer := stream()
		write(t, h, "last words")
		h.SetReadDeadline(time.Now().Add(time.Second))
		h.SetWriteDeadline(time.Now().Add(time.Second))
		h.Close()
		time.Sleep(time.Minute)
		readAll(t, peer, "last words")
		writeFails(t, peer, "x", 0, syscall.EPIPE)
	})
}

func TestBytesUnderWayToAHandlerOfHTTP2ThatReturnedAreDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, e, peer := stream()
		e.In().SetLatency(time.Second)
		e.Out().SetLatency(time.Minute)
		write(t, peer, "under way")
		write(t, h, "last words")
		h.Close()
		write(t, peer, "b does not know yet")
		time.Sleep(time.Hour)
		readAll(t, peer, "last words")
		writeFails(t, peer, "x", 0, syscall.EPIPE)
	})
}

func TestAHandlerOfHTTP2ReadsWhatArrivedBeforeAReset(t *testing.T) {
	h, _, peer := stream()
	write(t, peer, "question")
	write(t, h, "unread")
	peer.Reset()
	read(t, h, "question", nil)
	read(t, h, "", syscall.ECONNRESET)
	writeFails(t, h, "x", 0, syscall.ECONNRESET)
}

func TestAfterTheEndOfThePeerTheReturnOfAHandlerIsAnEnd(t *testing.T) {
	h, _, peer := stream()
	write(t, peer, "question")
	peer.CloseWrite()
	readAll(t, h, "question")
	write(t, h, "answer")
	h.Close()
	readAll(t, peer, "answer")
	if err := peer.Close(); err != nil {
		t.Error(err)
	}
}

func TestAHandlerOfHTTP2HasNoHalfClose(t *testing.T) {
	h, _, _ := stream()
	if _, ok := any(h).(interface{ CloseWrite() error }); ok {
		t.Error("it has CloseWrite")
	}
}

func TestAPlainEndCanOnlyReadWriteAndClose(t *testing.T) {
	a, b := conntest.Pipe(nil)
	plain := a.Plain()
	for what, has := range map[string]bool{
		"deadlines":  is[interface{ SetReadDeadline(time.Time) error }](plain),
		"half-close": is[interface{ CloseWrite() error }](plain),
		"an address": is[interface{ RemoteAddr() net.Addr }](plain),
	} {
		if has {
			t.Errorf("it has %s", what)
		}
	}
	write(t, plain, "question")
	read(t, b, "question", nil)
	write(t, b, "answer")
	read(t, plain, "answer", nil)
	if err := plain.Close(); err != nil {
		t.Error(err)
	}
	read(t, b, "", io.EOF)
}

func is[T any](v any) bool {
	_, ok := v.(T)
	return ok
}
