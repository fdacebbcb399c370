package utf8check_test

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/parleyws/parley/utf8check"
)

// The tests below put texts wherever a validator that looks at many bytes at
// once might see only a part of them.

// paddings are runes of each length.
var paddings = []string{"a", "é", "日", "😀"}

// padded returns text with from bytes before it and to after it: whole runes
// like padding, and before and after them so much ASCII that the lengths are
// right. UTF-8 is such that the whole is valid if and only if text is.
func padded(text []byte, padding string, from, to int) (whole, inside []byte) {
	ascii, runes := strings.Repeat("a", 3), strings.Repeat(padding, max(from, to)/len(padding))
	whole = append(whole, ascii[:from%len(padding)]...)
	whole = append(whole, runes[:from/len(padding)*len(padding)]...)
	whole = append(whole, text...)
	whole = append(whole, runes[:to/len(padding)*len(padding)]...)
	whole = append(whole, ascii[:to%len(padding)]...)
	return whole, whole[from : from+len(text)]
}

func TestAllTextsOfThreeBytes(t *testing.T) {
	if testing.Short() {
		t.Skip("tries 16777216 texts")
	}
	alone := make([]byte, 3)
	verdicts := make([]bool, 1<<24)
	for i := 0; i < len(verdicts); i += stride {
		alone[0], alone[1], alone[2] = byte(i>>16), byte(i>>8), byte(i)
		at := firstBad(alone)
		verdicts[i] = at < 0
		if got := utf8check.FirstBad(alone); got != at {
			t.Fatalf("% X: first bad at %d, want %d", alone, got, at)
		}
		if utf8.Valid(alone) != verdicts[i] {
			t.Fatalf("% X: the oracle says %d", alone, at)
		}
	}
	edge, inside := padded(make([]byte, 3), "a", 31, 31) // in two blocks
	utf8check.EachPath(func(path string) {
		for i := 0; i < len(verdicts); i += stride {
			alone[0], alone[1], alone[2] = byte(i>>16), byte(i>>8), byte(i)
			copy(inside, alone)
			if utf8check.Valid(alone) != verdicts[i] || utf8check.Valid(edge) != verdicts[i] {
				t.Fatalf("%s: % X: alone %v, at the edge %v; want %v",
					path, alone, utf8check.Valid(alone), utf8check.Valid(edge), verdicts[i])
			}
		}
	})
}

// The fourth byte is one of either side of each border.
func TestTextsOfFourBytesWithEveryLeadOfFour(t *testing.T) {
	if testing.Short() {
		t.Skip("tries 7864320 texts")
	}
	edge, inside := padded(make([]byte, 4), "é", 62, 62)
	alone := make([]byte, 4)
	utf8check.EachPath(func(path string) {
		for i := 0; i < 8<<16; i += stride {
			alone[0], alone[1], alone[2] = 0xF0+byte(i>>16), byte(i>>8), byte(i)
			for _, alone[3] = range borders {
				copy(inside, alone)
				want := utf8.Valid(alone)
				if utf8check.Valid(alone) != want || utf8check.Valid(edge) != want {
					t.Fatalf("%s: % X: alone %v, at the edge %v; want %v",
						path, alone, utf8check.Valid(alone), utf8check.Valid(edge), want)
				}
			}
		}
	})
}

func TestAllTextsOfTwoBytesWhereverTheyStand(t *testing.T) {
	verdicts := make([]bool, 1<<16)
	for i := range verdicts {
		verdicts[i] = utf8.Valid([]byte{byte(i >> 8), byte(i)})
	}
	step := stride
	if testing.Short() {
		step = 97
	}
	utf8check.EachPath(func(path string) {
		for _, padding := range []string{paddings[0], paddings[2]} {
			for from := range 67 {
				whole, inside := padded(make([]byte, 2), padding, from, from*37%67)
				for i := from % step; i < len(verdicts); i += step {
					inside[0], inside[1] = byte(i>>8), byte(i)
					if utf8check.Valid(whole) != verdicts[i] {
						t.Fatalf("%s: % X: valid should be %v", path, whole, verdicts[i])
					}
				}
			}
		}
	})
}

func TestTextsOfThreeAndFourBytesWhereverTheyStand(t *testing.T) {
	type judged struct {
		text []byte
		want bool
	}
	texts := map[int][]judged{}
	for text := range shortTexts() {
		if text[0] >= 0x80 {
			texts[len(text)] = append(texts[len(text)], judged{text, utf8.Valid(text)})
		}
	}
	step := 97 * min(stride, 5)
	if testing.Short() {
		step = 97 * 17
	}
	utf8check.EachPath(func(path string) {
		next := 0
		for _, padding := range paddings {
			for from := range 67 {
				for _, to := range []int{0, 1, 2, 3, 28, 29, 30, 31, 61, 67, 133} {
					next++
					for length := 3; length <= 4; length++ {
						whole, inside := padded(make([]byte, length), padding, from, to)
						for i := next % step; i < len(texts[length]); i += step {
							copy(inside, texts[length][i].text)
							if utf8check.Valid(whole) != texts[length][i].want {
								t.Fatalf("%s: % X: valid should be %v", path, whole, texts[length][i].want)
							}
						}
					}
				}
			}
		}
	})
}

