package conntest_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyws/parley/conn/conntest"
	"pgregory.net/rapid"
)

// A script is pairs of bytes: what to do at which end, and how much. It is run
// in a bubble, so that a call that would wait for ever fails after a millisecond.

// way is one direction of a pipe, with what should be and what is.
type way struct {
	from, to  *conntest.End
	sent, got []byte
	ended     bool // by CloseWrite
	lossy     bool // some of it may be lost
	window    int  // the largest there was; -1 for no bound
}

var errInjected = errors.New("injected")

// expected are the errors that Read and Write return, as the case may be.
var expected = []error{io.EOF, os.ErrDeadlineExceeded, net.ErrClosed, syscall.ECONNRESET, syscall.EPIPE, errInjected}

func isExpected(err error) bool {
	for _, e := range expected {
		if errors.Is(err, e) {
			return true
		}
	}
	return err == nil
}

// check says what is wrong with the way at this moment, or nil.
func (w *way) check() error {
	s := w.from.Out().Stats()
	under := s.InFlight + s.Unread
	switch {
	case !bytes.HasPrefix(w.sent, w.got):
		return fmt.Errorf("what came out is not a prefix of what went in:\n%x, of\n%x", w.got, w.sent)
	case s.BytesWritten != int64(len(w.sent)) || s.BytesRead != int64(len(w.got)):
		return fmt.Errorf("%d bytes went in and %d came out, counts %+v", len(w.sent), len(w.got), s)
	case len(w.got)+under > len(w.sent), !w.lossy && len(w.got)+under != len(w.sent):
		return fmt.Errorf("bytes were lost or made up: %d went in, %d came out, counts %+v", len(w.sent), len(w.got), s)
	case w.window >= 0 && under > w.window:
		return fmt.Errorf("%d bytes under way or unread in a window of %d", under, w.window)
	case s.ReadsWaiting != 0 || s.WritesWaiting != 0:
		return fmt.Errorf("calls that have returned wait: %+v", s)
	}
	return nil
}

func (w *way) write(n int) error {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte((len(w.sent) + i) * 37)
	}
	w.from.SetWriteDeadline(time.Now().Add(time.Millisecond))
	k, err := w.from.Write(b)
	w.sent = append(w.sent, b[:k]...)
	if !isExpected(err) || k < n && err == nil || k == n && n > 0 && err != nil {
		return fmt.Errorf("a Write of %d returns %d, %v", n, k, err)
	}
	return nil
}

func (w *way) read(n int) error {
	w.to.SetReadDeadline(time.Now().Add(time.Millisecond))
	b := make([]byte, n)
	k, err := w.to.Read(b)
	w.got = append(w.got, b[:k]...)
	if !isExpected(err) {
		return fmt.Errorf("a Read of %d returns %d, %v", n, k, err)
	}
	return nil
}

// do does one thing.
func (w *way) do(what, much byte) error {
	f, n := w.from.Out(), int(much)
	seed, random := uint64(much), conntest.Sizes(nil)
	if n%4 > 0 {
		random = conntest.Random(seed, 0, n%16)
	}
	switch what {
	case 0, 1, 2, 3, 4:
		return w.write(n)
	case 5, 6, 7, 8, 9:
		return w.read(n)
	case 10:
		f.SetWindow(n - 1)
		if w.window >= 0 {
			w.window = max(w.window, n-1)
		}
		if n == 0 {
			w.window = -1
		}
	case 11:
		f.SetReadSizes(random)
	case 12:
		f.SetWriteSizes(random)
	case 13:
		f.SetErrorWithData(n%2 == 0)
	case 14:
		f.SetLatency(time.Duration(n) * time.Millisecond)
	case 15:
		f.SetJitter(time.Duration(n)*time.Millisecond, seed)
	case 16:
		f.SetRate(int64(n) * 100)
	case 17:
		f.Stall()
	case 18:
		f.Resume()
	case 19:
		time.Sleep(time.Duration(n) * time.Millisecond)
	case 20:
		w.from.CloseWrite()
		w.ended = true
	default:
		return w.cut(what, int64(much))
	}
	return nil
}

