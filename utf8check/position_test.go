package utf8check_test

import (
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/parleyws/parley/utf8check"
)

func TestTheFirstBadByteIsTheOneThatNothingCanMend(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       int
		section    string
	}{
		{"nothing", "", -1, "RFC 3629 3"},
		{"a text", "a£€😀", -1, "RFC 3629 3"},
		{"U+FFFD, which decoders put for errors", "\xef\xbf\xbd", -1, "RFC 3629 3"},
		{"U+FFFD, then an error", "\xef\xbf\xbd\xff", 3, "RFC 3629 3"},
		{"a continuation that continues nothing", "ab\x80", 2, "RFC 3629 4"},
		{"C0 begins nothing", "ab\xc0\x80", 2, "RFC 3629 4"},
		{"F5 begins nothing", "ab\xf5\x80\x80\x80", 2, "RFC 3629 4"},
		{"the byte after a rune of three that stops", "ab\xe2\x82c", 4, "RFC 3629 4"},
		{"a rune in a rune", "ab\xe2\xe2\x82\xac", 3, "RFC 3629 4"},
		{"three bytes where two would do", "ab\xe0\x9f\xbf", 3, "RFC 3629 4"},
		{"a surrogate", "ab\xed\xa0\x80", 3, "RFC 3629 4"},
		{"four bytes where three would do", "ab\xf0\x8f\xbf\xbf", 3, "RFC 3629 4"},
		{"above U+10FFFF", "ab\xf4\x90\x80\x80", 3, "RFC 3629 4"},
		{"the fourth byte", "ab\xf0\x9f\x98\x41", 5, "RFC 3629 4"},
		{"ends after one of two", "ab\xc2", 3, "RFC 3629 3"},
		{"ends after three of four", "ab\xf0\x9f\x98", 5, "RFC 3629 3"},
		{"the first of two errors", "\xff\xff", 0, "RFC 3629 4"},
	} {
		if got := utf8check.FirstBad([]byte(c.text)); got != c.want {
			t.Errorf("%s (%s): FirstBad(% X) = %d, want %d", c.name, c.section, c.text, got, c.want)
		}
	}
}

func TestTheFirstBadByteOfTheTable(t *testing.T) {
	for _, c := range vectors(t) {
		if got, want := utf8check.FirstBad(c.Bytes), where(len(c.Bytes), c.Verdict, c.At); got != want {
			t.Errorf("%s (%s): FirstBad(% X) = %d, want %d", c.Name, c.Section, c.Bytes, got, want)
		}
	}
}

func TestTheFirstBadByteOfAllShortTexts(t *testing.T) {
	for text := range shortTexts() {
		if got, want := utf8check.FirstBad(text), firstBad(text); got != want {
			t.Fatalf("FirstBad(% X) = %d, want %d", text, got, want)
		}
	}
}

func TestBeforeTheFirstBadByteATextCanBeMendedAndWithItNot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := drawText(t)
		switch at := utf8check.FirstBad(text); {
		case at == -1:
			if !utf8.Valid(text) {
				t.Fatalf("% X is not valid", text)
			}
		case at == len(text):
			if utf8.Valid(text) || !canBeMended(text) {
				t.Fatalf("% X is not unfinished", text)
			}
		case !canBeMended(text[:at]) || canBeMended(text[:at+1]):
			t.Fatalf("% X: byte %d is not the first bad one", text, at)
		}
	})
}
