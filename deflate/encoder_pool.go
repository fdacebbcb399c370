package deflate

import (
	"sync"

	"github.com/klauspost/compress/flate"
)

// encoderPool lends encoders of one kind. They are large, up to 1.2 MB, so that
// nobody may hold one for longer than a call, and the pool leaves those that
// are not in use to the garbage collector.
type encoderPool struct {
	pool sync.Pool // of encoder
	make func() encoder
}

func (p *encoderPool) get() encoder {
	if e, ok := p.pool.Get().(encoder); ok {
		return e
	}
	return p.make()
}

func (p *encoderPool) put(e encoder) { p.pool.Put(e) }

// levelPools are the pools of the encoders for the largest window, one per
// level.
var levelPools = func() *[lastLevel - firstLevel + 1]encoderPool {
	var pools [lastLevel - firstLevel + 1]encoderPool
	for i := range pools {
		pools[i].make = func() encoder { return newFlateEncoder(flate.NewWriter(nil, firstLevel+i)) }
	}
	return &pools
}()

func levelPool(level int) *encoderPool { return &levelPools[level-firstLevel] }

// windowPools are the pools of the encoders that keep to a smaller window, one
// per window.
var windowPools = func() *[maxWindowBits - minWindowBits]encoderPool {
	var pools [maxWindowBits - minWindowBits]encoderPool
	for i := range pools {
		pools[i].make = func() encoder { return newFlateEncoder(flate.NewWriterWindow(nil, 1<<(minWindowBits+i))) }
	}
	return &pools
}()

func windowPool(bits int) *encoderPool { return &windowPools[bits-minWindowBits] }
