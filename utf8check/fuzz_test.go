package utf8check_test

import (
	"bytes"
	"testing"
	"unicode/utf8"

	"github.com/parleyws/parley/utf8check"
)

// FuzzUTF8 (FZ10): on each path the verdict on the whole is that of the
// standard library, a text in pieces fails at the first byte that nothing can
// mend, and FirstBad and Good name it. The text stands behind so much ASCII as
// before says. Each byte of cuts is the length of a piece, over and over.
func FuzzUTF8(f *testing.F) {
	for i, c := range vectors(f) {
		f.Add([]byte(c.Bytes), []byte{1, 2, 3}, uint8(0))
		f.Add([]byte(c.Bytes), []byte{31, 33, 0}, uint8(i))
	}
	f.Fuzz(func(t *testing.T, end, cuts []byte, before uint8) {
		text := append(bytes.Repeat([]byte{'.'}, int(before)), end...)
		want, at := valid, firstBad(text)
		switch {
		case at == len(text):
			want = unfinished
		case at >= 0:
			want = invalid
			if !canBeMended(text[:at]) || canBeMended(text[:at+1]) {
				t.Fatalf("% X: the oracle says %d", text, at)
			}
		}
		if utf8.Valid(text) != (want == valid) {
			t.Fatalf("% X: the oracle says %s", text, want)
		}
		pieces := cut(text, cuts)
		utf8check.EachPath(func(path string) {
			if utf8check.Valid(text) != (want == valid) || utf8check.ValidString(string(text)) != (want == valid) {
				t.Fatalf("%s: % X: want %s", path, text, want)
			}
			if got := utf8check.FirstBad(text); got != at {
				t.Fatalf("%s: % X: first bad at %d, want %d", path, text, got, at)
			}
			judges(t, new(utf8check.Validator), pieces, want, at)
		})
	})
}

// cut cuts text into pieces of the lengths that cuts holds, over and over.
func cut(text, cuts []byte) (pieces [][]byte) {
	for i, rest := 0, text; len(rest) > 0; i++ {
		n := 1
		if len(cuts) > 0 {
			n = int(cuts[i%len(cuts)])
			if i >= len(text)+len(cuts) {
				n = max(n, 1) // zeros must come to an end
			}
		}
		n = min(n, len(rest))
		pieces = append(pieces, rest[:n])
		rest = rest[n:]
	}
	return pieces
}
