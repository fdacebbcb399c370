package deflate

import "sync"

// windows lends memory for one message each, to directions without context
// takeover. It is not cleared: nobody reads in it what he has not written.
var windows = sync.Pool{New: func() any { return new([maxWindow]byte) }}

// borrowRing borrows a ring with nothing in it.
func borrowRing() ring {
	return ring{size: maxWindow, bytes: windows.Get().(*[maxWindow]byte)[:]}
}

// giveBackRing gives a borrowed ring back.
func giveBackRing(r *ring) {
	windows.Put((*[maxWindow]byte)(r.bytes))
	*r = ring{}
}

// borrowDictionary borrows a history of at most size bytes with nothing in it.
func borrowDictionary(size int) history {
	return history{size: size, bytes: windows.Get().(*[maxWindow]byte)[:0]}
}

// giveBackDictionary gives a borrowed history back.
func giveBackDictionary(h *history) {
	windows.Put((*[maxWindow]byte)(h.bytes[:maxWindow]))
	*h = history{}
}
