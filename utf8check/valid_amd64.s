//go:build !purego

#include "textflag.h"

// The method is that of Keiser and Lemire, "Validating UTF-8 in less than one
// instruction per byte": three table lookups, by the two halves of a byte and
// the high half of the next, tell everything that can be wrong with two
// neighbours; what then remains is whether the second byte after a lead of
// three, and the third after a lead of four, are there. The bytes before come
// by loads that are not aligned rather than by shuffles, of which the ports are
// busier.

// What can be wrong with two neighbours, a bit each:
//	01 a lead without its continuation
//	02 a continuation after ASCII
//	04 three bytes where two would do      (E0 80..9F)
//	08 above U+10FFFF                      (F4 90.., F5.. ..)
//	10 a surrogate                         (ED A0..BF)
//	20 two bytes where one would do        (C0, C1)
//	40 four bytes where three would do, or above (F0 80..8F, F5.. 80..8F)
//	80 two continuations: wrong unless a lead of three or four is before

// By the high half of the first byte.
DATA high1<>+0x00(SB)/8, $0x0202020202020202 // ASCII
DATA high1<>+0x08(SB)/8, $0x4915012180808080 // F E D C, then continuations
DATA high1<>+0x10(SB)/8, $0x0202020202020202
DATA high1<>+0x18(SB)/8, $0x4915012180808080
GLOBL high1<>(SB), RODATA|NOPTR, $32

// By the low half of the first byte.
DATA low1<>+0x00(SB)/8, $0xCBCBCB8B8383A3E7
DATA low1<>+0x08(SB)/8, $0xCBCBDBCBCBCBCBCB
DATA low1<>+0x10(SB)/8, $0xCBCBCB8B8383A3E7
DATA low1<>+0x18(SB)/8, $0xCBCBDBCBCBCBCBCB
GLOBL low1<>(SB), RODATA|NOPTR, $32

// By the high half of the second byte.
DATA high2<>+0x00(SB)/8, $0x0101010101010101 // ASCII
DATA high2<>+0x08(SB)/8, $0x01010101BABAAEE6 // leads, then B A 9 8
DATA high2<>+0x10(SB)/8, $0x0101010101010101
DATA high2<>+0x18(SB)/8, $0x01010101BABAAEE6
GLOBL high2<>(SB), RODATA|NOPTR, $32

// The last byte may be no lead, the one before no lead of three or four, the one
// before that no lead of four.
DATA atEnd<>+0x00(SB)/8, $0xFFFFFFFFFFFFFFFF
DATA atEnd<>+0x08(SB)/8, $0xFFFFFFFFFFFFFFFF
DATA atEnd<>+0x10(SB)/8, $0xFFFFFFFFFFFFFFFF
DATA atEnd<>+0x18(SB)/8, $0xBFDFEFFFFFFFFFFF
GLOBL atEnd<>(SB), RODATA|NOPTR, $32

// From here on 32-n bytes of the mask keep the first n bytes of a block.
DATA keep<>+0x00(SB)/8, $0xFFFFFFFFFFFFFFFF
DATA keep<>+0x08(SB)/8, $0xFFFFFFFFFFFFFFFF
DATA keep<>+0x10(SB)/8, $0xFFFFFFFFFFFFFFFF
DATA keep<>+0x18(SB)/8, $0xFFFFFFFFFFFFFFFF
DATA keep<>+0x20(SB)/8, $0
DATA keep<>+0x28(SB)/8, $0
DATA keep<>+0x30(SB)/8, $0
DATA keep<>+0x38(SB)/8, $0
GLOBL keep<>(SB), RODATA|NOPTR, $64

DATA ones<>+0x00(SB)/1, $0x0F
DATA ones<>+0x01(SB)/1, $0x60 // a lead of three or four less this has its top bit set
DATA ones<>+0x02(SB)/1, $0x70 // a lead of four less this has its top bit set
DATA ones<>+0x03(SB)/1, $0x80
GLOBL ones<>(SB), RODATA|NOPTR, $4

#define CONSTANTS \
	VMOVDQU      high1<>(SB), Y8 \
	VMOVDQU      low1<>(SB), Y9 \
	VMOVDQU      high2<>(SB), Y10 \
	VPBROADCASTB ones<>+0x00(SB), Y11 \
	VPBROADCASTB ones<>+0x01(SB), Y12 \
	VPBROADCASTB ones<>+0x02(SB), Y13 \
	VPBROADCASTB ones<>+0x03(SB), Y14

// CHECK adds to Y15 what is wrong with the bytes v, before each of which stand
// those of p1, p2 and p3. It uses p1, p2, p3 and t.
#define CHECK(v, p1, p2, p3, t) \
	VPSUBUSB Y12, p2, p2 \
	VPSUBUSB Y13, p3, p3 \
	VPOR     p2, p3, p2 \
	VPAND    Y14, p2, p2 \
	VPSRLW   $4, p1, p3 \
	VPAND    Y11, p3, p3 \
	VPSHUFB  p3, Y8, p3 \
	VPAND    Y11, p1, p1 \
	VPSHUFB  p1, Y9, p1 \
	VPAND    p3, p1, p1 \
	VPSRLW   $4, v, t \
	VPAND    Y11, t, t \
	VPSHUFB  t, Y10, t \
	VPAND    t, p1, p1 \
	VPXOR    p2, p1, p1 \
	VPOR     p1, Y15, Y15

