package utf8check_test

import (
	"bytes"
	"fmt"
	"testing"
	"unicode/utf8"

	"github.com/parleyws/parley/utf8check"
)

// sizes of texts, in bytes.
var sizes = []int{16, 125, 126, 4 << 10, 64 << 10}

// texts are what is repeated up to the size: most traffic is ASCII.
var texts = []struct{ name, text string }{
	{"ASCII", "the quick brown fox jumps over the lazy dog "},
	{"Greek", "Καλημέρα κόσμε, "},
	{"Japanese", "日本語の文章です。"},
}

func benchmarkTexts(b *testing.B, bench func(b *testing.B, text []byte)) {
	for _, s := range texts {
		for _, size := range sizes {
			b.Run(fmt.Sprintf("%s/%d", s.name, size), func(b *testing.B) {
				text := bytes.Repeat([]byte(s.text), size/len(s.text)+1)[:size]
				for !utf8.Valid(text) { // a rune was cut: finish with ASCII
					i := bytes.LastIndexFunc(text, func(r rune) bool { return r == utf8.RuneError })
					text[i] = '.'
				}
				b.ReportAllocs()
				b.SetBytes(int64(size))
				bench(b, text)
			})
		}
	}
}

func BenchmarkValid(b *testing.B) {
	benchmarkTexts(b, func(b *testing.B, text []byte) {
		for b.Loop() {
			if !utf8check.Valid(text) {
				b.Fatal("not valid")
			}
		}
	})
}

// What there is without this package.
func BenchmarkStandardLibrary(b *testing.B) {
	benchmarkTexts(b, func(b *testing.B, text []byte) {
		for b.Loop() {
			if !utf8.Valid(text) {
				b.Fatal("not valid")
			}
		}
	})
}

func BenchmarkValidator(b *testing.B) {
	benchmarkTexts(b, func(b *testing.B, text []byte) {
		var v utf8check.Validator
		for b.Loop() {
			v.Reset()
			if !v.Feed(text) || !v.Complete() {
				b.Fatal("not valid")
			}
		}
	})
}

// As it comes from the network, cut anywhere.
func BenchmarkValidatorInPieces(b *testing.B) {
	const piece = 61
	benchmarkTexts(b, func(b *testing.B, text []byte) {
		var v utf8check.Validator
		for b.Loop() {
			v.Reset()
			for rest := text; len(rest) > 0; {
				n := min(piece, len(rest))
				if !v.Feed(rest[:n]) {
					b.Fatal("not valid")
				}
				rest = rest[n:]
			}
		}
	})
}
