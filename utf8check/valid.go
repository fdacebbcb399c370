package utf8check

import "unicode/utf8"

// Valid reports whether p is UTF-8. p is not kept.
func Valid(p []byte) bool { return utf8.Valid(p) }

// ValidString reports whether s is UTF-8.
func ValidString(s string) bool { return utf8.ValidString(s) }
