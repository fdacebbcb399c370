package conn

import "sync"

// Sizes of read buffers: small until the peer fills it, and again when it sends
// little at a time.
const (
	smallBuffer = 4 << 10
	largeBuffer = 64 << 10
)

// readBuffer is what has been read from the stream and is still to be decoded.
// The memory is borrowed, if the stream allows it only while there is something
// in it.
type readBuffer struct {
	bytes    []byte // of borrowed, or what came with the opening handshake
	r, w     int    // bytes[r:w] is still to decode
	borrowed *[]byte
	large    bool // the peer sends much at a time
}

var (
	smallBuffers = sync.Pool{New: func() any { b := make([]byte, smallBuffer); return &b }}
	largeBuffers = sync.Pool{New: func() any { b := make([]byte, largeBuffer); return &b }}
)

// begin puts in what came with the opening handshake.
func (b *readBuffer) begin(p []byte) {
	if len(p) == 0 {
		return
	}
	// p is perhaps part of something larger, which should not be kept.
	b.large = len(p) > smallBuffer
	if len(p) <= largeBuffer {
		b.borrow()
		b.w = copy(b.bytes, p)
		return
	}
	b.bytes, b.w = p, len(p)
}

// borrow makes room to read, all of which is free.
func (b *readBuffer) borrow() []byte {
	if b.borrowed != nil && b.large == (len(b.bytes) == largeBuffer) {
		return b.bytes
	}
	b.free()
	pool := &smallBuffers
	if b.large {
		pool = &largeBuffers
	}
	b.borrowed = pool.Get().(*[]byte)
	b.bytes = *b.borrowed
	return b.bytes
}

// filled notes that a read has put n bytes at the start.
func (b *readBuffer) filled(n int) {
	b.r, b.w = 0, n
	if n >= smallBuffer {
		b.large = true
	} else if n > 0 && n < smallBuffer/2 {
		b.large = false
	}
}

// free gives the memory back.
func (b *readBuffer) free() {
	switch {
	case b.borrowed == nil:
	case len(b.bytes) == largeBuffer:
		largeBuffers.Put(b.borrowed)
	default:
		smallBuffers.Put(b.borrowed)
	}
	b.bytes, b.borrowed = nil, nil
	b.r, b.w = 0, 0
}
