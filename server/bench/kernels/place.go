package kernels

import "unsafe"

const (
	line = 64   // bytes of a cache line
	page = 4096 // bytes of the smallest page
)

// behindHeader is where in its cache line a payload begins that follows the
// usual masked header of 6 bytes, RFC 6455 section 5.2, in an aligned buffer.
// Loops that like aligned addresses lose here, and do so in real life.
const behindHeader = 6

// turns returns how many inputs of size bytes take turns: a power of two, and not so
// many that they leave the first cache.
func turns(size int) int {
	if size <= 1<<10 {
		return 16
	}
	return 1
}

// place returns n buffers of size bytes, each of which begins at bytes into a
// cache line. They follow each other in memory, from the beginning of a page, so
// that they do not all fall into the same sets of a cache.
func place(n, size, at int) [][]byte {
	stride := (at + size + line - 1) / line * line
	arena := make([]byte, n*stride+page)
	skip := -int(uintptr(unsafe.Pointer(&arena[0]))) & (page - 1)
	arena = arena[skip:]
	bufs := make([][]byte, n)
	for i := range bufs {
		from := i*stride + at
		bufs[i] = arena[from : from+size : from+size]
	}
	return bufs
}
