package deflate

import (
	"testing"

	"pgregory.net/rapid"
)

// anyCode draws the lengths of a complete code of 2 to 286 symbols, among
// others that have no code.
var anyCode = rapid.Custom(func(t *rapid.T) []uint8 {
	leaves := []uint8{1, 1}
	for range rapid.IntRange(0, 284).Draw(t, "splits") {
		i := rapid.IntRange(0, len(leaves)-1).Draw(t, "leaf")
		if leaves[i] < maxCodeBits {
			leaves[i]++
			leaves = append(leaves, leaves[i])
		}
	}
	lengths := make([]uint8, 286)
	copy(lengths, leaves)
	return rapid.Permutation(lengths).Draw(t, "lengths")
})

func TestATableFindsEverySymbolByItsCode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lengths := anyCode.Draw(t, "code")
		root := uint(rapid.IntRange(7, 9).Draw(t, "root"))
		var code codeLengths
		longest := uint8(0)
		for symbol, n := range lengths {
			if n > 0 {
				code.add(symbol, 1, n)
				longest = max(longest, n)
			}
		}
		var table huffmanTable
		for range 2 { // a table may be built again
			if !table.build(root, &code, literalMeanings[:]) {
				t.Fatal("no Huffman code")
			}
		}
		lens := make([]int, len(lengths))
		for i, n := range lengths {
			lens[i] = int(n)
		}
		after := rapid.Uint64().Draw(t, "bits after the code")
		root = min(root, uint(longest))
		longestOf := map[uint64]int{} // the codes that begin with the same root bits
		for symbol, code := range codeStrings(lens) {
			if code == "" {
				continue
			}
			n := len(code)
			read := after << n
			for i, bit := range code {
				read |= uint64(bit-'0') << i
			}
			if got, want := table.lookup(read), literalMeanings[symbol]|huffmanEntry(n); got != want {
				t.Fatalf("code %s: got %x, want %x", code, got, want)
			}
			if n > int(root) {
				prefix := read & (1<<root - 1)
				longestOf[prefix] = max(longestOf[prefix], n)
			}
		}
		entries := 1 << root
		for _, n := range longestOf {
			entries += 1 << (n - int(root))
		}
		if len(table.entries) != entries {
			t.Fatalf("the table has %d entries, %d would do", len(table.entries), entries)
		}
	})
}
