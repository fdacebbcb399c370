package frame

import "encoding/binary"

// Mask masks b, or unmasks it, in place, RFC 6455 section 5.3. The bytes of b
// stand pos bytes into the payload, so that a payload can be masked in pieces;
// the return value is the pos, modulo 4, of the byte after b. Only pos modulo
// 4 matters.
func Mask(b []byte, key Key, pos int) int {
	next := (pos + len(b)) & 3
	k := binary.LittleEndian.Uint32([]byte{
		key[pos&3], key[(pos+1)&3], key[(pos+2)&3], key[(pos+3)&3],
	})
	kk := uint64(k)<<32 | uint64(k)

	// Four words a turn: enough for the loads to overlap, and short texts
	// still reach the end without a detour.
	for len(b) >= 32 {
		binary.LittleEndian.PutUint64(b[0:8], binary.LittleEndian.Uint64(b[0:8])^kk)
		binary.LittleEndian.PutUint64(b[8:16], binary.LittleEndian.Uint64(b[8:16])^kk)
		binary.LittleEndian.PutUint64(b[16:24], binary.LittleEndian.Uint64(b[16:24])^kk)
		binary.LittleEndian.PutUint64(b[24:32], binary.LittleEndian.Uint64(b[24:32])^kk)
		b = b[32:]
	}
	for len(b) >= 8 {
		binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)^kk)
		b = b[8:]
	}
	for i := range b {
		b[i] ^= byte(kk >> (8 * i))
	}
	return next
}
