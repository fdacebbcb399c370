package deflate

// AppendPiece appends the next piece of a message, compressed, to dst: the
// payload of a fragment (RFC 7692 6.1). last says that the message ends with
// it. piece is lent for the call only, and may be empty.
//
// The receiver can inflate every piece as soon as it has it. To flush a piece
// takes about 5 bytes, so they had better not be small. A piece never grows by
// more than 6 bytes, and 5 more for each 64 KiB; the message cannot be sent
// uncompressed any more. Only the first fragment has RSV1 set, and the result
// of an empty piece that is not the last is empty too: no fragment need be sent
// for it. With the last piece the result has at least 1 byte.
//
// Whatever is borrowed is given back before AppendPiece returns, so that a
// message may take its time. What it sent is in the window, also, until its
// end, without context takeover. A message is given up by Forget or Free.
//
// After Free, or if Append was called in the middle of a message, the error is
// [ErrMisused], and dst is returned as it was.
func (c *Compressor) AppendPiece(dst, piece []byte, last bool) ([]byte, error) {
	if c.err != nil {
		return dst, c.err
	}
	c.begin()
	if len(piece) > 0 {
		compressed, smaller := c.encode(dst, piece)
		switch {
		case !smaller:
			dst = appendStored(dst, piece)
		case !last:
			dst = append(compressed, tail...)
		default:
			c.end(piece)
			return compressed, nil
		}
	}
	if !last {
		c.window.add(piece)
		return dst, nil
	}
	c.end(piece)
	// All is flushed: what is left is the block that the tail completes
	// (RFC 7692 7.2.3.6).
	return append(dst, 0), nil
}

// begin begins a message, unless one has begun.
func (c *Compressor) begin() {
	if c.inPieces {
		return
	}
	c.inPieces = true
	if size := c.dictionarySize(); !c.takeover && size > 0 {
		c.window, c.lent = borrowDictionary(size), true
	}
}

// end ends a message with its last piece.
func (c *Compressor) end(piece []byte) {
	if c.takeover {
		c.window.add(piece)
		c.inPieces = false
		return
	}
	c.Forget()
	c.window.size = 0
}

// maxStored is how many bytes a stored block takes (RFC 1951 3.2.4).
const maxStored = 1<<16 - 1

// appendStored appends p in stored blocks.
func appendStored(dst, p []byte) []byte {
	for len(p) > 0 {
		n := min(len(p), maxStored)
		dst = append(dst, 0, byte(n), byte(n>>8), ^byte(n), ^byte(n>>8))
		dst = append(dst, p[:n]...)
		p = p[n:]
	}
	return dst
}
