//go:build !purego

#include "textflag.h"

// func validByCPU(p *byte, n int) bool
//
// The three have the same arguments, so a jump will do for a call.
TEXT ·validByCPU(SB), NOSPLIT, $0-17
	CMPB ·hasGFNI(SB), $0
	JNE  gfni
	CMPB ·hasAVX2(SB), $0
	JNE  avx2
	JMP  ·validWithout(SB)
gfni:
	JMP ·validGFNI(SB)
avx2:
	JMP ·validAVX2(SB)
