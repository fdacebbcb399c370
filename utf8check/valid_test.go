package utf8check_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/parleyws/parley/utf8check"
)

func TestK7WholeTexts(t *testing.T) {
	cases := vectors(t)
	utf8check.EachPath(func(path string) {
		for _, c := range cases {
			want := c.Verdict == valid
			if got := utf8check.Valid(c.Bytes); got != want {
				t.Errorf("%s: %s (%s): Valid(% X) = %v", path, c.Name, c.Section, c.Bytes, got)
			}
			if got := utf8check.ValidString(string(c.Bytes)); got != want {
				t.Errorf("%s: %s (%s): ValidString(% X) = %v", path, c.Name, c.Section, c.Bytes, got)
			}
		}
	})
}

// The oracle of the other tests must itself agree with the table.
func TestTryingEveryEndingAgreesWithTheTable(t *testing.T) {
	for _, c := range vectors(t) {
		if v, at := verdict(c.Bytes); v != c.Verdict || at != c.At {
			t.Errorf("%s (%s): % X is %s at %d, want %s at %d", c.Name, c.Section, c.Bytes, v, at, c.Verdict, c.At)
		}
	}
}

func TestWholeTextsAreJudgedAsTheStandardLibraryDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := drawText(t)
		want := utf8.Valid(text)
		utf8check.EachPath(func(path string) {
			if utf8check.Valid(text) != want || utf8check.ValidString(string(text)) != want {
				t.Fatalf("%s: % X: valid is %v", path, text, want)
			}
		})
	})
}

// drawText draws bytes that are often nearly UTF-8: runes, stray bytes, and a
// cut at either end.
func drawText(t *rapid.T) []byte {
	piece := rapid.OneOf(
		rapid.Custom(func(t *rapid.T) string { return rapid.String().Draw(t, "runes") }),
		rapid.Custom(func(t *rapid.T) string { return string(rapid.SliceOfN(rapid.Byte(), 0, 3).Draw(t, "stray")) }),
		rapid.SampledFrom([]string{"\xc0", "\xe0\xa0", "\xed\xa0", "\xed\x9f", "\xf0\x90\x80", "\xf4\x90", "\xf4\x8f\xbf", "\xf5", "😀", "€"}),
	)
	var text []byte
	for _, s := range rapid.SliceOfN(piece, 0, 6).Draw(t, "text") {
		text = append(text, s...)
	}
	from := rapid.IntRange(0, len(text)).Draw(t, "from")
	to := rapid.IntRange(from, len(text)).Draw(t, "to")
	if rapid.Bool().Draw(t, "whole") {
		return text
	}
	return text[from:to]
}

// Assembly does not keep the text from being moved when a stack grows.
func TestATextMayLieOnAStackThatGrows(t *testing.T) {
	utf8check.EachPath(func(path string) {
		for depth := range 100 {
			wrong := make(chan int)
			go func() { wrong <- wrongVerdicts(depth) }() // on a stack of its own
			if n := <-wrong; n != 0 {
				t.Fatalf("%s: %d wrong verdicts on a stack of depth %d", path, n, depth)
			}
		}
	})
}

// wrongVerdicts counts them among texts that lie on the stack, depth calls deep.
func wrongVerdicts(depth int) (n int) {
	good, bad := [...]byte{'d', 0xC3, 0xA9}, [...]byte{'d', 0xC3, 'd'}
	if !utf8check.Valid(good[:]) || utf8check.Valid(bad[:]) {
		n++
	}
	if depth > 0 {
		n += wrongVerdicts(depth - 1)
	}
	if !utf8check.Valid(good[:]) || utf8check.Valid(bad[:]) {
		n++
	}
	return n
}

func TestValidDoesNotAllocate(t *testing.T) {
	for _, s := range []string{"", "a", "Καλημέρα κόσμε 😀", strings.Repeat("日", 11), strings.Repeat("long €", 99), "bad \xff"} {
		text := []byte(s)
		utf8check.EachPath(func(path string) {
			if n := testing.AllocsPerRun(100, func() { utf8check.Valid(text) }); n != 0 {
				t.Errorf("%s: Valid(%q): %v allocations", path, s, n)
			}
			if n := testing.AllocsPerRun(100, func() { utf8check.ValidString(s) }); n != 0 {
				t.Errorf("%s: ValidString(%q): %v allocations", path, s, n)
			}
			if n := testing.AllocsPerRun(100, func() { utf8check.FirstBad(text) }); n != 0 {
				t.Errorf("%s: FirstBad(%q): %v allocations", path, s, n)
			}
		})
	}
}
