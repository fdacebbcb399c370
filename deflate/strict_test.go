package deflate

import (
	"errors"
	"slices"
)

// strictInflate inflates one message's payload after the bytes of dictionary,
// one bit at a time, with no thought for speed: the oracle of this package's
// tests. It also returns the longest distance that a match had. It keeps to
// RFC 1951 and RFC 7692 and accepts no distance beyond window.
//
// What comes before an error is returned too.
func strictInflate(dictionary, payload []byte, window int) (out []byte, longest int, err error) {
	s := &strict{in: payload, out: slices.Clone(dictionary), window: window, dictionary: len(dictionary)}
	defer func() {
		switch r := recover().(type) {
		case nil:
		case strictVerdict:
			out, longest, err = s.out[s.dictionary:], s.longest, r.err
		default:
			panic(r)
		}
	}()
	for {
		s.inflateBlock()
	}
}

type strict struct {
	in         []byte
	pos        int // in bits
	out        []byte
	window     int
	dictionary int // bytes of out that were there before
	longest    int
	final      bool
}

// strictVerdict is what ends a strict.
type strictVerdict struct{ err error }

func (s *strict) fail(reason string) { panic(strictVerdict{errors.New(reason)}) }

func (s *strict) bit() int {
	if s.pos == 8*len(s.in) {
		s.fail("too short")
	}
	b := s.in[s.pos/8] >> (s.pos % 8) & 1
	s.pos++
	return int(b)
}

func (s *strict) number(bits int) int {
	n := 0
	for i := range bits {
		n |= s.bit() << i
	}
	return n
}

func (s *strict) inflateBlock() {
	if s.final {
		s.pos = (s.pos + 7) / 8 * 8
		if s.pos == 8*len(s.in) {
			panic(strictVerdict{nil})
		}
	}
	s.final = s.bit() == 1
	switch s.number(2) {
	case 0:
		s.storedBlock()
	case 1:
		lit := slices.Concat(slices.Repeat([]int{8}, 144), slices.Repeat([]int{9}, 112), slices.Repeat([]int{7}, 24), slices.Repeat([]int{8}, 8))
		s.symbols(lit, slices.Repeat([]int{5}, 32))
	case 2:
		s.dynamicBlock()
	case 3:
		s.fail("reserved")
	}
}

func (s *strict) storedBlock() {
	s.pos = (s.pos + 7) / 8 * 8
	if s.pos == 8*len(s.in) {
		panic(strictVerdict{nil}) // the tail would be next
	}
	n := s.number(16)
	if s.number(16) != n^0xFFFF {
		s.fail("complement")
	}
	for range n {
		s.out = append(s.out, byte(s.number(8)))
	}
}

func (s *strict) dynamicBlock() {
	nlit, ndist, nlen := s.number(5)+257, s.number(5)+1, s.number(4)+4
	if nlit > 286 || ndist > 30 {
		s.fail("too many codes")
	}
	lens := make([]int, 19)
	for _, symbol := range []int{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}[:nlen] {
		lens[symbol] = s.number(3)
	}
	s.checkCode(lens)
	codes := newStrictCode(lens)
	var all []int
	for len(all) < nlit+ndist {
		symbol := s.symbol(codes)
		if symbol < 16 {
			all = append(all, symbol)
			continue
		}
		length, times := 0, 0
		switch symbol {
		case 16:
			if len(all) == 0 {
				s.fail("nothing to repeat")
			}
			length, times = all[len(all)-1], 3+s.number(2)
		case 17:
			times = 3 + s.number(3)
		case 18:
			times = 11 + s.number(7)
		}
		all = append(all, slices.Repeat([]int{length}, times)...)
	}
	if len(all) > nlit+ndist {
		s.fail("too many lengths")
	}
	lit, dist := all[:nlit], all[nlit:]
	if lit[256] == 0 {
		s.fail("no end")
	}
	s.checkCode(lit)
	s.checkCode(dist)
	s.symbols(lit, dist)
}

// checkCode checks Kraft's sum, in units of 2^-15.
func (s *strict) checkCode(lens []int) {
	sum, used := 0, 0
	for _, n := range lens {
		if n > 0 {
			sum += 1 << (15 - n)
			used++
		}
	}
	if sum != 1<<15 && used != 0 && (used != 1 || sum != 1<<14) {
		s.fail("no Huffman code")
	}
}

// strictCode is a Huffman code: how many codes there are of each length, and
// the symbols in the order of their codes.
type strictCode struct {
	count   [16]int
	symbols []int
}

// newStrictCode makes the code with these lengths, as RFC 1951 3.2.2 does.
func newStrictCode(lens []int) strictCode {
	var c strictCode
	for n := 1; n <= 15; n++ {
		for symbol, l := range lens {
			if l == n {
				c.count[n]++
				c.symbols = append(c.symbols, symbol)
			}
		}
	}
	return c
}

func (s *strict) symbol(c strictCode) int {
	code, first, index := 0, 0, 0 // the bits read, the first code of as many, and its symbol's place
	for n := 1; n <= 15; n++ {
		code = code<<1 | s.bit()
		first <<= 1
		if code-first < c.count[n] {
			return c.symbols[index+code-first]
		}
		first += c.count[n]
		index += c.count[n]
	}
	s.fail("no such code")
	return 0
}

func (s *strict) symbols(litLens, distLens []int) {
	lit, dist := newStrictCode(litLens), newStrictCode(distLens)
	lengths := []int{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258}
	lengthBits := []int{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
	distances := []int{1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577}
	distanceBits := []int{0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13}
	for {
		symbol := s.symbol(lit)
		if symbol < 256 {
			s.out = append(s.out, byte(symbol))
			continue
		}
		if symbol == 256 {
			return
		}
		if symbol > 285 {
			s.fail("no such length")
		}
		length := lengths[symbol-257] + s.number(lengthBits[symbol-257])
		symbol = s.symbol(dist)
		if symbol > 29 {
			s.fail("no such distance")
		}
		distance := distances[symbol] + s.number(distanceBits[symbol])
		if distance > s.window || distance > len(s.out) {
			s.fail("too far back")
		}
		s.longest = max(s.longest, distance)
		for range length {
			s.out = append(s.out, s.out[len(s.out)-distance])
		}
	}
}
