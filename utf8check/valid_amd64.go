//go:build !purego

package utf8check

import (
	"unicode/utf8"

	"golang.org/x/sys/cpu"
)

//go:noescape
func validAVX2(p *byte, n int) bool

var hasAVX2 = cpu.X86.HasAVX2

func valid(p []byte) bool {
	if !hasAVX2 {
		return validGeneric(p)
	}
	if len(p)-33 < 2 && len(p) >= 33 {
		p = skipRunes(p) // see validAVX2
	}
	if len(p) == 0 {
		return true
	}
	return validAVX2(&p[0], len(p))
}

// skipRunes takes runes away until p is short enough for one block. It stops at
// a wrong byte, of which it takes 1, and puts it in the place of the rest.
func skipRunes(p []byte) []byte {
	for len(p) > 32 {
		r, n := utf8.DecodeRune(p)
		if r == utf8.RuneError && n == 1 {
			return p[:1]
		}
		p = p[n:]
	}
	return p
}