func TestTheTableAtTheEdgesOfBlocks(t *testing.T) {
	froms := []int{0, 1, 2, 3, 7, 8, 15, 16, 28, 29, 30, 31, 32, 33, 34, 35, 61, 62, 63, 64, 65, 95, 96, 97, 126, 127, 128, 129, 191, 255}
	tos := []int{0, 1, 3, 31, 33, 64, 128}
	cases := vectors(t)
	if testing.Short() {
		froms, tos = froms[8:20], tos[:4]
	}
	utf8check.EachPath(func(path string) {
		for _, padding := range paddings {
			for i, from := range froms {
				for j, to := range tos {
					for k, c := range cases {
						if stride > 1 && (i+j+k)%7 != 0 {
							continue
						}
						whole, _ := padded(c.Bytes, padding, from, to)
						want, at := c.Verdict, from+c.At
						if want == unfinished && to > 0 {
							want, at = invalid, from+len(c.Bytes) // what follows begins a rune
						}
						if utf8check.Valid(whole) != (want == valid) {
							t.Fatalf("%s: %s (%s) behind %d bytes of %q: % X: want %s", path, c.Name, c.Section, from, padding, whole, want)
						}
						if got, first := utf8check.FirstBad(whole), where(len(whole), want, at); got != first {
							t.Fatalf("%s: %s (%s) behind %d bytes of %q: % X: first bad at %d, want %d", path, c.Name, c.Section, from, padding, whole, got, first)
						}
						middle := from + len(c.Bytes)/2
						judges(t, new(utf8check.Validator), [][]byte{whole[:middle], whole[middle:]}, want, at)
					}
				}
			}
		}
	})
}

// longTexts are of runes of one length, and of all.
func longTexts() [][]byte {
	mixed := `{"name":"Ελένη","text":"日本語の文章です。😀","n":12345678901234567890,"plain":"` + strings.Repeat("ascii ", 40) + `"}`
	texts := [][]byte{[]byte(strings.Repeat(mixed, 2))}
	for _, padding := range paddings {
		texts = append(texts, []byte(strings.Repeat(padding, 401/len(padding))))
	}
	return texts
}

func TestOneByteOfALongTextIsAnother(t *testing.T) {
	step := min(stride, 13)
	if testing.Short() {
		step = 13
	}
	for _, text := range longTexts() {
		changed := bytes.Clone(text)
		wants := make([]bool, 256)
		for i, was := range text {
			for b := i % step; b < 256; b += step {
				changed[i] = byte(b)
				wants[b] = utf8.Valid(changed)
				if got, want := utf8check.FirstBad(changed), firstBad(changed); got != want {
					t.Fatalf("byte %d of % X: first bad at %d, want %d", i, changed, got, want)
				}
			}
			utf8check.EachPath(func(path string) {
				for b := i % step; b < 256; b += step {
					changed[i] = byte(b)
					if utf8check.Valid(changed) != wants[b] {
						t.Fatalf("%s: byte %d of % X: valid should be %v", path, i, changed, wants[b])
					}
				}
			})
			changed[i] = was
		}
	}
}

// Not even if it would mend or break the text.
func TestWhatStandsBesideATextDoesNotCount(t *testing.T) {
	texts := []string{strings.Repeat("a", 140), strings.Repeat("a", 138) + "é", strings.Repeat("a", 137) + "日"}
	for _, padding := range paddings[1:] {
		texts = append(texts, strings.Repeat(padding, 140/len(padding)))
	}
	buf := make([]byte, 3+140+3)
	utf8check.EachPath(func(path string) {
		for _, text := range texts {
			for from := range text {
				for _, beside := range []string{"\xf0\x9f\x98", "\xe2\xe2\xe2", "\x80\x80\x80", "aaa"} {
					all := append(append(append(buf[:0], beside...), text[from:]...), beside...)
					n := len(text) - from
					// Whole, without its last byte, and without its first.
					for _, part := range [][]byte{all[3 : 3+n], all[3 : 3+n-1], all[4 : 3+n]} {
						if want := utf8.Valid(part); utf8check.Valid(part) != want {
							t.Fatalf("%s: % X beside % X: valid should be %v", path, part, beside, want)
						}
					}
				}
			}
		}
	})
}

func TestEveryPartOfALongText(t *testing.T) {
	step := min(stride, 13)
	if testing.Short() {
		step = 13
	}
	for _, text := range longTexts() {
		for from := range 130 {
			for to := from + from%step; to <= len(text); to += step {
				part := text[from:to]
				want := utf8.Valid(part)
				utf8check.EachPath(func(path string) {
					if utf8check.Valid(part) != want {
						t.Fatalf("%s: % X: valid should be %v", path, part, want)
					}
				})
			}
		}
	}
}
