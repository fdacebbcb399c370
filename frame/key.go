package frame

import (
	"crypto/rand"
	"sync"
)

// Key is a masking key, RFC 6455 section 5.3.
type Key [4]byte

// NewKey returns a key that a peer cannot predict, as RFC 6455 section 10.3
// demands: every key is four fresh bytes of crypto/rand. It is safe to call
// from any goroutine.
func NewKey() (k Key) {
	p := keyPool.Get().(*keyBlock)
	if p.used == len(p.bytes) {
		// crypto/rand never returns an error: it ends the program instead.
		rand.Read(p.bytes[:])
		p.used = 0
	}
	rest := p.bytes[p.used:]
	k = Key(rest)
	clear(rest[:len(k)]) // a key in use is not left lying about
	p.used += len(k)
	keyPool.Put(p)
	return k
}

// keyBlock is a stock of random bytes: asking the system for four at a time
// would cost several times as much as masking a short message.
type keyBlock struct {
	bytes [1024]byte
	used  int
}

var keyPool = sync.Pool{New: func() any {
	return &keyBlock{used: len(keyBlock{}.bytes)}
}}
