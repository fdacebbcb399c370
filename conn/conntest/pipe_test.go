package conntest_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyws/parley/conn/conntest"
)

func TestBytesComeOutAsTheyWentInBothWaysAtOnce(t *testing.T) {
	for _, window := range []int{1, 7, 1460, 0, -1} {
		t.Run(fmt.Sprint("window of ", window), func(t *testing.T) {
			a, b := conntest.Pipe(&conntest.Options{Window: window})
			size := 1 << 20
			if window > 0 && window < 1000 {
				size = 5000
			}
			want := pattern(size)
			var all sync.WaitGroup
			for _, e := range []*conntest.End{a, b} {
				all.Go(func() {
					if n, err := e.Write(want); n != size || err != nil {
						t.Errorf("Write = %d, %v", n, err)
					}
					if err := e.CloseWrite(); err != nil {
						t.Error(err)
					}
				})
				all.Go(func() {
					got, err := io.ReadAll(e)
					if err != nil {
						t.Error(err)
					}
					same(t, "one way", got, want)
				})
			}
			all.Wait()
		})
	}
}

func TestAPingOfOneEndIsAPongOfTheOther(t *testing.T) {
	a, b := conntest.Pipe(nil)
	var all sync.WaitGroup
	all.Go(func() {
		buf := make([]byte, 8)
		for range 1000 {
			if _, err := io.ReadFull(b, buf); err != nil {
				t.Error(err)
				return
			}
			b.Write(bytes.ToUpper(buf))
		}
	})
	buf := make([]byte, 8)
	for i := range 1000 {
		write(t, a, fmt.Sprintf("ping%4d", i))
		if _, err := io.ReadFull(a, buf); err != nil || string(buf) != fmt.Sprintf("PING%4d", i) {
			t.Fatalf("%d: got %q, %v", i, buf, err)
		}
	}
	all.Wait()
}

func TestAWriteReturnsBeforeAnybodyReads(t *testing.T) {
	a, b := conntest.Pipe(nil)
	write(t, a, strings.Repeat("x", conntest.DefaultWindow))
	wants(t, a.Out(), conntest.Stats{Writes: 1, BytesWritten: conntest.DefaultWindow, Unread: conntest.DefaultWindow})
	if n, err := b.Read(make([]byte, 10)); n != 10 || err != nil {
		t.Errorf("Read = %d, %v", n, err)
	}
}

func TestAWriteWaitsForRoomInTheWindow(t *testing.T) {
	for _, tt := range []struct {
		window, taken int
	}{{0, conntest.DefaultWindow}, {1, 1}, {10, 10}} {
		synctest.Test(t, func(t *testing.T) {
			a, b := conntest.Pipe(&conntest.Options{Window: tt.window})
			all := pattern(conntest.DefaultWindow + 10)
			go func() {
				a.Write(all)
				a.CloseWrite()
			}()
			synctest.Wait()
			wants(t, b.In(), conntest.Stats{Writes: 1, BytesWritten: int64(tt.taken), Unread: tt.taken, WritesWaiting: 1})
			got, err := io.ReadAll(b)
			if err != nil {
				t.Error(err)
			}
			same(t, "what waited", got, all)
			if s := b.In().Stats(); s.WritesWaiting != 0 || s.Writes != 1 {
				t.Errorf("afterwards %+v", s)
			}
		})
	}
}

func TestAWindowCanBeChangedWhileAWriteWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := conntest.Pipe(nil)
		a.Out().SetWindow(0)
		go func() {
			write(t, a, "abcdefgh")
			a.Close()
		}()
		taken := func(want int64) {
			t.Helper()
			synctest.Wait()
			if got := a.Out().Stats().BytesWritten; got != want {
				t.Errorf("%d bytes taken, want %d", got, want)
			}
		}
		taken(0)
		a.Out().SetWindow(3)
		taken(3)
		a.Out().SetWindow(1) // what is in stays
		taken(3)
		read(t, b, "abc", nil)
		taken(4)
		a.Out().SetWindow(-2) // as -1
		taken(8)
		readAll(t, b, "defgh")
	})
}

func TestOfSeveralWritesEachGoesWhole(t *testing.T) {
	a, b := conntest.Pipe(&conntest.Options{Window: 10})
	var all sync.WaitGroup
	for _, s := range []string{"a", "b", "c", "d"} {
		all.Go(func() { write(t, a, strings.Repeat(s, 105)) })
	}
	got := make([]byte, 4*105)
	if _, err := io.ReadFull(b, got); err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		one := string(got[i*105 : i*105+105])
		if one != strings.Repeat(one[:1], 105) {
			t.Errorf("write %d arrived as %q", i, one)
		}
	}
	all.Wait()
}

func TestAWriteThatWaitsForAnotherHasADeadlineOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := conntest.Pipe(&conntest.Options{Window: 1})
		go write(t, a, "ab")
		synctest.Wait()
		failed := make(chan struct{})
		go func() {
			defer close(failed)
			writeFails(t, a, "x", 0, net.ErrClosed)
		}()
		synctest.Wait()
		if s := a.Out().Stats(); s.WritesWaiting != 2 {
			t.Errorf("%d writes wait, want 2", s.WritesWaiting)
		}
		read(t, b, "a", nil)
		synctest.Wait() // the first is done now, the second waits for room
		if s := a.Out().Stats(); s.WritesWaiting != 1 {
			t.Errorf("%d writes wait, want 1", s.WritesWaiting)
		}
		a.Close()
		<-failed
	})
}

