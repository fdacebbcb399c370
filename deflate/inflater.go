package deflate

import (
	"encoding/binary"
	"sync"
)

// maxChunk is how many bytes next returns at most.
const maxChunk = 32 << 10

// step is what an inflater does next.
type step uint8

const (
	readBlockHeader   step = iota // RFC 1951 3.2.3
	readStoredLength              // RFC 1951 3.2.4
	copyStored                    // RFC 1951 3.2.4
	readDynamicHeader             // RFC 1951 3.2.7
	readLengthCode                // RFC 1951 3.2.7
	readCodeLengths               // RFC 1951 3.2.7
	readSymbols                   // RFC 1951 3.2.5
)

// inflater restores one message (RFC 1951). It takes the input in pieces and
// may be stopped between any two bits: what it cannot make sense of yet stays
// in bits, and step says where to go on.
//
// However the input is made, an octet of it costs no more than a fixed amount
// of work beyond that for the bytes that it makes: no step goes through more
// than its input has named.
type inflater struct {
	in    []byte // input that is not yet read; the caller's
	bits  uint64 // read, but not yet made sense of; the first bit is the lowest
	nbits uint   // how many there are; those above are 0

	step  step
	final bool  // the block is the last one of its stream
	err   error // that next returns once what precedes it is out

	stored    int // bytes to come of a stored block
	matchLeft int // bytes to come of a match
	matchDist int // how far back it reaches

	block blockCodes

	maxDist int  // how far back a match may reach at most
	ring    ring // of the direction whose message it is
}

var inflaters = sync.Pool{New: func() any { return new(inflater) }}

// getInflater borrows an inflater for a message, and lends it the ring to
// write to.
func getInflater(r ring, maxDist int) *inflater {
	f := inflaters.Get().(*inflater)
	f.bits, f.nbits = 0, 0
	f.step, f.final, f.err = readBlockHeader, false, nil
	f.matchLeft = 0
	f.block.work = 0
	f.maxDist = maxDist
	f.ring = r
	return f
}

// putInflater gives it back.
func putInflater(f *inflater) {
	f.in = nil
	f.ring = ring{}
	inflaters.Put(f)
}

// feed gives the next piece of input. The one before must be used up.
func (f *inflater) feed(piece []byte) { f.in = piece }

// next returns the next chunk, lent until the following call; none if more
// input is needed. What precedes an error is returned before the error.
func (f *inflater) next() ([]byte, error) {
	f.ring.makeRoom()
	chunk := f.ring.pos
	limit := min(chunk+maxChunk, len(f.ring.bytes))
	progress := f.err == nil
	for progress && f.ring.pos < limit {
		progress, f.err = f.advance(limit)
	}
	if f.ring.pos == chunk {
		return nil, f.err
	}
	return f.ring.bytes[chunk:f.ring.pos], nil
}

// end reports whether the message may end here. The tail 00 00 FF FF that its
// sender cut off (RFC 7692 7.2.1) would be the length of a stored block whose
// header has been read, and nothing else; or else the message's last octet
// ends a stream.
func (f *inflater) end() error {
	switch {
	case f.step == readStoredLength && f.nbits == 0:
		return nil
	case f.step == readBlockHeader && f.final && f.nbits == 0:
		return nil
	}
	return errTruncated
}

// advance takes the next step. It reports false if more input is needed, and
// with an error, after which it must be called no more.
func (f *inflater) advance(limit int) (progress bool, err error) {
	switch f.step {
	case readBlockHeader:
		return f.blockHeader()
	case readStoredLength:
		return f.storedLength()
	case copyStored:
		return f.copyStored(limit)
	case readDynamicHeader:
		return f.dynamicHeader()
	case readLengthCode:
		return f.lengthCode()
	case readCodeLengths:
		return f.codeLengths()
	default:
		return f.symbols(limit)
	}
}

// need reads input until there are n bits, at most 56. It reports whether
// there are.
func (f *inflater) need(n uint) bool {
	return f.nbits >= n || f.read(n)
}

func (f *inflater) read(n uint) bool {
	if len(f.in) >= 8 {
		f.bits |= binary.LittleEndian.Uint64(f.in) << f.nbits
		f.in = f.in[(63-f.nbits)>>3:]
		f.nbits |= 56
		f.bits &= 1<<f.nbits - 1
		return true
	}
	for f.nbits < n {
		if len(f.in) == 0 {
			return false
		}
		f.bits |= uint64(f.in[0]) << f.nbits
		f.nbits += 8
		f.in = f.in[1:]
	}
	return true
}

// take takes n bits of those there are.
func (f *inflater) take(n uint) int {
	v := f.bits & (1<<n - 1)
	f.bits >>= n
	f.nbits -= n
	return int(v)
}

func (f *inflater) blockHeader() (bool, error) {
	if !f.need(3) {
		return false, nil
	}
	if f.bits>>1&3 == 3 {
		return false, errReservedBlock
	}
	f.final = f.take(1) == 1
	switch f.take(2) {
	case 0:
		f.alignToByte()
		f.step = readStoredLength
	case 1:
		f.block.literals, f.block.distances = &fixedLiterals, &fixedDistances
		f.step = readSymbols
	case 2:
		f.step = readDynamicHeader
	}
	return true, nil
}

func (f *inflater) alignToByte() { f.take(f.nbits & 7) }

// endBlock ends a block. After the last one of a stream the message may go on
// with another stream, from the next octet (RFC 7692 7.2.3.4).
func (f *inflater) endBlock() {
	if f.final {
		f.alignToByte()
	}
	f.step = readBlockHeader
}

func (f *inflater) storedLength() (bool, error) {
	if !f.need(32) {
		return false, nil
	}
	if uint16(f.bits) != ^uint16(f.bits>>16) {
		return false, errStoredLength
	}
	f.stored = f.take(16)
	f.take(16)
	f.step = copyStored
	return true, nil
}

func (f *inflater) copyStored(limit int) (bool, error) {
	r := &f.ring
	for f.stored > 0 && f.nbits > 0 && r.pos < limit {
		r.bytes[r.pos] = byte(f.take(8))
		r.pos++
		f.stored--
	}
	if f.nbits == 0 {
		n := copy(r.bytes[r.pos:limit], f.in[:min(f.stored, len(f.in))])
		f.in = f.in[n:]
		r.pos += n
		f.stored -= n
	}
	if f.stored > 0 {
		return r.pos == limit, nil
	}
	f.endBlock()
	return true, nil
}
