package deflate

import "fmt"

// Compressor compresses the messages of one direction, in order (RFC 7692
// 7.2.1). Between messages it holds nothing but the end of what it has sent, as
// plain bytes: at most the window and, for a level below 7, at most 8 KiB of
// it; see [Compressor.Retained]. Without context takeover it holds nothing.
// Everything else it borrows for the time of a call. It must not be used by
// several goroutines at once.
//
// A message is given whole to Append, or in pieces to AppendPiece. A message
// that is given to neither, and so is sent as it is, stays out of the window.
type Compressor struct {
	level    int
	bits     int // of the window
	takeover bool
	window   history
	inPieces bool // a message has begun and not ended
	lent     bool // window is borrowed, for the message in pieces
	err      error
}

// NewCompressor returns a Compressor of the given level: 1 is the fastest, 9
// compresses best, -1 is in between, and -2 codes bytes without looking for
// repetitions. 0 stands for 1, the default.
//
// The levels from -1 to 6 look back 8 KiB even if the window is larger: what is
// further back must be gone through again for each message, and to go through
// 32 KiB takes four times as long for one part in twelve that the result is
// smaller. From level 7 on all of the window is used.
//
// With context takeover, messages of less than 128 bytes are compressed as by
// level 7 also at a lower level, which would find nothing in them; they take as
// long as 1 KiB does.
//
// Messages longer than half of a window of less than 15 bits are compressed
// alike at all levels from -1 to 9.
//
// It is an error if the level or the direction's window is out of range.
func NewCompressor(d Direction, level int) (*Compressor, error) {
	bits := windowOrLargest(d.WindowBits)
	if !validOrUnnamed(bits) {
		return nil, fmt.Errorf("websocket: window of %d bits is not in the range from 8 to 15 (RFC 7692 7.1.2)", d.WindowBits)
	}
	if level < firstLevel || level > lastLevel {
		return nil, fmt.Errorf("websocket: compression level %d is not in the range from %d to %d", level, firstLevel, lastLevel)
	}
	if level == 0 {
		level = defaultLevel
	}
	c := &Compressor{level: level, bits: bits, takeover: d.ContextTakeover}
	if c.takeover {
		c.window.size = c.dictionarySize()
	}
	return c, nil
}

// Append appends message, compressed and without the 00 00 FF FF tail (RFC
// 7692 7.2.1), to dst. message is lent for the call only.
//
// It reports false, and returns dst as it was, if that would not be smaller
// than the message: the message must then be sent uncompressed, with RSV1 not
// set (RFC 7692 6.1), and stays out of the window. As long as the window is
// empty, that is the fate of most messages of less than 100 bytes, however
// alike they are. [Compressor.AppendPiece] takes a message as one piece
// and puts it into the window also if it grows.
//
// Before the last piece of a message that was begun with AppendPiece it reports
// false, and every later call fails: see [ErrMisused].
func (c *Compressor) Append(dst, message []byte) ([]byte, bool) {
	if c.inPieces {
		c.fail()
	}
	if c.err != nil || len(message) == 0 {
		return dst, false
	}
	compressed, ok := c.encode(dst, message)
	if !ok {
		return dst, false
	}
	c.window.add(message)
	return compressed, true
}

// encode appends p, compressed and flushed, but not the tail.
func (c *Compressor) encode(dst, p []byte) ([]byte, bool) {
	pool, dictionary := c.encoderFor(len(p))
	e := pool.get()
	compressed, ok := e.encode(dst, dictionary, p)
	pool.put(e)
	return compressed, ok
}

// Forget gives the window back: no later message refers to what went before,
// which its receiver need not know, and the window fills anew.
//
// It is for a connection that has nothing to say for a while. It is also the
// way out if a message that Append has compressed is not sent after all, of
// which the receiver must not be reminded; the same goes for a message in
// pieces of which none has been sent, which Forget ends.
func (c *Compressor) Forget() {
	if c.lent {
		giveBackDictionary(&c.window)
	}
	c.window.bytes = nil
	c.inPieces, c.lent = false, false
}

// Retained returns how many bytes of memory c holds between messages, beside
// itself.
func (c *Compressor) Retained() int { return cap(c.window.bytes) }

// Free gives the memory back, also in the middle of a message. After it Append
// only reports false. It may be called again.
func (c *Compressor) Free() { c.fail() }

func (c *Compressor) fail() {
	c.Forget()
	c.window.size = 0
	c.err = ErrMisused
}
