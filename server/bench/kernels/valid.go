package kernels

import (
	"fmt"
	"strconv"
	"testing"
	"unicode/utf8"

	segmentio "github.com/segmentio/asm/utf8"

	"github.com/parleyws/parley/server/bench/internal/texts"
	"github.com/parleyws/parley/utf8check"
)

// validSizes are those of the texts, in bytes.
var validSizes = []int{8, 16, 24, 31, 32, 33, 48, 64, 128, 256, 1 << 10, 16 << 10, 1 << 20}

// Valid returns the contests at UTF-8 validation, RFC 3629. Texts of up to 1 KiB
// take turns, so that a branch predictor does not learn one by heart.
func Valid() []Contest {
	var contests []Contest
	for _, at := range []int{behindHeader, 0} {
		for _, s := range texts.All() {
			for _, size := range validSizes {
				texts := place(turns(size), size, at)
				for i, p := range texts {
					s.Fill(p, 7*i)
				}
				c := valid(texts)
				c.Input = []Field{{"at", strconv.Itoa(at)}, {"text", s.Name}, {"bytes", strconv.Itoa(size)}}
				c.Duels = validDuels(s, size)
				contests = append(contests, c)
			}
		}
	}
	return contests
}

// validDuels returns the duels at a text of size bytes of s.
func validDuels(s texts.Text, size int) []Duel {
	standard, library, fallback := 1.0, 1.0, 0.0 // targets
	if s.Dense {
		fallback = 1.4
		if size >= 1<<10 {
			standard = 12
		}
		if size >= 256 {
			library = 1.3
		}
	}
	if s.Name == "ascii" {
		fallback = 0.9
	}
	return []Duel{
		{"ours", "unicode/utf8", standard},
		{"ours", "segmentio", library},
		{"our fallback", "unicode/utf8", fallback},
	}
}

// valid returns the contest at texts, as many as a power of two, all of one size.
func valid(texts [][]byte) Contest {
	last := len(texts) - 1
	return Contest{
		Kernel: "valid",
		Bytes:  len(texts[0]),
		Contestants: []Contestant{
			{
				Name: "ours",
				Loop: func(b *testing.B) {
					i := 0
					for b.Loop() {
						utf8check.Valid(texts[i&last])
						i++
					}
				},
				Once: verdicts(texts, utf8check.Valid),
			},
			{
				Name: "our fallback",
				Loop: func(b *testing.B) {
					i := 0
					for b.Loop() {
						validFallback(texts[i&last])
						i++
					}
				},
				Once: verdicts(texts, validFallback),
			},
			{
				Name: "unicode/utf8",
				Loop: func(b *testing.B) {
					i := 0
					for b.Loop() {
						utf8.Valid(texts[i&last])
						i++
					}
				},
				Once: verdicts(texts, utf8.Valid),
			},
			{
				Name: "segmentio",
				Loop: func(b *testing.B) {
					i := 0
					for b.Loop() {
						segmentio.Valid(texts[i&last])
						i++
					}
				},
				Once: verdicts(texts, segmentio.Valid),
			},
		},
	}
}

// verdicts returns a func that returns what valid says of each of texts.
func verdicts(texts [][]byte, valid func([]byte) bool) func() string {
	return func() string {
		var all []bool
		for _, p := range texts {
			all = append(all, valid(p))
		}
		return fmt.Sprint(all)
	}
}
