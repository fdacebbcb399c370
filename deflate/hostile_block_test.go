package deflate

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// dynamicBlock returns the bits of a block with dynamic Huffman codes of the
// given lengths, and what is in it, symbol by symbol: each a code of the
// literals, or of the distances if it is negative (-1 is distance code 0). Its
// header is as short as run lengths make it (RFC 1951 3.2.7).
func dynamicBlock(literals, distances []int, symbols ...int) string {
	runs := runLengths(slices.Concat(literals, distances))
	// A code for the run lengths that are used: the commonest have the shortest.
	var count [19]int
	for _, r := range runs {
		count[r.symbol]++
	}
	var used []int
	for symbol, n := range count {
		if n > 0 {
			used = append(used, symbol)
		}
	}
	slices.SortStableFunc(used, func(a, b int) int { return count[b] - count[a] })
	lengths := make([]int, 19)
	switch k := len(used); {
	case k <= 8: // 1, 2, 3, ..., k-1, k-1 bits
		for i, symbol := range used {
			lengths[symbol] = max(1, min(i+1, k-1))
		}
	default: // 3 or 4 bits; 4 or 5 from 17 on
		size, short := 4, 16-k
		if k > 16 {
			size, short = 5, 32-k
		}
		for i, symbol := range used {
			lengths[symbol] = size
			if i < short {
				lengths[symbol]--
			}
		}
	}

	n := len(lengthCodeOrder)
	for n > 4 && lengths[lengthCodeOrder[n-1]] == 0 {
		n--
	}
	var b strings.Builder
	b.WriteString("0 01 ")
	fmt.Fprint(&b, number(len(literals)-257, 5), number(len(distances)-1, 5), number(n-4, 4))
	for _, symbol := range lengthCodeOrder[:n] {
		b.WriteString(number(lengths[symbol], 3))
	}
	codes := codeStrings(lengths)
	for _, r := range runs {
		b.WriteString(codes[r.symbol] + number(r.extra, r.bits))
	}
	literalCodes, distanceCodes := codeStrings(literals), codeStrings(distances)
	for _, s := range symbols {
		if s < 0 {
			b.WriteString(distanceCodes[-1-s])
		} else {
			b.WriteString(literalCodes[s])
		}
	}
	b.WriteString(literalCodes[endOfBlock])
	return b.String()
}

type runLength struct{ symbol, extra, bits int }

func runLengths(lengths []int) (runs []runLength) {
	for i := 0; i < len(lengths); {
		n := 1
		for i+n < len(lengths) && lengths[i+n] == lengths[i] {
			n++
		}
		length := lengths[i]
		i += n
		for ; length == 0 && n >= 11; n -= min(n, 138) {
			runs = append(runs, runLength{18, min(n, 138) - 11, 7})
		}
		for ; length == 0 && n >= 3; n -= min(n, 10) {
			runs = append(runs, runLength{17, min(n, 10) - 3, 3})
		}
		if length != 0 && n > 0 {
			runs = append(runs, runLength{length, 0, 0})
			n--
			for ; n >= 3; n -= min(n, 6) {
				runs = append(runs, runLength{16, min(n, 6) - 3, 2})
			}
		}
		for range n {
			runs = append(runs, runLength{length, 0, 0})
		}
	}
	return runs
}

// number returns the bits of v, the lowest first.
func number(v, bits int) string {
	var b strings.Builder
	for i := range bits {
		b.WriteByte('0' + byte(v>>i&1))
	}
	return b.String()
}

// codeStrings returns the code of each symbol (RFC 1951 3.2.2).
func codeStrings(lengths []int) []string {
	codes := make([]string, len(lengths))
	code := 0
	for n := 1; n <= 15; n++ {
		for symbol, length := range lengths {
			if length == n {
				codes[symbol] = fmt.Sprintf("%0*b", n, code)
				code++
			}
		}
		code <<= 1
	}
	return codes
}

// lengthsOf returns code lengths: n of them, those that are not named are 0.
func lengthsOf(n int, named map[int]int) []int {
	lengths := make([]int, n)
	for symbol, length := range named {
		lengths[symbol] = length
	}
	return lengths
}

// stairs returns the lengths of a code that is as lopsided as can be: 1, 2, 3,
// up to 15 bits, for the first symbols and, the longest, the last.
func stairs(n int) []int {
	lengths := make([]int, n)
	for i := range 15 {
		lengths[i] = i + 1
	}
	lengths[n-1] = 15
	return lengths
}

// flat returns the lengths of a code for n symbols that differ by one bit.
func flat(n int) []int {
	size := 0
	for 1<<size < n {
		size++
	}
	lengths := slices.Repeat([]int{size}, n)
	for i := range 1<<size - n {
		lengths[i]--
	}
	return lengths
}

// streamsThatMakeNothing are blocks, to be repeated without end, that cost
// their receiver work and make no byte.
var streamsThatMakeNothing = []struct{ name, bits string }{
	{"empty stored blocks", "0 00 00000 0000000000000000 1111111111111111"},
	{"empty fixed blocks", "0 10 0000000"},
	{"the shortest dynamic blocks", dynamicBlock(lengthsOf(257, map[int]int{256: 1}), []int{1})},
	{"dynamic blocks with the longest codes", dynamicBlock(stairs(257), stairs(16))},
	{"dynamic blocks with all codes of about one length", dynamicBlock(flat(286), flat(30))},
	{"dynamic blocks with long codes in many tables", dynamicBlock(lopsided(286), stairs(30))},
}

// lopsided returns the lengths of a code for n symbols, of which the first has
// one bit and most others one more than a root table takes.
func lopsided(n int) []int {
	lengths := append([]int{0}, flat(n-1)...)
	for i := range lengths {
		lengths[i]++
	}
	return lengths
}

// repeatBits returns about n octets of a block's bits, again and again, from
// one octet's start to another's.
func repeatBits(block string, n int) []byte {
	eight := bitString(strings.Repeat(strings.ReplaceAll(block, " ", ""), 8))
	return bytes.Repeat(eight, max(1, n/len(eight)))
}
