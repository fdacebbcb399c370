package deflate

// history holds the last bytes of a direction, up to its window.
type history struct {
	size  int    // of the window in bytes; 0 to keep nothing
	bytes []byte // at most size, oldest first; grown on demand
}

// add appends p and forgets what falls out of the window.
func (h *history) add(p []byte) {
	if len(p) > h.size {
		p = p[len(p)-h.size:]
	}
	if surplus := len(h.bytes) + len(p) - h.size; surplus > 0 {
		h.bytes = h.bytes[:copy(h.bytes, h.bytes[surplus:])]
	}
	if n := len(h.bytes) + len(p); n > cap(h.bytes) {
		// append alone would round the capacity up beyond the window.
		grown := make([]byte, len(h.bytes), min(max(n, 2*cap(h.bytes), 512), h.size))
		copy(grown, h.bytes)
		h.bytes = grown
	}
	h.bytes = append(h.bytes, p...)
}
