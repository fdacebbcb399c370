package deflate

import "slices"

// maxGrown is up to how many bytes a slice is grown to take a message; what
// goes beyond is spilled.
const maxGrown = 8 << 10

// spill collects the end of a message that may turn out to be too big. To
// append it to a slice instead would take up to twice as much, each time the
// slice has to grow.
type spill struct {
	n      int // bytes so far
	chunks [][]byte
}

// chunkSize is the size of a chunk in bytes.
const chunkSize = 16 << 10

func (s *spill) add(p []byte) {
	s.n += len(p)
	for len(p) > 0 {
		if k := len(s.chunks); k == 0 || len(s.chunks[k-1]) == chunkSize {
			s.chunks = append(s.chunks, make([]byte, 0, chunkSize))
		}
		last := &s.chunks[len(s.chunks)-1]
		n := min(len(p), chunkSize-len(*last))
		*last = append(*last, p[:n]...)
		p = p[n:]
	}
}

// appendTo appends all of it to dst.
func (s *spill) appendTo(dst []byte) []byte {
	dst = slices.Grow(dst, s.n)
	for _, chunk := range s.chunks {
		dst = append(dst, chunk...)
	}
	return dst
}
