package utf8check

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

const topBits = 0x8080808080808080

// validGeneric is Valid in plain Go. It looks at eight bytes at once: the marks
// of a rune's bytes are compared with one mask, of two runes where they are of
// one length, and then the few bits that tell the first and last rune of each
// length (RFC 3629 section 4).
func validGeneric(p []byte) bool {
	p = p[:len(p):len(p)] // so that slicing need not reckon the capacity
	whole := p
	for len(p) >= 8 {
		w := binary.LittleEndian.Uint64(p)
		switch {
		case w&topBits == 0:
			p = skipASCII(p[8:])
		case w&0x80 == 0:
			p = p[bits.TrailingZeros64(w&topBits)>>3:]
		case w&0xC0C0F0_C0C0F0 == 0x8080E0_8080E0:
			if !ofThree(w) || !ofThree(w>>24) {
				return false
			}
			p = p[6:]
		case w&0xC0E0_C0E0 == 0x80C0_80C0:
			if !ofTwo(w) || !ofTwo(w>>16) {
				return false
			}
			p = p[4:]
		case w&0xC0C0C0F8_C0C0C0F8 == 0x808080F0_808080F0:
			if !ofFour(w) || !ofFour(w>>32) {
				return false
			}
			p = p[8:]
		case w&0xC0C0F0 == 0x8080E0:
			if !ofThree(w) {
				return false
			}
			p = p[3:]
		case w&0xC0E0 == 0x80C0:
			if !ofTwo(w) {
				return false
			}
			p = p[2:]
		case w&0xC0C0C0F8 == 0x808080F0:
			if !ofFour(w) {
				return false
			}
			p = p[4:]
		default:
			return false
		}
	}
	// What is left is most often ASCII, which the last word tells at once.
	if n := len(whole); n >= 8 && binary.LittleEndian.Uint64(whole[n-8:])&topBits == 0 {
		return true
	}
	return utf8.Valid(p)
}

// ofTwo reports whether two bytes are needed for the rune that w begins with,
// which has the marks of two.
func ofTwo(w uint64) bool { return w&0x1E != 0 }

// ofThree is the same for three bytes. It must be no surrogate either.
func ofThree(w uint64) bool {
	x := w & 0x200F // of the first byte the last bits, of the second the one for A0 and above
	return x != 0 && x != 0x200D
}

// ofFour is the same for four bytes. It must not be above U+10FFFF either.
func ofFour(w uint64) bool {
	x := w & 0x3007 // of the first byte the last bits, of the second those for 90 and above
	return x != 0 && (x&7 < 4 || x == 4)
}

// skipASCII takes away what p begins with of ASCII, in steps of 64 bytes and
// then of 8.
func skipASCII(p []byte) []byte {
	p = p[:len(p):len(p)]
	for len(p) >= 64 {
		a := binary.LittleEndian.Uint64(p) | binary.LittleEndian.Uint64(p[8:]) |
			binary.LittleEndian.Uint64(p[16:]) | binary.LittleEndian.Uint64(p[24:])
		b := binary.LittleEndian.Uint64(p[32:]) | binary.LittleEndian.Uint64(p[40:]) |
			binary.LittleEndian.Uint64(p[48:]) | binary.LittleEndian.Uint64(p[56:])
		if (a|b)&topBits != 0 {
			break
		}
		p = p[64:]
	}
	for len(p) >= 8 && binary.LittleEndian.Uint64(p)&topBits == 0 {
		p = p[8:]
	}
	return p
}
