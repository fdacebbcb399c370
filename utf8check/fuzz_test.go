package utf8check_test

import (
	"testing"
	"unicode/utf8"

	"github.com/parleyws/parley/utf8check"
)

// FuzzUTF8 (FZ10): the verdict on the whole is that of the standard library,
// and a text in pieces fails at the first byte that nothing can mend. Each byte
// of cuts is the length of a piece, over and over.
func FuzzUTF8(f *testing.F) {
	for _, c := range vectors(f) {
		f.Add([]byte(c.Bytes), []byte{1, 2, 3})
	}
	f.Fuzz(func(t *testing.T, text, cuts []byte) {
		if utf8check.Valid(text) != utf8.Valid(text) || utf8check.ValidString(string(text)) != utf8.Valid(text) {
			t.Fatalf("% X: valid is %v", text, utf8.Valid(text))
		}
		var pieces [][]byte
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
		want, at := verdict(text)
		judges(t, new(utf8check.Validator), pieces, want, at)
	})
}
