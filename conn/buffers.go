package conn

import "sync"

// buffers holds buffers in which messages are encoded and collected. Large ones
// are not kept: one large message must not cost its memory for ever.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

const maxKeptBuffer = 128 << 10 // bytes

// getBuffer borrows an empty buffer.
func getBuffer() *[]byte {
	b := buffers.Get().(*[]byte)
	*b = (*b)[:0]
	return b
}

// putBuffer gives a buffer back.
func putBuffer(b *[]byte) {
	if cap(*b) <= maxKeptBuffer {
		buffers.Put(b)
	}
}
