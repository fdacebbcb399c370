package deflate

import (
	"fmt"
	"sync"

	"github.com/klauspost/compress/flate"
)

// encoderPool lends encoders of one kind. They are large, up to a megabyte.
type encoderPool struct {
	pool      sync.Pool // of encoder
	make      func() encoder
	looksBack bool // the encoder makes use of a dictionary
}

func (p *encoderPool) get() encoder {
	if e, ok := p.pool.Get().(encoder); ok {
		return e
	}
	return p.make()
}

func (p *encoderPool) put(e encoder) { p.pool.Put(e) }

// encoderPools holds a pool per level for the largest window, then one per
// smaller window.
var encoderPools = func() (pools [lastLevel - firstLevel + 1 + maxWindowBits - minWindowBits]*encoderPool) {
	for level := firstLevel; level <= lastLevel; level++ {
		pools[level-firstLevel] = &encoderPool{
			looksBack: level != flate.HuffmanOnly,
			make: func() encoder {
				w, err := flate.NewWriter(nil, level)
				return newFlateEncoder(w, err, level <= lastFastLevel)
			},
		}
	}
	for bits := minWindowBits; bits < maxWindowBits; bits++ {
		pools[windowPool(bits)] = &encoderPool{
			looksBack: true,
			make: func() encoder {
				w, err := flate.NewWriterWindow(nil, 1<<bits)
				return newFlateEncoder(w, err, true)
			},
		}
	}
	return pools
}()

const (
	firstLevel    = flate.HuffmanOnly
	lastFastLevel = 6
	lastLevel     = flate.BestCompression
)

// windowPool returns the index of the pool for a window below the largest.
func windowPool(bits int) int {
	return lastLevel - firstLevel + 1 + bits - minWindowBits
}

// encodersFor returns the pool of encoders that keep to a window.
func encodersFor(level, bits int) (*encoderPool, error) {
	switch {
	case level < firstLevel || level > lastLevel:
		return nil, fmt.Errorf("websocket: compression level %d is not in the range from %d to %d", level, firstLevel, lastLevel)
	case level == 0:
		level = flate.BestSpeed
	}
	// Without matches any window is kept to, and otherwise only one level of
	// package flate takes a window.
	if bits == maxWindowBits || level == flate.HuffmanOnly {
		return encoderPools[level-firstLevel], nil
	}
	return encoderPools[windowPool(bits)], nil
}
