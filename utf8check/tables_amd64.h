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

// The low half of each byte.
DATA lowHalf<>+0x00(SB)/8, $0x0F0F0F0F0F0F0F0F
DATA lowHalf<>+0x08(SB)/8, $0x0F0F0F0F0F0F0F0F
DATA lowHalf<>+0x10(SB)/8, $0x0F0F0F0F0F0F0F0F
DATA lowHalf<>+0x18(SB)/8, $0x0F0F0F0F0F0F0F0F
GLOBL lowHalf<>(SB), RODATA|NOPTR, $32

// A lead of three or four bytes less this has its top bit set.
DATA fromE0<>+0x00(SB)/8, $0x6060606060606060
DATA fromE0<>+0x08(SB)/8, $0x6060606060606060
DATA fromE0<>+0x10(SB)/8, $0x6060606060606060
DATA fromE0<>+0x18(SB)/8, $0x6060606060606060
GLOBL fromE0<>(SB), RODATA|NOPTR, $32

// A lead of four bytes less this has its top bit set.
DATA fromF0<>+0x00(SB)/8, $0x7070707070707070
DATA fromF0<>+0x08(SB)/8, $0x7070707070707070
DATA fromF0<>+0x10(SB)/8, $0x7070707070707070
DATA fromF0<>+0x18(SB)/8, $0x7070707070707070
GLOBL fromF0<>(SB), RODATA|NOPTR, $32

DATA topBit<>+0x00(SB)/8, $0x8080808080808080
DATA topBit<>+0x08(SB)/8, $0x8080808080808080
DATA topBit<>+0x10(SB)/8, $0x8080808080808080
DATA topBit<>+0x18(SB)/8, $0x8080808080808080
GLOBL topBit<>(SB), RODATA|NOPTR, $32

// As a matrix of bits, this moves the high half of a byte to the low half.
DATA toLowHalf<>+0x00(SB)/8, $0x1020408000000000
DATA toLowHalf<>+0x08(SB)/8, $0x1020408000000000
DATA toLowHalf<>+0x10(SB)/8, $0x1020408000000000
DATA toLowHalf<>+0x18(SB)/8, $0x1020408000000000
GLOBL toLowHalf<>(SB), RODATA|NOPTR, $32
