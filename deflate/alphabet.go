package deflate

// The three alphabets of a block (RFC 1951 3.2.5 and 3.2.7): what their
// symbols stand for, without the length of the code.
var (
	lengthCodeMeanings = [19]huffmanEntry{}  // filled in by init, like the others
	literalMeanings    = [288]huffmanEntry{} // the last two without a meaning
	distanceMeanings   = [32]huffmanEntry{}  // likewise
)

// endOfBlock is the symbol that ends a block (RFC 1951 3.2.5).
const endOfBlock = 256

// The codes of a block with fixed Huffman codes (RFC 1951 3.2.6).
var fixedLiterals, fixedDistances huffmanTable

func init() {
	for i := range lengthCodeMeanings {
		lengthCodeMeanings[i] = meaning(i, 0)
	}
	for i := range endOfBlock {
		literalMeanings[i] = meaning(i, 0) | kindLiteral
	}
	literalMeanings[endOfBlock] = kindEnd
	// From 8 symbols of their own on, lengths come in fours with as many extra
	// bits; the longest length has a symbol of its own.
	length := 3
	for i := range 28 {
		extra := max(0, i/4-1)
		literalMeanings[endOfBlock+1+i] = meaning(length, extra)
		length += 1 << extra
	}
	literalMeanings[endOfBlock+1+28] = meaning(258, 0)
	literalMeanings[286], literalMeanings[287] = kindInvalid, kindInvalid
	distance := 1
	for i := range 30 {
		extra := max(0, i/2-1)
		distanceMeanings[i] = meaning(distance, extra)
		distance += 1 << extra
	}
	distanceMeanings[30], distanceMeanings[31] = kindInvalid, kindInvalid

	var lengths codeLengths
	lengths.add(0, 144, 8)
	lengths.add(144, 112, 9)
	lengths.add(256, 24, 7)
	lengths.add(280, 8, 8)
	fixedLiterals.build(literalRoot, &lengths, literalMeanings[:])
	lengths.reset()
	lengths.add(0, 32, 5)
	fixedDistances.build(distanceRoot, &lengths, distanceMeanings[:])
}

func meaning(value, extra int) huffmanEntry {
	return huffmanEntry(value)<<16 | huffmanEntry(extra)<<4
}

// The most bits of the root tables: enough for most codes, few enough to be
// filled for each block.
const (
	lengthCodeRoot = 7
	literalRoot    = 9
	distanceRoot   = 8
)
