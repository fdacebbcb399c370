package deflate

// The levels of package flate.
const (
	huffmanOnly   = -2 // looks for no matches
	firstLevel    = huffmanOnly
	defaultLevel  = 1
	lastFastLevel = 6
	shortLevel    = 7 // the first that finds matches in short messages
	lastLevel     = 9
)

// shortMessage is the length in bytes below which the levels up to
// lastFastLevel look for no matches.
const shortMessage = 128

// maxFastDictionary is how many bytes of dictionary the levels up to
// lastFastLevel are given.
const maxFastDictionary = 8 << 10

// dictionarySize returns how many bytes are worth keeping for messages to come.
func (c *Compressor) dictionarySize() int {
	window := 1 << c.bits
	switch {
	case c.level == huffmanOnly:
		return 0
	case c.level <= lastFastLevel:
		return min(window, maxFastDictionary)
	}
	return window
}

// encoderFor returns the encoders that are best for n bytes, and what of the
// window to give them.
//
// Most encoders know only the largest window. But nothing is further away than
// what there is: they keep to a smaller one if dictionary and message fit it.
func (c *Compressor) encoderFor(n int) (pool *encoderPool, dictionary []byte) {
	level, dictionary := c.level, c.window.bytes
	if level <= lastFastLevel && n < shortMessage {
		if c.window.size == 0 {
			return levelPool(level), nil
		}
		// Costs more, but the message would not get smaller otherwise.
		level = shortLevel
	}
	window := 1 << c.bits
	switch {
	case c.bits == maxWindowBits, level == huffmanOnly:
		return levelPool(level), dictionary
	case n <= window/2:
		return levelPool(level), dictionary[max(0, len(dictionary)-(window-n)):]
	}
	return windowPool(c.bits), dictionary
}
