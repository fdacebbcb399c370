//go:build !purego

package frame

import (
	"golang.org/x/sys/cpu"
)

//go:noescape
func maskAVX2(p *byte, n int, key uint32)

var hasAVX2 = cpu.X86.HasAVX2

// fewBytes is the length below which the call costs more than it saves. It must
// not be below 32.
const fewBytes = 128

// maskBytes masks b with the four bytes of k, the first in the lowest.
func maskBytes(b []byte, k uint32) {
	if len(b) >= fewBytes && hasAVX2 {
		maskAVX2(&b[0], len(b), k)
		return
	}
	maskWords(b, k)
}
