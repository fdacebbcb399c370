//go:build !purego

package utf8check

import (
	"strings"
	"testing"
	"unicode/utf8"
	"unsafe"
)

// validByCPU jumps to one of these, so each must do when it is called by itself.
func TestEachKernelCanBeCalled(t *testing.T) {
	for _, c := range []struct {
		name  string
		has   bool
		valid func(p *byte, n int) bool
	}{
		{"validGFNI", hasGFNI, validGFNI},
		{"validAVX2", hasAVX2, validAVX2},
		{"validWithout", true, validWithout},
	} {
		if !c.has {
			t.Logf("%s needs more than this processor has", c.name)
			continue
		}
		text := []byte(strings.Repeat("a", 97) + "é日😀")
		for i := range text {
			for n := range len(text) - i + 1 {
				if want := utf8.Valid(text[i : i+n]); c.valid(unsafe.SliceData(text[i:]), n) != want {
					t.Fatalf("%s: % X: valid should be %v", c.name, text[i:i+n], want)
				}
			}
		}
	}
}
