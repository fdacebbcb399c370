package texts_test

import (
	"bytes"
	"testing"
	"unicode/utf8"

	"github.com/parleyws/parley/server/bench/internal/texts"
)

func TestTextsAreUTF8OfTheSizeAskedFor(t *testing.T) {
	for _, s := range texts.All() {
		for size := range 300 {
			for from := range 20 {
				p := bytes.Repeat([]byte{0xff}, size)
				s.Fill(p, from)
				if !utf8.Valid(p) {
					t.Fatalf("%s from %d: % X", s.Name, from, p)
				}
			}
		}
	}
}

// What a text is called says how long its runes are; only the filling at the end,
// shorter than a rune, may be of another length.
func TestDenseTextsHaveRunesOfOneLength(t *testing.T) {
	for _, c := range []struct {
		name string
		n    int
	}{
		{"ascii", 1}, {"latin", 2}, {"japanese", 3}, {"emoji", 4},
	} {
		for _, s := range texts.All() {
			if s.Name != c.name {
				continue
			}
			if s.Dense != (c.n > 1) {
				t.Errorf("%s: dense is %v", s.Name, s.Dense)
			}
			p := make([]byte, 1000)
			s.Fill(p, 3)
			for len(p) >= c.n {
				r, n := utf8.DecodeRune(p)
				if n != c.n {
					t.Fatalf("%s: %q takes %d bytes, want %d", s.Name, r, n, c.n)
				}
				p = p[n:]
			}
		}
	}
}
