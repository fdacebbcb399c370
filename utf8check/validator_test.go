package utf8check_test

import (
	"bytes"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/parleyws/parley/utf8check"
)

// judges fails t unless v, to which pieces are fed, gives the verdict: it must
// fail at the piece that holds the byte that nothing can mend, and stay so, and
// count the bytes before that one as good.
func judges(t interface{ Fatalf(string, ...any) }, v *utf8check.Validator, pieces [][]byte, want string, at int) {
	fed := 0
	for i, p := range pieces {
		kept := bytes.Clone(p)
		ok := v.Feed(p)
		if !bytes.Equal(p, kept) {
			t.Fatalf("% X: Feed wrote into piece %d", pieces, i)
		}
		fed += len(p)
		if mendable := want != invalid || fed <= at; ok != mendable {
			t.Fatalf("% X: Feed of piece %d, to byte %d: %v; want %s at %d", pieces, i, fed, ok, want, at)
		}
		good := fed
		if want == invalid {
			good = min(fed, at)
		}
		if v.Good() != int64(good) {
			t.Fatalf("% X: after piece %d, to byte %d: %d good, want %d", pieces, i, fed, v.Good(), good)
		}
	}
	if got := v.Complete(); got != (want == valid) {
		t.Fatalf("% X: complete %v, want %s", pieces, got, want)
	}
	if want == invalid && (v.Feed([]byte("a")) || v.Good() != int64(at)) {
		t.Fatalf("% X: mended by more, or %d good instead of %d", pieces, v.Good(), at)
	}
}

func TestK7TheFirstByteThatNothingCanMendFails(t *testing.T) {
	for _, c := range vectors(t) {
		t.Run(c.Name, func(t *testing.T) {
			var v utf8check.Validator
			for i := range c.Bytes {
				want := c.Verdict != invalid || i < c.At
				if got := v.Feed(c.Bytes[i : i+1]); got != want {
					t.Fatalf("%s: % X: Feed of byte %d: %v, want %v", c.Section, c.Bytes, i, got, want)
				}
			}
			if got := v.Complete(); got != (c.Verdict == valid) {
				t.Errorf("%s: % X: complete %v", c.Section, c.Bytes, got)
			}
		})
	}
}

func TestK7AnyCutGivesTheSameVerdict(t *testing.T) {
	for _, c := range vectors(t) {
		t.Run(c.Name, func(t *testing.T) {
			for i := range len(c.Bytes) + 1 {
				judges(t, new(utf8check.Validator), [][]byte{c.Bytes[:i], c.Bytes[i:]}, c.Verdict, c.At)
				judges(t, new(utf8check.Validator), [][]byte{c.Bytes[:i], nil, c.Bytes[i:]}, c.Verdict, c.At)
				for j := i; j <= min(i+5, len(c.Bytes)); j++ {
					judges(t, new(utf8check.Validator), [][]byte{c.Bytes[:i], c.Bytes[i:j], c.Bytes[j:]}, c.Verdict, c.At)
				}
			}
		})
	}
}

func TestAllShortTextsAtAllCuts(t *testing.T) {
	i := 0
	for text := range shortTexts() {
		if i++; i%stride != 0 {
			continue
		}
		want, at := invalid, firstBad(text)
		switch at {
		case -1:
			want = valid
		case len(text):
			want = unfinished
		}
		for i := range text {
			judges(t, new(utf8check.Validator), [][]byte{text[:i], text[i:]}, want, at)
		}
	}
}

func TestAnyPiecesOfAnyTextGiveTheSameVerdict(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := drawText(t)
		want, at := verdict(text)
		var pieces [][]byte
		for rest := text; len(rest) > 0; {
			n := rapid.IntRange(0, min(len(rest), 9)).Draw(t, "piece")
			pieces = append(pieces, rest[:n])
			rest = rest[n:]
		}
		utf8check.EachPath(func(string) { judges(t, new(utf8check.Validator), pieces, want, at) })
	})
}

func TestAResetValidatorIsAsNew(t *testing.T) {
	for _, before := range []string{"", "whole", "cut \xe2\x82", "broken \xff", "\xf4"} {
		for _, c := range vectors(t) {
			var v utf8check.Validator
			v.Feed([]byte(before))
			v.Reset()
			if !v.Complete() || v.Good() != 0 {
				t.Fatalf("%q is not forgotten", before)
			}
			judges(t, &v, [][]byte{c.Bytes}, c.Verdict, c.At)
		}
	}
}

// A caller may reuse its buffer: what Feed needs of a piece, it copies.
func TestFeedKeepsNothingOfAPiece(t *testing.T) {
	var v utf8check.Validator
	buf := make([]byte, 1)
	for _, b := range []byte("a😀") {
		buf[0] = b
		if !v.Feed(buf) {
			t.Fatalf("fails at %X", b)
		}
		buf[0] = 0xff
	}
	if !v.Complete() {
		t.Error("not complete")
	}
}

func TestAValidatorDoesNotAllocate(t *testing.T) {
	text := []byte("Καλημέρα κόσμε 😀")
	utf8check.EachPath(func(path string) {
		var v utf8check.Validator
		n := testing.AllocsPerRun(100, func() {
			v.Reset()
			for i := range text {
				v.Feed(text[i : i+1])
			}
			v.Feed(text)
			v.Complete()
			v.Feed([]byte("more \xff"))
			v.Good()
		})
		if n != 0 {
			t.Errorf("%s: %v allocations", path, n)
		}
	})
}

// A 32-bit program counts as far as others do.
func TestMoreBytesAreGoodThanAnIntHolds(t *testing.T) {
	if testing.Short() || stride > 1 {
		t.Skip("feeds 2 GiB")
	}
	var v utf8check.Validator
	piece := make([]byte, 1<<20)
	var want int64
	for want <= math.MaxInt32 {
		v.Feed(piece)
		want += int64(len(piece))
	}
	if ok := v.Feed([]byte("bad\xff")); ok || v.Good() != want+3 {
		t.Errorf("%v, %d good, want %d", ok, v.Good(), want+3)
	}
}
