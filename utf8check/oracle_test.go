package utf8check_test

import (
	"iter"
	"testing"
	"unicode/utf8"
)

// endings holds enough ends of a text to finish any rune: RFC 3629 section 4
// wants A0 to BF after E0, 80 to 9F after ED, 90 to BF after F0, 80 to 8F after
// F4, and takes 80 in every other place.
var endings = func() []string {
	all := []string{""}
	for from := 0; len(all[from]) < utf8.UTFMax-1; from++ {
		for _, b := range []string{"\x80", "\x90", "\xa0"} {
			all = append(all, all[from]+b)
		}
	}
	return all
}()

// canBeMended reports by trying whether some text that begins with p is UTF-8.
func canBeMended(p []byte) bool {
	for _, end := range endings {
		if utf8.Valid(append(p[:len(p):len(p)], end...)) {
			return true
		}
	}
	return false
}

// verdict judges text by trying every prefix. at is the index of the first byte
// that nothing can mend, if there is one.
func verdict(text []byte) (v string, at int) {
	for n := range len(text) + 1 {
		if !canBeMended(text[:n]) {
			return invalid, n - 1
		}
	}
	if utf8.Valid(text) {
		return valid, 0
	}
	return unfinished, 0
}

// firstBad judges by the grammar of RFC 3629 section 4, byte by byte, and
// returns what FirstBad should. Unlike verdict it is quick.
func firstBad(text []byte) int {
	for i := 0; i < len(text); {
		tails, from, to := grammar(text[i])
		if tails < 0 {
			return i
		}
		i++
		for range tails {
			if i == len(text) || text[i] < from || text[i] > to {
				return i
			}
			from, to = 0x80, 0xBF
			i++
		}
	}
	return -1
}

// grammar returns how many bytes must follow lead, and between which bounds the
// first of them. tails is below 0 if lead begins nothing.
func grammar(lead byte) (tails int, from, to byte) {
	switch {
	case lead <= 0x7F:
		return 0, 0, 0
	case lead >= 0xC2 && lead <= 0xDF:
		return 1, 0x80, 0xBF
	case lead == 0xE0:
		return 2, 0xA0, 0xBF
	case lead == 0xED:
		return 2, 0x80, 0x9F
	case lead >= 0xE1 && lead <= 0xEF:
		return 2, 0x80, 0xBF
	case lead == 0xF0:
		return 3, 0x90, 0xBF
	case lead >= 0xF1 && lead <= 0xF3:
		return 3, 0x80, 0xBF
	case lead == 0xF4:
		return 3, 0x80, 0x8F
	}
	return -1, 0, 0
}

// where returns what FirstBad should for a text of n bytes with this verdict.
func where(n int, verdict string, at int) int {
	switch verdict {
	case valid:
		return -1
	case unfinished:
		return n
	}
	return at
}

// borders has bytes on either side of the bounds of the grammar.
var borders = []byte{0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xe0, 0xed, 0xf0, 0xf4, 0xff}

// shortTexts has all texts of one and two bytes, and those of three and four
// with every lead byte and borders after it.
func shortTexts() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for a := range 256 {
			if !yield([]byte{byte(a)}) {
				return
			}
			for b := range 256 {
				if !yield([]byte{byte(a), byte(b)}) {
					return
				}
			}
			if a < 0xc0 && a != 0x41 {
				continue // ends a rune, or is none
			}
			for _, b := range borders {
				for _, c := range borders {
					if !yield([]byte{byte(a), b, c}) {
						return
					}
					for _, d := range borders {
						if !yield([]byte{byte(a), b, c, d}) {
							return
						}
					}
				}
			}
		}
	}
}

// The oracles must agree with each other and with the table.
func TestTheGrammarAgreesWithTryingEveryEnding(t *testing.T) {
	for _, c := range vectors(t) {
		if got, want := firstBad(c.Bytes), where(len(c.Bytes), c.Verdict, c.At); got != want {
			t.Errorf("%s (%s): % X: %d, want %d", c.Name, c.Section, c.Bytes, got, want)
		}
	}
	i := 0
	for text := range shortTexts() {
		if i++; i%stride != 0 {
			continue
		}
		v, at := verdict(text)
		if got, want := firstBad(text), where(len(text), v, at); got != want {
			t.Fatalf("% X: %d, want %d", text, got, want)
		}
	}
}
