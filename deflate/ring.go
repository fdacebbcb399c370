package deflate

// maxWindow is the size of the largest window, in bytes (RFC 7692 7.1.2).
const maxWindow = 1 << maxWindowBits

// ring is where an inflater writes, and the window that it reads back from:
// each byte is written once and is then where the next message looks for it.
//
// It grows as it is written to, up to size. From then on the oldest bytes are
// overwritten.
type ring struct {
	size  int    // in bytes, at least that of the window
	bytes []byte // what there is of it yet
	pos   int    // where the next byte goes
	full  bool   // bytes has been written to its end, and is as long as size
}

// smallRing is the size in bytes that a ring has at first, and ringSlack is
// what a ring has beyond a small window: what is returned at once ends where
// the ring does, and 256 bytes would be little.
const (
	smallRing = 512
	ringSlack = 640
)

// ringSize returns the size of the ring for a window. With what the allocator
// adds to it, it is less than 1 KiB larger.
func ringSize(window int) int {
	if window <= 4<<10 {
		return window + ringSlack
	}
	return window
}

// makeRoom makes room for at least one byte at pos.
func (r *ring) makeRoom() {
	if r.pos < len(r.bytes) {
		return
	}
	if len(r.bytes) == r.size {
		r.pos, r.full = 0, true
		return
	}
	grown := make([]byte, min(max(2*len(r.bytes), smallRing), r.size))
	copy(grown, r.bytes)
	r.bytes = grown
}

// reaches reports whether there is a byte at distance dist.
func (r *ring) reaches(dist int) bool { return dist <= r.pos || r.full }

// copyBack writes n bytes that are each what was written dist bytes before.
// There must be room for them before the end, and dist must be in reach.
func (r *ring) copyBack(n, dist int) {
	end := r.pos + n
	if dist > r.pos {
		// The first of them are at the end, where the oldest bytes are; the
		// rest, if there is any, goes on at the start.
		from := r.pos - dist + len(r.bytes)
		r.pos += copy(r.bytes[r.pos:end], r.bytes[from:])
		dist = r.pos
	}
	copyBack(r.bytes[:end], r.pos, dist)
	r.pos = end
}

// copyBack fills out from pos on with the bytes dist before, of which some may
// only just have been written.
func copyBack(out []byte, pos, dist int) {
	from := pos - dist
	for pos < len(out) {
		pos += copy(out[pos:], out[from:pos])
	}
}
