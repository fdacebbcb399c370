package frame

import (
	"encoding/binary"
	"math/bits"
)

// Mask masks b, or unmasks it, in place, RFC 6455 section 5.3. The bytes of b
// stand pos bytes into the payload, so that a payload can be masked in pieces;
// the return value is the pos, modulo 4, of the byte after b. Only pos modulo
// 4 matters.
func Mask(b []byte, key Key, pos int) int {
	k := bits.RotateLeft32(binary.LittleEndian.Uint32(key[:]), -8*(pos&3))
	maskBytes(b, k)
	return (pos + len(b)) & 3
}

// maskWords masks b with the four bytes of k, the first in the lowest, in plain
// Go. The last bytes are read before the loop and written after it, so that
// words which overlap them do no harm, and none are left for a loop of bytes.
func maskWords(b []byte, k uint32) {
	kk := uint64(k)<<32 | uint64(k)
	switch n := len(b); {
	case n >= 8:
		end := b[n-8:]
		tail := binary.LittleEndian.Uint64(end) ^ bits.RotateLeft64(kk, -8*(n&3))
		for len(b) >= 32 {
			binary.LittleEndian.PutUint64(b[0:8], binary.LittleEndian.Uint64(b[0:8])^kk)
			binary.LittleEndian.PutUint64(b[8:16], binary.LittleEndian.Uint64(b[8:16])^kk)
			binary.LittleEndian.PutUint64(b[16:24], binary.LittleEndian.Uint64(b[16:24])^kk)
			binary.LittleEndian.PutUint64(b[24:32], binary.LittleEndian.Uint64(b[24:32])^kk)
			b = b[32:]
		}
		for len(b) > 8 {
			binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)^kk)
			b = b[8:]
		}
		binary.LittleEndian.PutUint64(end, tail)
	case n >= 4:
		end := b[n-4:]
		tail := binary.LittleEndian.Uint32(end) ^ bits.RotateLeft32(k, -8*(n&3))
		binary.LittleEndian.PutUint32(b, binary.LittleEndian.Uint32(b)^k)
		binary.LittleEndian.PutUint32(end, tail)
	default:
		for i := range b {
			b[i] ^= byte(k >> (8 * i))
		}
	}
}
