package deflate

import (
	"math/bits"
	"slices"
)

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
	root    uint   // bits that index the root table
	mask    uint64 // of as many bits
	entries []huffmanEntry
}

// build makes the table of the code with the given lengths, of which at most
// root bits index the root table; meanings say what the symbols stand for. It
// reports false if the lengths make no code.
func (t *huffmanTable) build(root uint, lengths *codeLengths, meanings []huffmanEntry) bool {
	if !lengths.assign() {
		return false
	}
	t.root = min(root, lengths.longest)
	t.mask = 1<<t.root - 1
	t.buildRoot(lengths, meanings)
	t.buildLinks(lengths, meanings)
	return true
}

// buildRoot makes the root table. For codes of up to n bits it holds the one
// for n-1 bits twice, and in it, once each, those of n bits.
func (t *huffmanTable) buildRoot(lengths *codeLengths, meanings []huffmanEntry) {
	if cap(t.entries) < 1<<t.root {
		t.entries = make([]huffmanEntry, 2<<max(t.root, 8))
	}
	t.entries = t.entries[:1<<t.root]
	t.entries[0] = kindInvalid | 1
	for n := uint(1); n <= t.root; n++ {
		entries := t.entries[:1<<n]
		copy(entries[1<<(n-1):], entries[:1<<(n-1)])
		code := lengths.first[n]
		for _, symbol := range lengths.of(n) {
			entries[reverse(code, n)] = meanings[symbol] | huffmanEntry(n)
			code++
		}
	}
}

// buildLinks makes the tables for the codes that are longer than root bits.
func (t *huffmanTable) buildLinks(lengths *codeLengths, meanings []huffmanEntry) {
	prefix, start, size := -1, 0, uint(0) // the table that is being filled
	for n := t.root + 1; n <= lengths.longest; n++ {
		for i, symbol := range lengths.of(n) {
			reversed := reverse(lengths.first[n]+i, n)
			if p := reversed & int(t.mask); p != prefix {
				prefix, start, size = p, len(t.entries), lengths.prefixed(t.root, n, i)
				t.entries = slices.Grow(t.entries, 1<<size)[:start+1<<size]
				t.entries[prefix] = huffmanEntry(start)<<16 | kindLink | huffmanEntry(size)<<4 | huffmanEntry(t.root)
			}
			for j := start + reversed>>t.root; j < len(t.entries); j += 1 << (n - t.root) {
				t.entries[j] = meanings[symbol] | huffmanEntry(n)
			}
		}
	}
}

// reverse returns the lowest n bits of code in the order in which they are read.
func reverse(code int, n uint) int {
	return int(bits.Reverse16(uint16(code)) >> (16 - n&15))
}

// lookup returns the entry of the code that the lowest bits of b begin with.
// If fewer bits than [huffmanEntry.bits] are known, it may be another code.
func (t *huffmanTable) lookup(b uint64) huffmanEntry {
	e := t.entries[b&t.mask]
	if e&kindLink != 0 {
		e = t.entries[e.value()+int(b>>t.root&(1<<e.extra()-1))]
	}
	return e
}
