package deflate

import "fmt"

// Compressor compresses the messages of one direction, in order (RFC 7692
// 7.2.1). Between messages it holds nothing but the window, as plain bytes, and
// no window at all without context takeover. It must not be used by several
// goroutines at once.
type Compressor struct {
	encoders *encoderPool
	window   history
}

// NewCompressor returns a Compressor of the given level: 1 is the fastest, 9
// compresses best, -1 is in between, and -2 codes bytes without looking for
// repetitions. 0 stands for 1, the default.
//
// With a window of less than 15 bits the levels from -1 to 9 are all the same.
//
// It is an error if the level or the direction's window is out of range.
func NewCompressor(d Direction, level int) (*Compressor, error) {
	bits := windowOrLargest(d.WindowBits)
	if !validOrUnnamed(bits) {
		return nil, fmt.Errorf("websocket: window of %d bits is not in the range from 8 to 15 (RFC 7692 7.1.2)", d.WindowBits)
	}
	encoders, err := encodersFor(level, bits)
	if err != nil {
		return nil, err
	}
	c := &Compressor{encoders: encoders}
	if d.ContextTakeover && encoders.looksBack {
		c.window.size = 1 << bits
	}
	return c, nil
}

// Append appends message, compressed and without the 00 00 FF FF tail (RFC
// 7692 7.2.1), to dst. message is lent for the call only.
//
// It reports false, and returns dst as it was, if that would not be smaller
// than the message: the message must then be sent uncompressed, with RSV1 not
// set (RFC 7692 6.1), and stays out of the window.
//
// With a level of 1 to 6, or a window of less than 15 bits, messages of less
// than 128 bytes are not compared with what went before, and few get smaller.
func (c *Compressor) Append(dst, message []byte) ([]byte, bool) {
	if c.encoders == nil || len(message) == 0 {
		return dst, false
	}
	e := c.encoders.get()
	compressed, ok := e.encode(dst, c.window.bytes, message)
	c.encoders.put(e)
	if !ok {
		return dst, false
	}
	c.window.add(message)
	return compressed, true
}

// Free gives the memory back. After it Append only reports false. It may be
// called again.
func (c *Compressor) Free() {
	*c = Compressor{}
}