// cut does one of the things that lose bytes.
func (w *way) cut(what byte, n int64) error {
	f := w.from.Out()
	w.lossy = true
	switch what {
	case 21:
		f.ResetAfter(n)
	case 22:
		f.EndAfter(n)
	case 23:
		f.BlackHole()
	case 24:
		f.FailReadAfter(n, errInjected)
	case 25:
		f.FailWriteAfter(n, errInjected)
	case 26:
		w.from.Close()
	default:
		w.from.Reset()
	}
	return nil
}

const (
	things   = 28 // that do can do
	harmless = 21 // that lose nothing
)

// drain ends a way that lost nothing: all of it must come out.
func (w *way) drain() error {
	f := w.from.Out()
	f.Resume()
	f.SetReadSizes(nil)
	w.to.SetReadDeadline(time.Time{})
	if !w.ended {
		w.from.CloseWrite()
	}
	rest, err := io.ReadAll(w.to)
	w.got = append(w.got, rest...)
	if err != nil || !bytes.Equal(w.got, w.sent) {
		return fmt.Errorf("%d bytes went in, %d came out to the end: %v", len(w.sent), len(w.got), err)
	}
	return w.check()
}

// run runs a script, in a bubble.
func run(script []byte) error {
	a, b := conntest.Pipe(&conntest.Options{Window: 64})
	ways := [2]*way{{from: a, to: b, window: 64}, {from: b, to: a, window: 64}}
	for i := 0; i+1 < len(script); i += 2 {
		what, much := script[i]&0x7F%things, script[i+1]
		w := ways[script[i]>>7]
		err := w.do(what, much)
		if what == 21 || what > 25 { // resets and closes are for both
			ways[0].lossy, ways[1].lossy = true, true
		}
		if err = errors.Join(err, ways[0].check(), ways[1].check()); err != nil {
			return fmt.Errorf("step %d (%d, %d): %w", i/2, what, much, err)
		}
	}
	for _, w := range ways {
		if !w.lossy {
			if err := w.drain(); err != nil {
				return err
			}
		}
	}
	return errors.Join(ways[0].check(), ways[1].check())
}

// inBubble hides that it is a *testing.T, whose Deadline may not be asked for in
// a bubble.
type inBubble struct{ testing.TB }

func checkScripts(t *testing.T, things byte) {
	step := rapid.Custom(func(t *rapid.T) []byte {
		return []byte{rapid.ByteRange(0, things-1).Draw(t, "what") | rapid.SampledFrom([]byte{0, 0x80}).Draw(t, "way"), rapid.Byte().Draw(t, "much")}
	})
	synctest.Test(t, func(t *testing.T) {
		rapid.Check(inBubble{t}, func(t *rapid.T) {
			script := bytes.Join(rapid.SliceOf(step).Draw(t, "script"), nil)
			if err := run(script); err != nil {
				t.Fatalf("script %x: %v", script, err)
			}
		})
	})
}

func TestWhatComesOutIsAPrefixOfWhatWentInUnderAnyFaults(t *testing.T) { checkScripts(t, things) }

func TestWithoutACutAllComesOut(t *testing.T) { checkScripts(t, harmless) }

func FuzzPipe(f *testing.F) {
	for _, script := range []string{
		"",
		"00ff0510",                 // more than the window
		"0c0300400540118000050a",   // pieces, stall
		"0e050020133c05ff80038503", // latency, both ways
		"10010010136405ff",         // a rate
		"0020150500100520852085",   // a reset at a byte
		"002016050010052005208010", // an end at a byte
		"00208020" + "1a00" + "0520" + "8520",
		"00201b0005208520",
		"001014ff05ff05ff0010",
		"0a000bff0cff00ff05ff05ff05ff",
	} {
		f.Add(unhex(f, script))
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		synctest.Test(t, func(t *testing.T) {
			if err := run(script); err != nil {
				t.Error(err)
			}
		})
	})
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