// FIRST sets p1, p2 and p3 for the block v that nothing stands before.
#define FIRST(v, p1, p2, p3, t) \
	VPERM2I128 $0x08, v, v, t \
	VPALIGNR   $15, t, v, p1 \
	VPALIGNR   $14, t, v, p2 \
	VPALIGNR   $13, t, v, p3

// func validAVX2(p *byte, n int) bool
//
// n is at least 1, and not 33 or 34: the last block overlaps the one before it,
// and looks 3 bytes further back.
TEXT ·validAVX2(SB), NOSPLIT, $64-17
	MOVQ p+0(FP), SI
	MOVQ n+8(FP), CX
	CMPQ CX, $32
	JB   small
	MOVQ SI, DI             // begin
	LEAQ (SI)(CX*1), DX     // end
	LEAQ -32(DX), R8        // the last block
	LEAQ -128(DX), R9

	// What is before SI is ASCII, or ends a rune.
ascii:
	CMPQ SI, R9
	JGT  ascii32
ascii128:
	VMOVDQU   (SI), Y0
	VPOR      32(SI), Y0, Y0
	VMOVDQU   64(SI), Y1
	VPOR      96(SI), Y1, Y1
	VPOR      Y1, Y0, Y0
	VPMOVMSKB Y0, AX
	TESTL     AX, AX
	JNZ       ascii32
	ADDQ      $128, SI
	CMPQ      SI, R9
	JLE       ascii128

ascii32:
	CMPQ      SI, R8
	JGT       asciiTail
	VMOVDQU   (SI), Y0
	VPMOVMSKB Y0, AX
	TESTL     AX, AX
	JNZ       begin
	ADDQ      $32, SI
	JMP       ascii32

asciiTail:
	VMOVDQU   (R8), Y0
	VPMOVMSKB Y0, AX
	TESTL     AX, AX
	JNZ       begin
	VZEROUPPER
	MOVB      $1, ret+16(FP)
	RET

	// The first block, or the first for some time, that is not all ASCII.
begin:
	CONSTANTS
	VPXOR Y15, Y15, Y15
	CMPQ  SI, DI
	JNE   blocks
	VMOVDQU (SI), Y0
	FIRST(Y0, Y1, Y2, Y3, Y4)
	CHECK(Y0, Y1, Y2, Y3, Y4)
	ADDQ  $32, SI

blocks:
	LEAQ -64(DX), R10
	CMPQ SI, R10
	JGT  block32
block64:
	VMOVDQU   (SI), Y0
	VMOVDQU   -1(SI), Y1
	VMOVDQU   -2(SI), Y2
	VMOVDQU   -3(SI), Y3
	VMOVDQU   32(SI), Y5
	VPOR      Y0, Y5, Y7
	VPMOVMSKB Y7, AX
	CHECK(Y0, Y1, Y2, Y3, Y4)
	VMOVDQU   31(SI), Y1
	VMOVDQU   30(SI), Y2
	VMOVDQU   29(SI), Y3
	CHECK(Y5, Y1, Y2, Y3, Y4)
	ADDQ      $64, SI
	TESTL     AX, AX
	JZ        asciiAgain
	CMPQ      SI, R10
	JLE       block64

block32:
	CMPQ SI, R8
	JGT  tail
	VMOVDQU (SI), Y0
	VMOVDQU -1(SI), Y1
	VMOVDQU -2(SI), Y2
	VMOVDQU -3(SI), Y3
	CHECK(Y0, Y1, Y2, Y3, Y4)
	ADDQ  $32, SI
	JMP   block32

tail:
	VMOVDQU (R8), Y0
	CMPQ    SI, DX
	JE      end             // no bytes are left
	VMOVDQU -1(R8), Y1
	VMOVDQU -2(R8), Y2
	VMOVDQU -3(R8), Y3
	CHECK(Y0, Y1, Y2, Y3, Y4)

end:
	VPSUBUSB atEnd<>(SB), Y0, Y0
	VPOR     Y0, Y15, Y15
done:
	VPTEST   Y15, Y15
	SETEQ    ret+16(FP)
	VZEROUPPER
	RET

	// 64 bytes of ASCII: perhaps there are more. Y15 is clean so far, or all is
	// lost already.
asciiAgain:
	VPTEST Y15, Y15
	JNZ    done
	JMP    ascii

	// Fewer than 32 bytes: a block with zeros behind them, which are ASCII.
small:
	MOVQ SI, AX
	ANDQ $4095, AX
	CMPQ AX, $(4096-32)
	JA   pageEnd
	LEAQ    keep<>+32(SB), BX
	SUBQ    CX, BX
	VMOVDQU (SI), Y0
	VPAND   (BX), Y0, Y0
smallBlock:
	VPMOVMSKB Y0, AX
	TESTL     AX, AX
	JNZ       smallCheck
	VZEROUPPER
	MOVB      $1, ret+16(FP)
	RET
smallCheck:
	CONSTANTS
	VPXOR Y15, Y15, Y15
	FIRST(Y0, Y1, Y2, Y3, Y4)
	CHECK(Y0, Y1, Y2, Y3, Y4)
	JMP   end               // n is below 32, so the zeros show a lead that ends the text

	// 32 bytes from here might be in a page that is not there: load those that
	// end where the text ends, and move them to where they belong.
pageEnd:
	VMOVDQU -32(SI)(CX*1), Y0
	VPXOR   Y1, Y1, Y1
	VMOVDQU Y0, buf-64(SP)
	VMOVDQU Y1, buf-32(SP)
	LEAQ    buf-32(SP), BX
	SUBQ    CX, BX
	VMOVDQU (BX), Y0
	JMP     smallBlock
