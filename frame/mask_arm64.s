//go:build !purego

#include "textflag.h"

// func maskNEON(p *byte, n int, key uint32)
//
// As in maskAVX2 the last bytes are loaded before the loop and stored after it.
TEXT ·maskNEON(SB), NOSPLIT, $0-20
	MOVD  p+0(FP), R0
	MOVD  n+8(FP), R1
	MOVWU key+16(FP), R2
	VDUP  R2, V0.S4

	// V1 is the masked tail that goes to R5.
	LSL  $3, R1, R3 // the tail begins n-16 bytes, so n modulo 4, into the key
	RORW R3, R2, R4 // counts modulo 32
	VDUP R4, V1.S4
	ADD  R1, R0, R5
	SUB  $16, R5, R5
	VLD1 (R5), [V2.B16]
	VEOR V2.B16, V1.B16, V1.B16

	SUBS $64, R1, R1
	BLO  below64

loop64:
	VLD1   (R0), [V4.B16, V5.B16, V6.B16, V7.B16]
	VEOR   V0.B16, V4.B16, V4.B16
	VEOR   V0.B16, V5.B16, V5.B16
	VEOR   V0.B16, V6.B16, V6.B16
	VEOR   V0.B16, V7.B16, V7.B16
	VST1.P [V4.B16, V5.B16, V6.B16, V7.B16], 64(R0)
	SUBS   $64, R1, R1
	BHS    loop64

below64:
	ADD $64, R1, R1 // 0 to 63 bytes left, of which the tail is up to 16

loop16:
	CMP    $16, R1
	BLS    tail
	VLD1   (R0), [V4.B16]
	VEOR   V0.B16, V4.B16, V4.B16
	VST1.P [V4.B16], 16(R0)
	SUB    $16, R1, R1
	B      loop16

tail:
	VST1 [V1.B16], (R5)
	RET
