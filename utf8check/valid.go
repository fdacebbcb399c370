package utf8check

import "unsafe"

// Valid reports whether p is UTF-8. p is not kept.
func Valid(p []byte) bool {
	return valid(p)
}

// ValidString reports whether s is UTF-8.
func ValidString(s string) bool {
	return valid(unsafe.Slice(unsafe.StringData(s), len(s)))
}
