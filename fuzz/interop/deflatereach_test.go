package interop

import (
	"errors"
	"fmt"
)

// reach is how far back the matches of compressed messages went.
type reach struct {
	longest int // distance in bytes; 0 without a match
	before  int // matches that begin in an earlier message
}

// errNoDeflate is in the errors of measure that no distance causes.
var errNoDeflate = errors.New("no DEFLATE data")

// measure walks through a message's payload, one bit at a time, and adds its
// matches to r. had is how many bytes of earlier messages are kept. It returns
// how many bytes the message has once inflated, and an error if the payload is
// not DEFLATE data (RFC 1951), or reaches further back than there is anything.
//
// It stands on nothing of ours or of zlib's.
func (r *reach) measure(payload []byte, had int) (size int, err error) {
	w := &walker{in: payload, had: had, reach: r}
	for {
		final := w.bits(1) == 1
		switch w.bits(2) {
		case 0:
			if w.stored() {
				return w.size, w.err // the end, of which the tail is cut off
			}
		case 1:
			w.symbols(&fixedLiterals, &fixedDistances)
		case 2:
			w.dynamic()
		default:
			w.fail("reserved block type")
		}
		if w.err != nil {
			return w.size, w.err
		}
		if final {
			return w.size, fmt.Errorf("%w: a final block", errNoDeflate) // legal, but neither of us writes one
		}
	}
}

// walker is the state of measure.
type walker struct {
	in    []byte
	pos   int // in bits
	size  int // bytes inflated
	had   int // bytes from before the message
	reach *reach
	err   error // the first; bits are 0 from then on
}

func (w *walker) fail(reason string) {
	if w.err == nil {
		w.err = fmt.Errorf("%w: %s at bit %d", errNoDeflate, reason, w.pos)
	}
}

func (w *walker) bits(n int) int {
	if w.pos+n > 8*len(w.in) {
		w.fail("too short")
	}
	if w.err != nil {
		return 0
	}
	v := 0
	for i := range n {
		v |= int(w.in[w.pos>>3]>>(w.pos&7)&1) << i
		w.pos++
	}
	return v
}

// stored passes over a stored block. It reports whether the message ends there.
func (w *walker) stored() bool {
	w.pos = (w.pos + 7) &^ 7
	if w.pos == 8*len(w.in) {
		return true
	}
	n := w.bits(16)
	if w.bits(16) != n^0xFFFF {
		w.fail("length and complement differ")
	}
	if w.pos+8*n > 8*len(w.in) {
		w.fail("too short")
	}
	w.pos += 8 * n
	w.size += n
	return false
}

func (w *walker) dynamic() {
	literals, distances, n := w.bits(5)+257, w.bits(5)+1, w.bits(4)+4
	var order = [19]int{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
	var lengths [19]uint8
	for _, symbol := range order[:n] {
		lengths[symbol] = uint8(w.bits(3))
	}
	var code, litCode, distCode canonical
	code.set(lengths[:])
	var all [320]uint8
	for at := 0; at < literals+distances; {
		symbol := w.symbol(&code)
		length, times := uint8(0), 1
		switch {
		case w.err != nil:
			return
		case symbol < 16:
			length = uint8(symbol)
		case symbol == 16:
			if at == 0 {
				w.fail("nothing to repeat")
				return
			}
			length, times = all[at-1], 3+w.bits(2)
		case symbol == 17:
			times = 3 + w.bits(3)
		default:
			times = 11 + w.bits(7)
		}
		if at+times > literals+distances {
			w.fail("too many code lengths")
			return
		}
		for range times {
			all[at] = length
			at++
		}
	}
	litCode.set(all[:literals])
	distCode.set(all[literals : literals+distances])
	w.symbols(&litCode, &distCode)
}

// symbols walks to the end of a compressed block (RFC 1951 3.2.5).
func (w *walker) symbols(literals, distances *canonical) {
	for w.err == nil {
		symbol := w.symbol(literals)
		switch {
		case symbol < 256:
			w.size++
		case symbol == 256:
			return
		default:
			length := w.extended(symbol-257, lengthBases[:], lengthExtra[:])
			distance := w.extended(w.symbol(distances), distanceBases[:], distanceExtra[:])
			if w.err == nil {
				w.match(length, distance)
			}
		}
	}
}

func (w *walker) match(length, distance int) {
	if distance > w.had+w.size {
		w.fail(fmt.Sprintf("distance %d, of %d bytes", distance, w.had+w.size))
	}
	w.reach.longest = max(w.reach.longest, distance)
	if distance > w.size {
		w.reach.before++
	}
	w.size += length
}

func (w *walker) extended(symbol int, bases, extra []int) int {
	if symbol >= len(bases) {
		w.fail("no such symbol")
		return 0
	}
	return bases[symbol] + w.bits(extra[symbol])
}

var (
	lengthBases   = [...]int{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258}
	lengthExtra   = [...]int{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
	distanceBases = [...]int{1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577}
	distanceExtra = [...]int{0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13}
)

// canonical is a Huffman code of RFC 1951 3.2.2: codes of one length follow
// each other, in the order of their symbols, and shorter ones come first.
type canonical struct {
	counts  [16]int // of codes, by length
	symbols [320]uint16
}

func (c *canonical) set(lengths []uint8) {
	c.counts = [16]int{}
	for _, n := range lengths {
		c.counts[n]++
	}
	c.counts[0] = 0
	var next [16]int
	for n := 1; n < 15; n++ {
		next[n+1] = next[n] + c.counts[n]
	}
	for symbol, n := range lengths {
		if n > 0 {
			c.symbols[next[n]] = uint16(symbol)
			next[n]++
		}
	}
}

// symbol reads one symbol. Of the codes of each length, first is the first.
func (w *walker) symbol(c *canonical) int {
	code, first, before := 0, 0, 0
	for n := 1; n <= 15; n++ {
		code |= w.bits(1)
		if code-first < c.counts[n] {
			return int(c.symbols[before+code-first])
		}
		before += c.counts[n]
		first = (first + c.counts[n]) << 1
		code <<= 1
	}
	w.fail("no such code")
	return 256
}

var fixedLiterals, fixedDistances = func() (literals, distances canonical) {
	var lengths [288]uint8
	for symbol := range lengths {
		switch {
		case symbol < 144:
			lengths[symbol] = 8
		case symbol < 256:
			lengths[symbol] = 9
		case symbol < 280:
			lengths[symbol] = 7
		default:
			lengths[symbol] = 8
		}
	}
	literals.set(lengths[:])
	for symbol := range lengths[:32] {
		lengths[symbol] = 5
	}
	distances.set(lengths[:32])
	return literals, distances
}()
