package conntest_test

import (
	"errors"
	"io"
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyws/parley/conn/conntest"
)

// sizesOfReads reads until n bytes have come or the stream has ended, and returns
// how many bytes each Read returned.
func sizesOfReads(t *testing.T, r io.Reader, n int) (sizes []int) {
	t.Helper()
	buf := make([]byte, 100)
	for n > 0 {
		k, err := r.Read(buf)
		sizes = append(sizes, k)
		n -= k
		if err != nil {
			t.Errorf("Read: %v", err)
			break
		}
	}
	return sizes
}

func TestSizesOfReadsAreThoseOfTheScript(t *testing.T) {
	for name, tt := range map[string]struct {
		sizes conntest.Sizes
		want  []int
	}{
		"one":           {conntest.Each(1), []int{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}},
		"more":          {conntest.Each(99), []int{10}},
		"cycle":         {conntest.Cycle(1, 2, 3), []int{1, 2, 3, 1, 2, 1}},
		"with none":     {conntest.Cycle(0, 4, 0, 0), []int{0, 4, 0, 0, 0, 4, 0, 0, 0, 2}},
		"less than 0":   {conntest.Cycle(-1, 5), []int{0, 5, 0, 5}},
		"no script":     {nil, []int{10}},
		"random, twice": {conntest.Random(7, 2, 4), sevenTwoToFour(10)},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := conntest.Pipe(nil)
			b.In().SetReadSizes(tt.sizes)
			write(t, a, "01234")
			write(t, a, "56789") // as on TCP, writes merge
			if got := sizesOfReads(t, b, 10); !slices.Equal(got, tt.want) {
				t.Errorf("reads return %v, want %v", got, tt.want)
			}
		})
	}
}

// sevenTwoToFour are the sizes of Random(7, 2, 4) until they make n.
func sevenTwoToFour(n int) (sizes []int) {
	for s := conntest.Random(7, 2, 4); n > 0; {
		k := min(n, s())
		sizes = append(sizes, k)
		n -= k
	}
	return sizes
}

func TestRandomSizesAreAllThoseBetweenAndTheSeedDecides(t *testing.T) {
	draw := func(seed uint64) (sizes []int) {
		s := conntest.Random(seed, 3, 5)
		for range 100 {
			sizes = append(sizes, s())
		}
		return sizes
	}
	one := draw(1)
	if !slices.Equal(one, draw(1)) {
		t.Error("the same seed, other sizes")
	}
	if slices.Equal(one, draw(2)) {
		t.Error("another seed, the same sizes")
	}
	slices.Sort(one)
	if got := slices.Compact(one); !slices.Equal(got, []int{3, 4, 5}) {
		t.Errorf("sizes %v, want 3 to 5", got)
	}
}

func TestAnEmptyReadDoesNotWait(t *testing.T) {
	a, b := conntest.Pipe(nil)
	b.In().SetReadSizes(conntest.Cycle(0, 1))
	for range 2 {
		if n, err := b.Read(make([]byte, 9)); n != 0 || err != nil {
			t.Errorf("Read = %d, %v", n, err)
		}
		write(t, a, "x")
		read(t, b, "x", nil)
	}
}

func TestAReadWithoutBytesLeavesItsSizeToTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := conntest.Pipe(nil)
		b.In().SetReadSizes(conntest.Cycle(1, 2))
		b.SetReadDeadline(time.Now().Add(time.Second))
		read(t, b, "", os.ErrDeadlineExceeded)
		if n, err := b.Read(nil); n != 0 || err != nil { // not even for the deadline
			t.Errorf("Read = %d, %v", n, err)
		}
		b.SetReadDeadline(time.Time{})
		write(t, a, "abc")
		read(t, b, "a", nil)
		read(t, b, "bc", nil)
	})
}

func TestSizesCanBeChangedInUse(t *testing.T) {
	a, b := conntest.Pipe(nil)
	write(t, a, "abcdef")
	b.In().SetReadSizes(conntest.Each(1))
	read(t, b, "a", nil)
	b.In().SetReadSizes(conntest.Each(2))
	read(t, b, "bc", nil)
	b.In().SetReadSizes(nil)
	read(t, b, "def", nil)
}

func TestPiecesOfWritesStayApart(t *testing.T) {
	a, b := conntest.Pipe(nil)
	a.Out().SetWriteSizes(conntest.Cycle(3, 0, -1, 2)) // 0 and less are 1
	write(t, a, "0123456")
	write(t, a, "789ab")
	if got, want := sizesOfReads(t, b, 12), []int{3, 1, 1, 2, 3, 1, 1}; !slices.Equal(got, want) {
		t.Errorf("reads return %v, want %v", got, want)
	}
	a.Out().SetWriteSizes(conntest.Each(4))
	write(t, a, "abcd")
	a.Out().SetWriteSizes(nil)
	write(t, a, "ef")
	write(t, a, "gh")
	a.Out().SetWriteSizes(conntest.Each(4))
	write(t, a, "ij")
	b.In().SetReadSizes(conntest.Each(3))
	if got, want := sizesOfReads(t, b, 10), []int{3, 1, 3, 1, 2}; !slices.Equal(got, want) {
		t.Errorf("reads return %v, want %v", got, want)
	}
}

func TestAPieceWaitsForRoomForAllOfIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := conntest.Pipe(&conntest.Options{Window: 5})
		a.Out().SetWriteSizes(conntest.Each(3))
		a.SetWriteDeadline(time.Now().Add(time.Second))
		writeFails(t, a, "abcdef", 3, os.ErrDeadlineExceeded)
		a.SetWriteDeadline(time.Now().Add(time.Second))
		writeFails(t, a, "def", 0, os.ErrDeadlineExceeded)
		b.Read(make([]byte, 1))
		a.SetWriteDeadline(time.Time{})
		write(t, a, "def") // now there is room for three
		go func() {
			a.Out().SetWriteSizes(conntest.Each(100)) // never room for all
			write(t, a, "ghijklm")
			a.Close()
		}()
		readAll(t, b, "bcdefghijklm")
	})
}

func TestTheLastBytesCanComeWithTheError(t *testing.T) {
	broken := errors.New("broken")
	for name, tt := range map[string]struct {
		end  func(a, b *conntest.End)
		want error
	}{
		"end":      {func(a, b *conntest.End) { a.CloseWrite() }, io.EOF},
		"reset":    {func(a, b *conntest.End) { a.Out().ResetAfter(0) }, errReset},
		"failure":  {func(a, b *conntest.End) { b.In().FailReadAfter(4, broken) }, broken},
		"no end":   {func(a, b *conntest.End) {}, nil},
		"deadline": {func(a, b *conntest.End) { b.SetReadDeadline(time.Now().Add(time.Hour)) }, nil},
	} {
		for _, on := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				a, b := conntest.Pipe(nil)
				b.In().SetErrorWithData(on)
				b.In().SetReadSizes(conntest.Each(3))
				write(t, a, "abcd")
				tt.end(a, b)
				read(t, b, "abc", nil)
				n, err := b.Read(make([]byte, 9))
				if want := tt.want; n != 1 || on && !errors.Is(err, want) || !on && err != nil {
					t.Errorf("Read = %d, %v, want 1, %v", n, err, want)
				}
				if tt.want != nil {
					read(t, b, "", tt.want)
				}
			})
		}
	}
}
