package fuzz_test

// looseValidator is another UTF-8 validator, which keeps to RFC 3629 but for
// what a field turns off. It shares no code with ours.
type looseValidator struct {
	takeSurrogates   bool
	takeOverlong     bool
	takeAboveRange   bool // four bytes above U+10FFFF
	takeCutEnd       bool // a text that ends inside a rune
	takeContinuation bool // continuation bytes by themselves
	refuseNUL        bool
	refuseNonchars   bool // U+FFFE, U+FFFF and the like
	refuseFourBytes  bool
	asciiOnlyInEight bool // skips eight bytes if the first is ASCII
}

func (v looseValidator) valid(p []byte) bool {
	for len(p) > 0 {
		n := v.rune(p)
		if n == 0 {
			return false
		}
		p = p[min(n, len(p)):]
	}
	return true
}

// rune returns the length of the rune at the start of p, 0 if there is none.
func (v looseValidator) rune(p []byte) int {
	least := [...]rune{0, 0, 0x80, 0x800, 0x10000}
	lead, n := rune(p[0]), 0
	switch {
	case lead < 0x80 && v.asciiOnlyInEight && len(p) >= 8:
		return 8
	case lead < 0x80:
		if lead == 0 && v.refuseNUL {
			return 0
		}
		return 1
	case lead < 0xC0:
		if v.takeContinuation {
			return 1
		}
		return 0
	case lead < 0xE0:
		n, lead = 2, lead&0x1F
	case lead < 0xF0:
		n, lead = 3, lead&0x0F
	case lead < 0xF8 && !v.refuseFourBytes:
		n, lead = 4, lead&0x07
	default:
		return 0
	}
	r := lead
	for i := 1; i < n; i++ {
		if i == len(p) {
			if v.takeCutEnd {
				return n
			}
			return 0
		}
		if p[i]&0xC0 != 0x80 {
			return 0
		}
		r = r<<6 | rune(p[i]&0x3F)
	}
	switch {
	case r < least[n] && !v.takeOverlong,
		r >= 0xD800 && r < 0xE000 && !v.takeSurrogates,
		r > 0x10FFFF && !v.takeAboveRange,
		r&0xFFFE == 0xFFFE && v.refuseNonchars:
		return 0
	}
	return n
}
