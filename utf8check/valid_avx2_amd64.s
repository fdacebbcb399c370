//go:build !purego

#include "textflag.h"
#include "tables_amd64.h"

#define CONSTANTS \
	VMOVDQU      high1<>(SB), Y8 \
	VMOVDQU      low1<>(SB), Y9 \
	VMOVDQU      high2<>(SB), Y10 \
	VMOVDQU      lowHalf<>(SB), Y11 \
	VMOVDQU      fromE0<>(SB), Y12 \
	VMOVDQU      fromF0<>(SB), Y13 \
	VMOVDQU      topBit<>(SB), Y14

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

// func validAVX2(p *byte, n int) bool
TEXT ·validAVX2(SB), NOSPLIT, $64-17
#include "valid_amd64.h"
