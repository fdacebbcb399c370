package utf8check

import "unicode/utf8"

// FirstBad returns the index of the first byte of p that nothing can mend: no
// text that begins with p[:FirstBad(p)+1] is UTF-8. It returns len(p) if p ends
// inside a rune, so that more bytes could finish it, and -1 if p is UTF-8. p is
// not kept. It is for saying what is wrong; [Valid] is faster.
func FirstBad(p []byte) int {
	for i := 0; i < len(p); {
		r, n := utf8.DecodeRune(p[i:])
		if r == utf8.RuneError && n == 1 {
			return i + badInRune(p[i:])
		}
		i += n
	}
	return -1
}

// badInRune returns the index of the first bad byte of p, which does not begin
// with a rune, or len(p) if more bytes could finish one.
func badInRune(p []byte) int {
	for n := range p {
		if utf8.FullRune(p[:n+1]) { // or broken for good
			return n
		}
	}
	return len(p)
}
