//go:build !purego

#include "textflag.h"

// func maskAVX2(p *byte, n int, key uint32)
//
// The last 32 bytes are loaded before the loop and stored after it, so that
// blocks which overlap them do no harm and no tail is left over. The same is
// done with the first 32 when the loop is to run on aligned addresses.
TEXT ·maskAVX2(SB), NOSPLIT, $0-20
	MOVQ p+0(FP), DI
	MOVQ n+8(FP), SI
	MOVL key+16(FP), AX

	// Y0 is the key, Y1 the masked tail that goes to DX.
	VMOVD        AX, X0
	VPBROADCASTD X0, Y0
	MOVL         SI, CX
	SHLL         $3, CX          // the tail begins n-32 bytes, so n modulo 4, into the key
	MOVL         AX, BX
	RORL         CX, BX          // counts modulo 32
	VMOVD        BX, X1
	VPBROADCASTD X1, Y1
	LEAQ         -32(DI)(SI*1), DX
	VPXOR        (DX), Y1, Y1

	CMPQ SI, $512
	JAE  long

short:
	SUBQ $64, SI
	JBE  last32

loop64:
	VPXOR   (DI), Y0, Y2
	VPXOR   32(DI), Y0, Y3
	VMOVDQU Y2, (DI)
	VMOVDQU Y3, 32(DI)
	ADDQ    $64, DI
	SUBQ    $64, SI
	JA      loop64

last32:
	ADDQ $32, SI             // more than 32 left before the tail ends?
	JLE  tail
	VPXOR   (DI), Y0, Y2
	VMOVDQU Y2, (DI)

tail:
	VMOVDQU Y1, (DX)
	VZEROUPPER
	RET

long:
	// Y4 is the masked head that goes to R8; the loop begins at the next
	// multiple of 32 behind R8, with the key turned accordingly.
	MOVQ         DI, R8
	VPXOR        (DI), Y0, Y4
	ADDQ         $32, DI
	ANDQ         $~31, DI
	MOVQ         DI, CX
	SUBQ         R8, CX          // 1 to 32 bytes
	SUBQ         CX, SI
	SHLL         $3, CX
	RORL         CX, AX
	VMOVD        AX, X0
	VPBROADCASTD X0, Y0
	SUBQ         $128, SI

loop128:
	VPXOR   (DI), Y0, Y2
	VPXOR   32(DI), Y0, Y3
	VPXOR   64(DI), Y0, Y5
	VPXOR   96(DI), Y0, Y6
	VMOVDQA Y2, (DI)
	VMOVDQA Y3, 32(DI)
	VMOVDQA Y5, 64(DI)
	VMOVDQA Y6, 96(DI)
	ADDQ    $128, DI
	SUBQ    $128, SI
	JAE     loop128

	ADDQ    $128, SI         // 0 to 127 bytes left, the tail's 32 among them
	VMOVDQU Y4, (R8)

rest:
	CMPQ SI, $32
	JBE  tail
	VPXOR   (DI), Y0, Y2
	VMOVDQA Y2, (DI)
	ADDQ    $32, DI
	SUBQ    $32, SI
	JMP  rest
