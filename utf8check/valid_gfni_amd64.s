//go:build !purego

#include "textflag.h"
#include "tables_amd64.h"

#define CONSTANTS \
	VMOVDQU high1<>(SB), Y8 \
	VMOVDQU low1<>(SB), Y9 \
	VMOVDQU high2<>(SB), Y10 \
	VMOVDQU lowHalf<>(SB), Y11 \
	VMOVDQU fromE0<>(SB), Y12 \
	VMOVDQU fromF0<>(SB), Y13 \
	VMOVDQU topBit<>(SB), Y14 \
	VMOVDQU toLowHalf<>(SB), Y6

// CHECK is that of validAVX2, in 11 instructions instead of 16: GFNI moves the
// high half of each byte to the low half in one, and a ternary operation of
// AVX-512VL stands for two: (p2|p3)&Y14, p1&t&p3, Y15|(p1^p2).
#define CHECK(v, p1, p2, p3, t) \
	VPSUBUSB       Y12, p2, p2 \
	VPSUBUSB       Y13, p3, p3 \
	VPTERNLOGD     $0xA8, Y14, p3, p2 \
	VGF2P8AFFINEQB $0, Y6, p1, p3 \
	VPSHUFB        p3, Y8, p3 \
	VPAND          Y11, p1, p1 \
	VPSHUFB        p1, Y9, p1 \
	VGF2P8AFFINEQB $0, Y6, v, t \
	VPSHUFB        t, Y10, t \
	VPTERNLOGD     $0x80, p3, t, p1 \
	VPTERNLOGD     $0xF6, p1, p2, Y15

// func validGFNI(p *byte, n int) bool
TEXT ·validGFNI(SB), NOSPLIT, $64-17
#include "valid_amd64.h"
