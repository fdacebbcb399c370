package deflate

import "encoding/binary"

// symbols restores literals and matches until the block ends, the ring is full
// to limit or the input is used up.
func (f *inflater) symbols(limit int) (bool, error) {
	r := &f.ring
	for r.pos < limit {
		if f.matchLeft > 0 {
			f.copyMatch(limit)
			continue
		}
		if len(f.in) >= 8 && limit-r.pos >= 2 {
			if !f.fastSymbols(limit) {
				continue
			}
		}
		f.need(48) // the longest match; or as many bits as there are
		e := f.block.literals.lookup(f.bits)
		if e.bits() > f.nbits {
			return false, nil
		}
		switch {
		case e&kindLiteral != 0:
			f.take(e.bits())
			r.bytes[r.pos] = byte(e.value())
			r.pos++
		case e&kindEnd != 0:
			f.take(e.bits())
			f.endBlock()
			return true, nil
		case e&kindInvalid != 0:
			return false, errInvalidCode
		default:
			if progress, err := f.match(e); !progress || err != nil {
				return false, err
			}
		}
	}
	return true, nil
}

// match reads a match whose length has the code e.
func (f *inflater) match(e huffmanEntry) (bool, error) {
	n := e.bits() + e.extra()
	if n > f.nbits {
		return false, nil
	}
	d := f.block.distances.lookup(f.bits >> n)
	if n+d.bits() > f.nbits {
		return false, nil
	}
	if d&kindInvalid != 0 {
		return false, errInvalidCode
	}
	if n+d.bits()+d.extra() > f.nbits {
		return false, nil
	}
	dist := d.value() + int(f.bits>>(n+d.bits())&(1<<d.extra()-1))
	if dist > f.maxDist || !f.ring.reaches(dist) {
		return false, errDistance
	}
	f.take(e.bits())
	f.matchLeft = e.value() + f.take(e.extra())
	f.take(d.bits() + d.extra())
	f.matchDist = dist
	return true, nil
}

// copyMatch copies a match, up to limit.
func (f *inflater) copyMatch(limit int) {
	n := min(f.matchLeft, limit-f.ring.pos)
	f.ring.copyBack(n, f.matchDist)
	f.matchLeft -= n
}

// fastSymbols does what symbols does while there are 8 bytes of input and room
// for two literals, so that neither needs to be looked at more often. It leaves
// what is out of the ordinary to symbols, and reports whether there is such a
// thing.
func (f *inflater) fastSymbols(limit int) (odd bool) {
	in, b, nb := f.in, f.bits, f.nbits
	out, pos := f.ring.bytes, f.ring.pos
	literals, distances := f.block.literals, f.block.distances
	for !odd && len(in) >= 8 && limit-pos >= 2 {
		// Fill b up to 56 bits or more. The bits above nb are those of the
		// next byte, so that they can be or'ed in again.
		b |= binary.LittleEndian.Uint64(in) << nb
		in = in[(63-nb)>>3:]
		nb |= 56

		e := literals.lookup(b)
		if e&kindLiteral != 0 {
			out[pos] = byte(e.value())
			pos++
			b >>= e.bits()
			nb -= e.bits()
			// The bits left are enough for another literal, not for a match.
			if e = literals.lookup(b); e&kindLiteral != 0 {
				out[pos] = byte(e.value())
				pos++
				b >>= e.bits()
				nb -= e.bits()
			}
			continue
		}
		if e&(kindEnd|kindInvalid) != 0 {
			odd = true
			break
		}
		n := e.bits()
		length := e.value() + int(b>>n&(1<<e.extra()-1))
		n += e.extra()
		d := distances.lookup(b >> n)
		n += d.bits()
		dist := d.value() + int(b>>n&(1<<d.extra()-1))
		if d&kindInvalid != 0 || dist > f.maxDist || length > limit-pos {
			odd = true
			break
		}
		if dist > pos {
			if !f.ring.full {
				odd = true
				break
			}
			f.ring.pos = pos
			f.ring.copyBack(length, dist)
		} else {
			copyBack(out[:pos+length], pos, dist)
		}
		n += d.extra()
		b >>= n
		nb -= n
		pos += length
	}
	f.in, f.bits, f.nbits, f.ring.pos = in, b&(1<<nb-1), nb, pos
	return odd
}
