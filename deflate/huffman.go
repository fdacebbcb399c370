package deflate

import "math/bits"

// maxCodeBits is the length in bits of the longest Huffman code (RFC 1951
// 3.2.7).
const maxCodeBits = 15

// A huffmanEntry says what a Huffman code stands for:
//
//	bits  0 to  3   the length of the code in bits, 1 to 15
//	bits  4 to  7   how many extra bits follow the code; of a link, how many
//	                further bits of the code index the table that it leads to
//	bits  8 to 11   the kind
//	bits 16 to 31   the value: a literal, the least length or distance, or
//	                where the table begins that a link leads to
type huffmanEntry uint32

const (
	kindLiteral huffmanEntry = 1 << 8
	kindEnd     huffmanEntry = 2 << 8 // of the block
	kindLink    huffmanEntry = 4 << 8
	kindInvalid huffmanEntry = 8 << 8 // a code without a meaning
)

func (e huffmanEntry) bits() uint  { return uint(e & 15) }
func (e huffmanEntry) extra() uint { return uint(e >> 4 & 15) }
func (e huffmanEntry) value() int  { return int(e >> 16) }

// huffmanTable looks codes up by the next bits of the input: the first ones
// index a root table, and the rest of a longer code the table that it links to.
type huffmanTable struct {
	root    uint // bits that index the root table
	entries []huffmanEntry
}

// build makes the table of the code with the given lengths in bits, one per
// symbol (RFC 1951 3.2.2); meanings say what the symbols stand for, those
// beyond them nothing. It reports false if the lengths make no code.
//
// The lengths must use up all codes, but as in zlib and Go's compress/flate a
// single code of one bit will do, and so will none, as long as it is not used.
func (t *huffmanTable) build(root uint, lengths []uint8, meanings []huffmanEntry) bool {
	var count [maxCodeBits + 1]int
	for _, n := range lengths {
		count[n]++
	}
	used := len(lengths) - count[0]

	// first[n] is the first code of n bits, and where its symbol stands in the
	// order of the codes is at[n].
	var first, at [maxCodeBits + 2]int
	code := 0
	count[0] = 0
	for n := 1; n <= maxCodeBits; n++ {
		code = (code + count[n-1]) << 1
		first[n] = code
		at[n+1] = at[n] + count[n]
	}
	complete := first[maxCodeBits]+count[maxCodeBits] == 1<<maxCodeBits
	if !complete && used != 0 && (used != 1 || count[1] != 1) {
		return false
	}

	var symbols [288]uint16
	next := at
	for symbol, n := range lengths {
		if n != 0 {
			symbols[next[n]] = uint16(symbol)
			next[n]++
		}
	}

	t.root = root
	if cap(t.entries) < 1<<root {
		t.entries = make([]huffmanEntry, 0, 2<<root)
	}
	t.entries = t.entries[:1<<root]
	if !complete {
		for i := range t.entries {
			t.entries[i] = kindInvalid | 1
		}
	}

	link, linkBits, linkStart := -1, uint(0), 0 // the table for long codes that is being filled
	for n := uint(1); n <= maxCodeBits; n++ {
		for i := range count[n] {
			entry := kindInvalid
			if symbol := int(symbols[at[n]+i]); symbol < len(meanings) {
				entry = meanings[symbol]
			}
			entry |= huffmanEntry(n)
			reversed := int(bits.Reverse16(uint16(first[n]+i)) >> (16 - n))
			if n <= root {
				for j := reversed; j < 1<<root; j += 1 << n {
					t.entries[j] = entry
				}
				continue
			}
			if prefix := reversed & (1<<root - 1); prefix != link {
				link, linkStart = prefix, len(t.entries)
				linkBits = linkSize(root, n, count[:], i)
				for range 1 << linkBits {
					t.entries = append(t.entries, kindInvalid|1)
				}
				t.entries[prefix] = huffmanEntry(linkStart)<<16 | kindLink | huffmanEntry(linkBits)<<4 | huffmanEntry(root)
			}
			for j := reversed >> root; j < 1<<linkBits; j += 1 << (n - root) {
				t.entries[linkStart+j] = entry
			}
		}
	}
	return true
}

// linkSize returns how many bits index the table for all codes that share the
// first root bits with the i-th code of n bits, the first of them.
func linkSize(root, n uint, count []int, i int) uint {
	size := n - root
	left := 1<<size - (count[n] - i) // codes that are longer yet
	for left > 0 && root+size < maxCodeBits {
		size++
		left = left<<1 - count[root+size]
	}
	return size
}

// lookup returns the entry of the code that the lowest bits of b begin with.
// If fewer bits than [huffmanEntry.bits] are known, it may be another code.
func (t *huffmanTable) lookup(b uint64) huffmanEntry {
	e := t.entries[b&(1<<t.root-1)]
	if e&kindLink != 0 {
		e = t.entries[e.value()+int(b>>t.root&(1<<e.extra()-1))]
	}
	return e
}