func TestReadersShareTheBytes(t *testing.T) {
	a, b := conntest.Pipe(nil)
	var all sync.WaitGroup
	var mu sync.Mutex
	count := map[byte]int{}
	for range 4 {
		all.Go(func() {
			buf := make([]byte, 3)
			for {
				n, err := b.Read(buf)
				if err != nil {
					return
				}
				mu.Lock()
				for _, c := range buf[:n] {
					count[c]++
				}
				mu.Unlock()
			}
		})
	}
	want := 20
	for range want {
		a.Write(pattern(256))
	}
	a.CloseWrite()
	all.Wait()
	if len(count) != 256 {
		t.Errorf("%d different bytes, want 256", len(count))
	}
	for c, n := range count {
		if n != want {
			t.Errorf("byte %d came %d times, want %d", c, n, want)
		}
	}
}

func TestAnEmptyReadOrWriteReturnsAtOnce(t *testing.T) {
	a, b := conntest.Pipe(nil)
	a.Out().SetWindow(0)
	for range 2 { // with nothing there, and with something
		if n, err := b.Read(nil); n != 0 || err != nil {
			t.Errorf("Read = %d, %v", n, err)
		}
		if n, err := a.Write(nil); n != 0 || err != nil {
			t.Errorf("Write = %d, %v", n, err)
		}
		a.Out().SetWindow(-1)
		write(t, a, "x")
	}
	b.Close()
	if _, err := b.Read(nil); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	if _, err := b.Write(nil); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

func TestABufferIsTheCallersAgainWhenWriteReturns(t *testing.T) {
	a, b := conntest.Pipe(nil)
	buf := []byte("abc")
	a.Write(buf)
	copy(buf, "xyz")
	a.Write(buf)
	copy(buf, "---")
	read(t, b, "abcxyz", nil)
}

func TestTheAddressesAreThoseOfTheOptions(t *testing.T) {
	a, b := conntest.Pipe(nil)
	for _, tt := range []struct {
		got  net.Addr
		want string
	}{
		{a.LocalAddr(), "192.0.2.1:80"}, {a.RemoteAddr(), "192.0.2.2:49152"},
		{b.LocalAddr(), "192.0.2.2:49152"}, {b.RemoteAddr(), "192.0.2.1:80"},
	} {
		if _, ok := tt.got.(*net.TCPAddr); !ok || tt.got.String() != tt.want {
			t.Errorf("address %T %v, want %v", tt.got, tt.got, tt.want)
		}
	}
	here, there := &net.UnixAddr{Name: "/here", Net: "unix"}, &net.UnixAddr{Name: "/there", Net: "unix"}
	a, b = conntest.Pipe(&conntest.Options{Addrs: [2]net.Addr{here, there}})
	if a.LocalAddr() != here || a.RemoteAddr() != there || b.LocalAddr() != there || b.RemoteAddr() != here {
		t.Errorf("addresses %v %v", a.LocalAddr(), a.RemoteAddr())
	}
	a.Close()
	_, err := a.Read(make([]byte, 1))
	if want := "read unix /here->/there: use of closed network connection"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestEveryMethodCanBeCalledAtAnyTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var all sync.WaitGroup
		a, b := conntest.Pipe(&conntest.Options{Window: 100})
		for i, e := range []*conntest.End{a, b} {
			soon := func() time.Time { return time.Now().Add(time.Millisecond) }
			random := rand.New(rand.NewPCG(1, uint64(i)))
			anything := []func(){
				func() { e.SetReadDeadline(time.Now()) },
				func() { e.SetWriteDeadline(time.Now()) },
				func() { e.SetDeadline(soon()) },
				func() { e.Out().SetWindow(50 + random.IntN(100)) },
				func() { e.Out().SetReadSizes(conntest.Random(1, 0, 9)) },
				func() { e.Out().SetWriteSizes(conntest.Cycle(3, 1)) },
				func() { e.Out().SetErrorWithData(random.IntN(2) == 0) },
				func() { e.Out().SetLatency(time.Duration(random.IntN(100))) },
				func() { e.Out().SetJitter(10, 1) },
				func() { e.Out().SetRate(1 << 20) },
				func() { e.Out().Stall() },
				func() { e.Out().Resume() },
				func() { e.In().Stats() },
				func() { _ = e.LocalAddr().String() + e.RemoteAddr().String() },
			}
			all.Go(func() {
				for range 1000 {
					anything[random.IntN(len(anything))]()
				}
			})
			for _, call := range []func([]byte) (int, error){e.Read, e.Write, e.Read, e.Write} {
				all.Go(func() {
					for range 500 {
						e.SetDeadline(soon())
						if _, err := call(make([]byte, 50)); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
							t.Error(err)
						}
					}
				})
			}
		}
		all.Wait()
	})
}
