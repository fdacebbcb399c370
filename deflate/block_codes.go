package deflate

// blockCodes are the Huffman codes of a block.
type blockCodes struct {
	literals, distances *huffmanTable

	// While a dynamic header is read:
	nliterals, ndistances, nlengthCodes int // lengths to come
	i                                   int // lengths read
	lengths                             [286 + 30]uint8

	// The memory of a block's own codes. That of the length code serves for
	// the literals' as well.
	ownLiterals, ownDistances huffmanTable
}

func (f *inflater) dynamicHeader() (bool, error) {
	if !f.need(5 + 5 + 4) {
		return false, nil
	}
	if f.bits&31 > 286-257 || f.bits>>5&31 > 30-1 {
		return false, errDynamicHeader
	}
	c := &f.block
	c.nliterals = f.take(5) + 257
	c.ndistances = f.take(5) + 1
	c.nlengthCodes = f.take(4) + 4
	c.i = 0
	clear(c.lengths[:len(lengthCodeMeanings)])
	f.step = readLengthCode
	return true, nil
}

// lengthCodeOrder is the order of the code lengths for the code of the code
// lengths.
var lengthCodeOrder = [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

func (f *inflater) lengthCode() (bool, error) {
	c := &f.block
	for ; c.i < c.nlengthCodes; c.i++ {
		if !f.need(3) {
			return false, nil
		}
		c.lengths[lengthCodeOrder[c.i]] = uint8(f.take(3))
	}
	if !c.ownLiterals.build(lengthCodeRoot, c.lengths[:len(lengthCodeMeanings)], lengthCodeMeanings[:]) {
		return false, errHuffmanCode
	}
	c.i = 0
	f.step = readCodeLengths
	return true, nil
}

func (f *inflater) codeLengths() (bool, error) {
	c := &f.block
	n := c.nliterals + c.ndistances
	for c.i < n {
		progress, err := f.codeLength(c.lengths[:n])
		if !progress || err != nil {
			return false, err
		}
	}
	// Without a code for its end, a block has none.
	if c.lengths[endOfBlock] == 0 ||
		!c.ownLiterals.build(literalRoot, c.lengths[:c.nliterals], literalMeanings[:]) ||
		!c.ownDistances.build(distanceRoot, c.lengths[c.nliterals:n], distanceMeanings[:]) {
		return false, errHuffmanCode
	}
	c.literals, c.distances = &c.ownLiterals, &c.ownDistances
	f.step = readSymbols
	return true, nil
}

// codeLength reads one symbol of the code of the code lengths.
func (f *inflater) codeLength(lengths []uint8) (bool, error) {
	c := &f.block
	f.need(7 + 7) // or as many as there are
	e := c.ownLiterals.lookup(f.bits)
	if e.bits() > f.nbits {
		return false, nil
	}
	if e&kindInvalid != 0 {
		return false, errInvalidCode
	}
	var length uint8
	var extra uint
	repeat := 1
	switch symbol := e.value(); symbol {
	default:
		length = uint8(symbol)
	case 16:
		if c.i == 0 {
			return false, errDynamicHeader
		}
		length, extra, repeat = lengths[c.i-1], 2, 3
	case 17:
		extra, repeat = 3, 3
	case 18:
		extra, repeat = 7, 11
	}
	if e.bits()+extra > f.nbits {
		return false, nil
	}
	f.take(e.bits())
	repeat += f.take(extra)
	if repeat > len(lengths)-c.i {
		return false, errDynamicHeader
	}
	for range repeat {
		lengths[c.i] = length
		c.i++
	}
	return true, nil
}
