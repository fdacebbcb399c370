//go:build !purego

package frame

// maskNEON masks the n bytes at p, at least 16.
//
//go:noescape
func maskNEON(p *byte, n int, key uint32)

// maskBytes masks b with the four bytes of k, the first in the lowest.
func maskBytes(b []byte, k uint32) {
	if len(b) >= 16 {
		maskNEON(&b[0], len(b), k)
		return
	}
	maskWords(b, k)
}
