package deflate

// encoder compresses one message, or one piece of one, at a time and remembers
// none. It is the seam behind which package flate is used: a [Compressor] knows
// nothing else of who does its work.
type encoder interface {
	// encode appends message, compressed and without its tail, to dst. Matches
	// may reach into dictionary, the bytes that went before. It reports false
	// if that would not be smaller than the message.
	encode(dst, dictionary, message []byte) ([]byte, bool)
}
