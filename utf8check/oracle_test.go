package utf8check_test

import "unicode/utf8"

// endings holds enough ends of a text to finish any rune: RFC 3629 section 4
// wants A0 to BF after E0, 80 to 9F after ED, 90 to BF after F0, 80 to 8F after
// F4, and takes 80 in every other place.
var endings = func() []string {
	all := []string{""}
	for from := 0; len(all[from]) < utf8.UTFMax-1; from++ {
		for _, b := range []string{"\x80", "\x90", "\xa0"} {
			all = append(all, all[from]+b)
		}
	}
	return all
}()

// canBeMended reports by trying whether some text that begins with p is UTF-8.
func canBeMended(p []byte) bool {
	for _, end := range endings {
		if utf8.Valid(append(p[:len(p):len(p)], end...)) {
			return true
		}
	}
	return false
}

// verdict judges text by trying every prefix. at is the index of the first byte
// that nothing can mend, if there is one.
func verdict(text []byte) (v string, at int) {
	for n := range len(text) + 1 {
		if !canBeMended(text[:n]) {
			return invalid, n - 1
		}
	}
	if utf8.Valid(text) {
		return valid, 0
	}
	return unfinished, 0
}
