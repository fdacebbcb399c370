package conntest_test

import (
	"io"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyws/parley/conn/conntest"
)

// arrivals reads to the end and returns how many bytes had come by when.
func arrivals(t *testing.T, r io.Reader) (bytes []int, at []time.Duration) {
	t.Helper()
	start, sum := time.Now(), 0
	buf := make([]byte, 1<<20)
	for {
		n, err := r.Read(buf)
		sum += n
		bytes, at = append(bytes, sum), append(at, time.Since(start))
		if err != nil {
			if err != io.EOF {
				t.Error(err)
			}
			return bytes, at
		}
	}
}

func TestLatencyIsWhatBytesAndTheEndTakeToArrive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := conntest.Pipe(nil)
		a.Out().SetLatency(time.Second)
		go func() {
			write(t, a, "one")
			time.Sleep(300 * time.Millisecond)
			write(t, a, "three")
			time.Sleep(500 * time.Millisecond)
			a.CloseWrite()
		}()
		n, at := arrivals(t, b)
		if want := []int{3, 8, 8}; !slices.Equal(n, want) {
			t.Errorf("arrived %v, want %v", n, want)
		}
		if want := []time.Duration{1000 * time.Millisecond, 1300 * time.Millisecond, 1800 * time.Millisecond}; !slices.Equal(at, want) {
			t.Errorf("arrived at %v, want %v", at, want)
		}
	})
}

func TestBytesUnderWayAreCountedAndFillTheWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := conntest.Pipe(&conntest.Options{Window: 5})
		a.Out().SetLatency(time.Second)
		go write(t, a, "abcdefg")
		synctest.Wait()
		wants(t, a.Out(), conntest.Stats{Writes: 1, BytesWritten: 5, InFlight: 5, WritesWaiting: 1})
		time.Sleep(time.Second)
		wants(t, a.Out(), conntest.Stats{Writes: 1, BytesWritten: 5, Unread: 5, WritesWaiting: 1})
		read(t, b, "abcde", nil)
		synctest.Wait()
		wants(t, a.Out(), conntest.Stats{Writes: 1, BytesWritten: 7, Reads: 1, BytesRead: 5, InFlight: 2})
	})
}

func TestALatencyThatFallsLetsNothingOvertake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := conntest.Pipe(nil)
		a.Out().SetLatency(time.Minute)
		write(t, a, "first")
		a.Out().SetLatency(-time.Second) // as 0
		write(t, a, "second")
		a.Close()
		if n, at := arrivals(t, b); !slices.Equal(n, []int{11, 11}) || at[0] != time.Minute {
			t.Errorf("arrived %v at %v", n, at)
		}
	})
}

func TestJitterStaysInItsBoundsAndTheSeedDecides(t *testing.T) {
	delays := func(jitter time.Duration, seed uint64) (delays []time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			a, b := conntest.Pipe(nil)
			a.Out().SetLatency(200 * time.Millisecond)
			a.Out().SetJitter(jitter, seed)
			for range 200 {
				start := time.Now()
				write(t, a, "x")
				read(t, b, "x", nil)
				delays = append(delays, time.Since(start))
			}
		})
		return delays
	}
	one := delays(50*time.Millisecond, 1)
	if !slices.Equal(one, delays(50*time.Millisecond, 1)) {
		t.Error("the same seed, other delays")
	}
	if slices.Equal(one, delays(50*time.Millisecond, 2)) {
		t.Error("another seed, the same delays")
	}
	least, most := slices.Min(one), slices.Max(one)
	if least < 150*time.Millisecond || least > 160*time.Millisecond || most > 250*time.Millisecond || most < 240*time.Millisecond {
		t.Errorf("delays from %v to %v, want 150ms to 250ms", least, most)
	}
	none := delays(0, 1)
	if slices.Min(none) != 200*time.Millisecond || slices.Max(none) != 200*time.Millisecond {
		t.Error("jitter of 0 varies the latency")
	}
	if far := delays(time.Second, 1); slices.Min(far) != 0 {
		t.Errorf("with more jitter than latency the least delay is %v, want 0", slices.Min(far))
	}
}

func TestJitterLetsNothingOvertake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := conntest.Pipe(nil)
		a.Out().SetLatency(time.Second)
		a.Out().SetJitter(time.Second, 3)
		want := pattern(1000)
		for _, c := range want {
			a.Write([]byte{c})
		}
		a.Close()
		got, err := io.ReadAll(b)
		if err != nil {
			t.Error(err)
		}
		same(t, "jittered", got, want)
	})
}

func TestARateIsKeptToTheByte(t *testing.T) {
	for _, tt := range []struct {
		rate, size int64
		packet     int
		want       time.Duration
	}{
		{1, 3, 1, 3 * time.Second}, // bit by bit, however slow
		{1000, 100, 10, 100 * time.Millisecond},
		{125_000, 125_000, 1250, time.Second},
		{10_000_000, 1_000_000, 1460, 100 * time.Millisecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			a, b := conntest.Pipe(&conntest.Options{Window: -1})
			a.Out().SetRate(tt.rate)
			want := pattern(int(tt.size))
			a.Write(want[:tt.size/2]) // pieces travel behind each other
			a.Write(want[tt.size/2:])
			a.Close()
			n, at := arrivals(t, b)
			if n[0] != tt.packet && n[0] != int(tt.size/2) {
				t.Errorf("rate %d: first packet of %d bytes, want %d", tt.rate, n[0], tt.packet)
			}
			last := at[len(at)-1]
			if n[len(n)-1] != int(tt.size) || last > tt.want || last < tt.want*999/1000 {
				t.Errorf("rate %d: %d bytes in %v, want %d in %v", tt.rate, n[len(n)-1], last, tt.size, tt.want)
			}
		})
	}
}

func TestARateBeginsAnewAfterAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := conntest.Pipe(nil)
		a.Out().SetRate(10)
		write(t, a, "x")
		time.Sleep(time.Hour)
		read(t, b, "x", nil)
		start := time.Now()
		write(t, a, "yz")
		read(t, b, "y", nil)
		read(t, b, "z", nil)
		if d := time.Since(start); d != 200*time.Millisecond {
			t.Errorf("after %v, want 200ms", d)
		}
		a.Out().SetRate(-1) // as 0
		start = time.Now()
		write(t, a, "abc")
		read(t, b, "abc", nil)
		if d := time.Since(start); d != 0 {
			t.Errorf("without a rate after %v", d)
		}
	})
}

func TestRateAndLatencyAdd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := conntest.Pipe(nil)
		a.Out().SetRate(1)
		a.Out().SetLatency(time.Minute)
		write(t, a, "ab")
		a.Close()
		n, at := arrivals(t, b)
		if want := []time.Duration{61 * time.Second, 62 * time.Second, 62 * time.Second}; !slices.Equal(at, want) {
			t.Errorf("%v arrived at %v, want %v", n, at, want)
		}
	})
}

func TestWhatComesLateWakesWhoWaits(t *testing.T) {
	a, b := conntest.Pipe(nil) // outside a bubble
	a.Out().SetLatency(20 * time.Millisecond)
	start := time.Now()
	write(t, a, "x")
	a.Close()
	read(t, b, "x", nil)
	read(t, b, "", io.EOF)
	if d := time.Since(start); d < 20*time.Millisecond {
		t.Errorf("arrived after %v", d)
	}
}
