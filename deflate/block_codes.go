package deflate

// blockCodes are the Huffman codes of a block.
type blockCodes struct {
	literals, distances *huffmanTable

	// While a dynamic header is read:
	nliterals, ndistances, nlengthCodes int       // lengths to come
	i                                   int       // lengths read
	last                                uint8     // the last of them
	lengthCode                          [19]uint8 // the lengths of the code of the code lengths
	hasEnd                              bool      // there is a code for the end of the block
	literalLengths, distanceLengths     codeLengths

	// The memory of a block's own codes. That of the literals serves for the
	// code of the code lengths as well.
	ownLiterals, ownDistances huffmanTable

	work int // what the codes have cost in this message: entries and runs
}

// buildOwn makes one of the block's own tables.
func (c *blockCodes) buildOwn(t *huffmanTable, root uint, lengths *codeLengths, meanings []huffmanEntry) bool {
	if !t.build(root, lengths, meanings) {
		return false
	}
	c.work += len(t.entries) + lengths.n + lengths.used
	return true
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
	c.lengthCode = [19]uint8{}
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
		c.lengthCode[lengthCodeOrder[c.i]] = uint8(f.take(3))
	}
	lengths := &c.literalLengths
	lengths.reset()
	for symbol, n := range c.lengthCode {
		if n != 0 {
			lengths.add(symbol, 1, n)
		}
	}
	if !c.buildOwn(&c.ownLiterals, lengthCodeRoot, lengths, lengthCodeMeanings[:]) {
		return false, errHuffmanCode
	}
	c.i, c.last, c.hasEnd = 0, 0, false
	c.literalLengths.reset()
	c.distanceLengths.reset()
	f.step = readCodeLengths
	return true, nil
}

func (f *inflater) codeLengths() (bool, error) {
	c := &f.block
	for c.i < c.nliterals+c.ndistances {
		progress, err := f.codeLength()
		if !progress || err != nil {
			return false, err
		}
	}
	// Without a code for its end, a block has none.
	if !c.hasEnd ||
		!c.buildOwn(&c.ownLiterals, literalRoot, &c.literalLengths, literalMeanings[:]) ||
		!c.buildOwn(&c.ownDistances, distanceRoot, &c.distanceLengths, distanceMeanings[:]) {
		return false, errHuffmanCode
	}
	c.literals, c.distances = &c.ownLiterals, &c.ownDistances
	f.step = readSymbols
	return true, nil
}

// codeLength reads one symbol of the code of the code lengths.
func (f *inflater) codeLength() (bool, error) {
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
		length, extra, repeat = c.last, 2, 3
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
	return true, c.addLengths(length, repeat)
}

// addLengths adds as many code lengths, first the literals' and then the
// distances'.
func (c *blockCodes) addLengths(length uint8, repeat int) error {
	if repeat > c.nliterals+c.ndistances-c.i {
		return errDynamicHeader
	}
	i := c.i
	c.i += repeat
	c.last = length
	if length == 0 {
		return nil
	}
	c.hasEnd = c.hasEnd || i <= endOfBlock && endOfBlock < c.i
	literals := min(repeat, max(0, c.nliterals-i))
	if literals > 0 {
		c.literalLengths.add(i, literals, length)
	}
	if literals < repeat {
		c.distanceLengths.add(i+literals-c.nliterals, repeat-literals, length)
	}
	return nil
}
