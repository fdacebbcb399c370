package utf8check

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// The fallback is an automaton of 9 states whose transitions for one byte fit
// in one word, 6 bits for each state: the next state is the row of the byte
// shifted by the state, so that a byte costs a load and a shift in the chain
// that each byte's state depends on. A state is the place of its 6 bits.
const (
	stateReject = 6 * iota
	stateAccept // between runes
	stateLast   // one continuation is due
	stateTwo    // two
	stateE0     // two, after E0: the first from A0
	stateED     // two, after ED: the first up to 9F
	stateThree  // three
	stateF0     // three, after F0: the first from 90
	stateF4     // three, after F4: the first up to 8F

	stateBits = 63
)

// rows holds the transitions for each byte.
var rows = func() (rows [256]uint64) {
	for b := range rows {
		rows[b] = row(byte(b))
	}
	return rows
}()

// row returns the transitions for b, RFC 3629 section 4. Those that are not
// named lead to stateReject, which is 0.
func row(b byte) (r uint64) {
	to := func(from, next uint64) { r |= next << from }
	switch {
	case b < 0x80:
		to(stateAccept, stateAccept)
	case b < 0xC0:
		to(stateLast, stateAccept)
		to(stateTwo, stateLast)
		to(stateThree, stateTwo)
		if b >= 0xA0 {
			to(stateE0, stateLast)
		} else {
			to(stateED, stateLast)
		}
		if b >= 0x90 {
			to(stateF0, stateTwo)
		} else {
			to(stateF4, stateTwo)
		}
	case b < 0xC2:
	case b < 0xE0:
		to(stateAccept, stateLast)
	case b == 0xE0:
		to(stateAccept, stateE0)
	case b == 0xED:
		to(stateAccept, stateED)
	case b < 0xF0:
		to(stateAccept, stateTwo)
	case b == 0xF0:
		to(stateAccept, stateF0)
	case b < 0xF4:
		to(stateAccept, stateThree)
	case b == 0xF4:
		to(stateAccept, stateF4)
	}
	return r
}

const topBits = 0x8080808080808080

// validGeneric is Valid in plain Go.
func validGeneric(p []byte) bool {
	if bits.UintSize == 32 {
		return utf8.Valid(p) // shifts of 64 bits would cost more than they save
	}
	state := uint64(stateAccept)
	for len(p) >= 8 {
		w := binary.LittleEndian.Uint64(p)
		if w&topBits == 0 && state&stateBits == stateAccept {
			p = skipASCII(p[8:])
			continue
		}
		state = rows[byte(w)] >> (state & stateBits)
		state = rows[byte(w>>8)] >> (state & stateBits)
		state = rows[byte(w>>16)] >> (state & stateBits)
		state = rows[byte(w>>24)] >> (state & stateBits)
		state = rows[byte(w>>32)] >> (state & stateBits)
		state = rows[byte(w>>40)] >> (state & stateBits)
		state = rows[byte(w>>48)] >> (state & stateBits)
		state = rows[byte(w>>56)] >> (state & stateBits)
		if state&stateBits == stateReject {
			return false
		}
		p = p[8:]
	}
	for _, b := range p {
		state = rows[b] >> (state & stateBits)
	}
	return state&stateBits == stateAccept
}

// skipASCII takes away what p begins with of ASCII, in steps of 32 bytes.
func skipASCII(p []byte) []byte {
	for len(p) >= 32 {
		w := binary.LittleEndian.Uint64(p) | binary.LittleEndian.Uint64(p[8:]) |
			binary.LittleEndian.Uint64(p[16:]) | binary.LittleEndian.Uint64(p[24:])
		if w&topBits != 0 {
			break
		}
		p = p[32:]
	}
	return p
}
