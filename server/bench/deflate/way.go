package deflate

import (
	"bytes"
	"compress/flate"
)

// Way is how one library compresses messages.
type Way struct {
	Name       string // such as "gws"
	WindowBits int    // both directions' (RFC 7692 7.1.2)

	// Open makes what all connections of a server share. takeover says whether
	// both directions take over their context. The results of all that is opened
	// with one Scratch lie in it.
	Open func(takeover bool, s *Scratch) (Endpoint, error)

	// Pool is how many connections there must have been for what they share to be
	// as large as it gets.
	Pool int
}

// Scratch is the memory that messages are read into and written from, which a
// connection borrows wherever it comes from. It is for one goroutine at a time.
type Scratch struct {
	wire    bytes.Buffer
	message []byte // as long as it may be
}

// NewScratch returns a Scratch that is large enough for any [Case].
func NewScratch() *Scratch {
	s := &Scratch{message: make([]byte, 2*windowMost)}
	s.wire.Grow(2 * windowMost)
	return s
}

// Endpoint is one server's use of a Way. It is, with all that it makes, for one
// goroutine at a time.
type Endpoint interface {
	Compressor() Compressor
	Decompressor() Decompressor
}

// Compressor compresses the messages of one connection.
type Compressor interface {
	// Compress returns message as it goes on the wire, without the 00 00 FF FF
	// tail. It is lent until the next call of anything with the same Scratch.
	// compressed is false if the message goes as it is.
	Compress(message []byte) (wire []byte, compressed bool)
}

// Decompressor restores the messages of one connection. Messages that were not
// compressed do not pass through it.
type Decompressor interface {
	// Decompress returns the message that wire stands for, lent until the next
	// call of anything with the same Scratch.
	Decompress(wire []byte) (message []byte, err error)
}

// Ways returns all who are compared. Each call makes new ones.
func Ways() []Way {
	return []Way{
		ourWay(15), ourWay(13), ourWay(12),
		gwsWay(15), gwsWay(gwsDefaultBits),
		coderWay(),
		klauspostWay(1), klauspostWay(6),
		standardWay(flate.BestSpeed), standardWay(6),
	}
}

// tail ends what a flush writes. It is not sent (RFC 7692 7.2.1).
const tail = "\x00\x00\xff\xff"
