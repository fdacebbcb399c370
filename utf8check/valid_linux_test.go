package utf8check_test

import (
	"strings"
	"testing"
	"unicode/utf8"
	"unsafe"

	"github.com/parleyws/parley/utf8check"
)

// What stands first or last of a page is judged without a look at the page
// beside it, valid or not.
func TestNoPageBesideATextIsTouched(t *testing.T) {
	const longest = 64 << 10
	pages := guarded(t, longest)
	lengths := []int{1000, 4<<10 - 1, 4 << 10, 4<<10 + 1, longest - 33, longest}
	for n := range 301 {
		lengths = append(lengths, n)
	}
	type text struct{ runes, last string }
	texts := []text{{"\xff", ""}}
	for _, padding := range paddings {
		texts = append(texts, text{strings.Repeat(padding, longest/len(padding)), ""})
		texts = append(texts, text{strings.Repeat("a", longest), padding})
	}
	utf8check.EachPath(func(path string) {
		for _, text := range texts {
			for _, n := range lengths {
				for place, b := range map[string][]byte{"first": pages[:n], "last": pages[len(pages)-n:]} {
					clear(b)
					copy(b, text.runes)
					copy(b[max(n-len(text.last), 0):], text.last)
					want := utf8.Valid(b)
					s := unsafe.String(unsafe.SliceData(b), n)
					var ok, okString, whole bool
					var at, good int
					touched := touches(func() {
						ok, okString, at = utf8check.Valid(b), utf8check.ValidString(s), utf8check.FirstBad(b)
						var v utf8check.Validator
						v.Feed(b[:n/3])
						v.Feed(b[n/3 : n/2])
						v.Feed(b[n/2:])
						whole, good = v.Complete(), int(v.Good())
					})
					if touched {
						t.Fatalf("%s: %d bytes of %.4q, then %q, %s of a page: the page beside it is touched", path, n, text.runes, text.last, place)
					}
					if ok != want || okString != want || whole != want || at != firstBad(b) || want && good != n {
						t.Fatalf("%s: %d bytes of %.4q, then %q, %s of a page: %v, %v, %v, bad at %d, %d good", path, n, text.runes, text.last, place, ok, okString, whole, at, good)
					}
				}
			}
		}
	})
}
