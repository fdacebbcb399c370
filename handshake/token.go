package handshake

import "strings"

// isTokenByte says which bytes a token may have: tchar of RFC 9110 5.6.2.
var isTokenByte = func() (t [256]bool) {
	for c := '0'; c <= '9'; c++ {
		t[c] = true
	}
	for c := 'a'; c <= 'z'; c++ {
		t[c], t[c-'a'+'A'] = true, true
	}
	for _, c := range "!#$%&'*+-.^_`|~" {
		t[c] = true
	}
	return t
}()

// isToken reports whether s is a token, RFC 9110 5.6.2.
func isToken(s string) bool {
	for i := range len(s) {
		if !isTokenByte[s[i]] {
			return false
		}
	}
	return s != ""
}

// tokenLen returns how many bytes in front of b a token may have.
func tokenLen(b []byte) int {
	for i, c := range b {
		if !isTokenByte[c] {
			return i
		}
	}
	return len(b)
}

// trimSpace removes optional white space, RFC 9110 5.6.3, from both ends.
// The standard library's would remove more than HTTP calls white space.
func trimSpace(s string) string {
	for s != "" && isBlank(s[0]) {
		s = s[1:]
	}
	for s != "" && isBlank(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

// isBlank reports whether c is white space within a line.
func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// lower returns c in lower case if it is an ASCII letter.
func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// toLower returns s in lower case. What is in lower case already, as hosts
// are, costs one look.
func toLower(s string) string {
	for i := range len(s) {
		if s[i] != lower(s[i]) {
			return strings.ToLower(s)
		}
	}
	return s
}

// equalFold reports whether s and t are equal but for the case of ASCII
// letters. Unicode's folding would let a Kelvin sign stand for a k.
func equalFold(s, t string) bool {
	if len(s) != len(t) {
		return false
	}
	if s == t {
		return true
	}
	for i := range len(s) {
		if lower(s[i]) != lower(t[i]) {
			return false
		}
	}
	return true
}

// hasToken reports whether the list that the field values make up has token
// among its elements, whatever the case of its letters (RFC 9110 5.6.1).
func hasToken(values []string, token string) bool {
	for _, value := range values {
		for more := true; more; {
			var element string
			element, value, more = strings.Cut(value, ",")
			if equalFold(trimSpace(element), token) {
				return true
			}
		}
	}
	return false
}

// The longest lists that are read. Nobody who means well comes near them; they
// keep a hostile head from costing more than it is worth.
const (
	maxElements  = 100
	maxListBytes = 16 << 10
)

// tooLong reports whether the field values together are over maxListBytes.
func tooLong(values []string) bool {
	n := 0
	for _, v := range values {
		n += len(v)
	}
	return n > maxListBytes
}
