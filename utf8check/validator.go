package utf8check

import "unicode/utf8"

// Validator judges one text that comes in pieces. The zero value is ready for
// use. It is not safe for concurrent use.
type Validator struct {
	rune   [utf8.UTFMax]byte // the bytes so far of an unfinished rune
	n      uint8             // how many of them
	failed bool
	good   int64 // bytes of the text before the first bad one
}

// Feed takes the next piece of the text. It reports whether some text that
// begins with all the pieces so far is UTF-8: it fails at the first byte that
// no continuation can mend, and from then on. p is not kept.
func (v *Validator) Feed(p []byte) bool {
	if v.failed {
		return false
	}
	if v.n > 0 {
		p = v.finishRune(p)
		if v.failed {
			return false
		}
	}
	whole, rest := cutUnfinished(p)
	if !Valid(whole) {
		v.failed = true
		v.good += int64(FirstBad(whole))
		return false
	}
	v.good += int64(len(p))
	if len(rest) > 0 {
		v.n = uint8(copy(v.rune[:], rest))
	}
	return true
}

// finishRune adds bytes of p to the unfinished rune until it is whole or
// broken, and returns what is left of p.
func (v *Validator) finishRune(p []byte) []byte {
	for i, b := range p {
		v.rune[v.n] = b
		v.n++
		sofar := v.rune[:v.n]
		if !utf8.FullRune(sofar) {
			v.good++
			continue
		}
		v.n = 0
		if v.failed = !utf8.Valid(sofar); !v.failed {
			v.good++
		}
		return p[i+1:]
	}
	return nil
}

// cutUnfinished cuts p before a rune that p ends inside of and that more
// bytes can finish.
func cutUnfinished(p []byte) (whole, rest []byte) {
	for n := 1; n < utf8.UTFMax && n <= len(p); n++ {
		i := len(p) - n
		if !utf8.RuneStart(p[i]) {
			continue
		}
		if utf8.FullRune(p[i:]) { // or broken for good, which Valid will see
			break
		}
		return p[:i], p[i:]
	}
	return p, nil
}

// Complete reports whether the text may end here: nothing has failed, and the
// last rune is whole.
func (v *Validator) Complete() bool { return !v.failed && v.n == 0 }

// Good returns how many bytes of the text are good: all so far, or those before
// the first byte that nothing can mend, of which it is then the index.
func (v *Validator) Good() int64 { return v.good }

// Reset makes v ready for another text.
func (v *Validator) Reset() { *v = Validator{} }
