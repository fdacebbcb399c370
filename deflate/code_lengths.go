package deflate

// codeLengths are the lengths in bits of an alphabet's codes. Runs of symbols
// with a code cost the same however long they are, and those without nothing,
// so that the work for a code is bounded by the input that describes it.
type codeLengths struct {
	count [maxCodeBits + 1]uint16 // codes of each length
	used  int                     // codes of all lengths
	runs  [286]lengthRun          // in the order of the symbols
	n     int                     // how many of runs there are

	// What assign finds out: the length of the longest code, the first code of
	// each length, and the symbols in the order of their codes, which for those
	// of n bits begins at[n].
	longest uint
	first   [maxCodeBits + 1]int
	at      [maxCodeBits + 2]int
	symbols [288]uint16
}

// lengthRun is a run of symbols whose codes have the same length.
type lengthRun struct {
	symbol, n uint16
	length    uint8
}

func (c *codeLengths) reset() {
	c.count = [maxCodeBits + 1]uint16{}
	c.used, c.n = 0, 0
}

// add says that n symbols from symbol on, which come after those added before,
// have codes of length bits, at least 1.
func (c *codeLengths) add(symbol, n int, length uint8) {
	c.count[length] += uint16(n)
	c.used += n
	if c.n > 0 {
		if last := &c.runs[c.n-1]; last.length == length && int(last.symbol+last.n) == symbol {
			last.n += uint16(n)
			return
		}
	}
	c.runs[c.n] = lengthRun{uint16(symbol), uint16(n), length}
	c.n++
}

// assign gives the symbols their codes (RFC 1951 3.2.2). It reports false if
// the lengths make no code.
//
// The lengths must use up all codes, but as in zlib and Go's compress/flate a
// single code of one bit will do, and so will none, as long as it is not used.
func (c *codeLengths) assign() bool {
	c.longest = maxCodeBits
	for c.longest > 1 && c.count[c.longest] == 0 {
		c.longest--
	}
	code, i := 0, 0
	for n := uint(1); n <= c.longest; n++ {
		code <<= 1
		c.first[n], c.at[n] = code, i
		code += int(c.count[n])
		i += int(c.count[n])
	}
	c.at[c.longest+1] = i
	if code != 1<<c.longest && c.used != 0 && (c.used != 1 || c.longest != 1) {
		return false
	}
	next := c.at
	for _, r := range c.runs[:c.n] {
		place := c.symbols[next[r.length]:][:r.n]
		for i := range place {
			place[i] = r.symbol + uint16(i)
		}
		next[r.length] += len(place)
	}
	return true
}

// of returns the symbols whose codes have n bits, at most as many as the
// longest, in the order of the codes.
func (c *codeLengths) of(n uint) []uint16 { return c.symbols[c.at[n]:c.at[n+1]] }

// prefixed returns how many bits tell all codes apart that share their first
// root bits with the i-th code of n bits, which is the first of them.
func (c *codeLengths) prefixed(root, n uint, i int) uint {
	size := n - root
	left := 1<<size - (int(c.count[n]) - i) // codes that are longer yet
	for left > 0 && root+size < maxCodeBits {
		size++
		left = left<<1 - int(c.count[root+size])
	}
	return size
}
