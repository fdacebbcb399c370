// The kernel, for a .s file that defines CONSTANTS and CHECK. It returns whether
// the n bytes at p are UTF-8, n at least 0.

// FIRST sets p1, p2 and p3 for the block v that nothing stands before.
#define FIRST(v, p1, p2, p3, t) \
	VPERM2I128 $0x08, v, v, t \
	VPALIGNR   $15, t, v, p1 \
	VPALIGNR   $14, t, v, p2 \
	VPALIGNR   $13, t, v, p3

	MOVQ p+0(FP), SI
	MOVQ n+8(FP), CX
	CMPQ CX, $32
	JLT  small
	MOVQ SI, DI             // begin
	LEAQ (SI)(CX*1), DX     // end
	LEAQ -32(DX), R8        // the last block
	LEAQ -128(DX), R9

	VMOVDQU   (SI), Y0
	VPMOVMSKB Y0, AX
	TESTL     AX, AX
	JNZ       begin

	// All is ASCII before SI. No constants are needed yet.
	CMPQ SI, R9
	JGT  ascii32
	PCALIGN $32
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
	JNZ       notTail
	VZEROUPPER
	MOVB      $1, ret+16(FP)
	RET

notTail:
	CMPQ CX, $35
	JGE  begin
	MOVQ DI, SI             // so that nothing before the text is looked at

	// The first block that is not all ASCII.
begin:
	CONSTANTS
	VPXOR Y15, Y15, Y15
	LEAQ  -64(DX), R10
	CMPQ  SI, DI
	JNE   blocks
	VMOVDQU (SI), Y0
	FIRST(Y0, Y1, Y2, Y3, Y4)
	CMPQ CX, $35
	JLT  barely
	CHECK(Y0, Y1, Y2, Y3, Y4)
	ADDQ  $32, SI

blocks:
	CMPQ SI, R10
	JGT  block32
	PCALIGN $32
block64:
	VMOVDQU   (SI), Y0
	VMOVDQU   32(SI), Y5
	VPMOVMSKB Y0, AX
	VPMOVMSKB Y5, BX
	TESTL     AX, AX
	JZ        firstASCII
	VMOVDQU   -1(SI), Y1
	VMOVDQU   -2(SI), Y2
	VMOVDQU   -3(SI), Y3
	CHECK(Y0, Y1, Y2, Y3, Y4)
	TESTL     BX, BX
	JZ        secondASCII
second:
	VMOVDQU   31(SI), Y1
	VMOVDQU   30(SI), Y2
	VMOVDQU   29(SI), Y3
	CHECK(Y5, Y1, Y2, Y3, Y4)
	ADDQ      $64, SI
	CMPQ      SI, R10
	JLE       block64
	JMP       block32

	// A block of ASCII is right if what is before it ends a rune.
firstASCII:
	VMOVDQU  -32(SI), Y1
	VPSUBUSB atEnd<>(SB), Y1, Y1
	VPOR     Y1, Y15, Y15
	TESTL    BX, BX
	JNZ      second
	ADDQ     $64, SI

	// A long stretch of it.
asciiAgain:
	CMPQ      SI, R9
	JGT       blocks
	VMOVDQU   (SI), Y0
	VPOR      32(SI), Y0, Y0
	VMOVDQU   64(SI), Y1
	VPOR      96(SI), Y1, Y1
	VPOR      Y1, Y0, Y0
	VPMOVMSKB Y0, AX
	TESTL     AX, AX
	JNZ       blocks
	ADDQ      $128, SI
	JMP       asciiAgain

secondASCII:
	VPSUBUSB atEnd<>(SB), Y0, Y0
	VPOR     Y0, Y15, Y15
	ADDQ     $64, SI
	CMPQ     SI, R10
	JLE      block64

block32:
	CMPQ SI, R8
	JGT  tail
	VMOVDQU (SI), Y0
	VMOVDQU -1(SI), Y1
	VMOVDQU -2(SI), Y2
	VMOVDQU -3(SI), Y3
	CHECK(Y0, Y1, Y2, Y3, Y4)
	ADDQ  $32, SI

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
	VPTEST   Y15, Y15
	SETEQ    ret+16(FP)
	VZEROUPPER
	RET

	// 32 to 34 bytes: the second block begins so soon behind the first that what
	// is before it is before the text.
barely:
	VMOVDQU Y1, Y5
	VMOVDQU Y2, Y7
	CHECK(Y0, Y1, Y2, Y3, Y4)
	CMPQ    CX, $33
	JLT     end
	JEQ     one
	VMOVDQU Y5, Y3
	VMOVDQU Y0, Y2
	VMOVDQU -1(R8), Y1
	VMOVDQU (R8), Y0
	CHECK(Y0, Y1, Y2, Y3, Y4)
	JMP     end
one:
	VMOVDQU Y7, Y3
	VMOVDQU Y5, Y2
	VMOVDQU Y0, Y1
	VMOVDQU (R8), Y0
	CHECK(Y0, Y1, Y2, Y3, Y4)
	JMP     end

	// Fewer than 32 bytes: a block with zeros behind them, which are ASCII.
small:
	TESTQ CX, CX
	JEQ   empty
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
empty:
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
