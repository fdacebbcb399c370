//go:build !purego

package frame

import "golang.org/x/sys/cpu"

// maskAVX2 masks the n bytes at p, at least 32.
//
//go:noescape
func maskAVX2(p *byte, n int, key uint32)

// Whether the CPU has it. Tests change this.
var hasAVX2 = cpu.X86.HasAVX2

// maskBytes masks b with the four bytes of k, the first in the lowest.
func maskBytes(b []byte, k uint32) {
	if len(b) >= 32 && hasAVX2 {
		maskAVX2(&b[0], len(b), k)
		return
	}
	maskWords(b, k)
}
