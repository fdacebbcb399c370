//go:build !purego

package utf8check

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

// validAVX2 and validGFNI report whether the n bytes at p are UTF-8. The second
// needs AVX-512VL and GFNI, and less time.
//
//go:noescape
func validAVX2(p *byte, n int) bool

//go:noescape
func validGFNI(p *byte, n int) bool

// What the CPU has. Tests change these.
var (
	hasAVX2 = cpu.X86.HasAVX2
	hasGFNI = cpu.X86.HasAVX2 && cpu.X86.HasAVX512VL && cpu.X86.HasAVX512GFNI
)

// validByCPU is what the CPU is best at of validGFNI, validAVX2 and validWithout.
// That assembly chooses spares every call of [Valid] another one.
//
//go:noescape
func validByCPU(p *byte, n int) bool

func validWithout(p *byte, n int) bool { return validGeneric(unsafe.Slice(p, n)) }

func valid(p []byte) bool { return validByCPU(unsafe.SliceData(p), len(p)) }
