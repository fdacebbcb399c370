package testdata

import (
	"encoding/hex"
	"strings"
)

// Hex is bytes that stand in a table as hexadecimal digits. Spaces between
// bytes show the eye where fields begin and mean nothing.
type Hex []byte

// UnmarshalText sets h from digits; text is not kept. The error is that of
// [hex.DecodeString].
func (h *Hex) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(strings.ReplaceAll(string(text), " ", ""))
	*h = b
	return err
}

// withZeros returns a copy of h with n zero bytes after it.
func (h Hex) withZeros(n int) []byte {
	b := make([]byte, len(h)+n)
	copy(b, h)
	return b
}
