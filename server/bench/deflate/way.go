package deflate

import "compress/flate"

// Way is how one library compresses messages.
type Way struct {
	Name       string // such as "gws"
	WindowBits int    // both directions' (RFC 7692 7.1.2)

	// Open makes what all connections of a server share. takeover says whether
	// both directions take over their context.
	Open func(takeover bool) (Endpoint, error)
}

// Endpoint is one server's use of a Way. Its compressors and decompressors, one
// of each for every connection, share memory: it is all for one goroutine at a
// time.
type Endpoint interface {
	Compressor() Compressor
	Decompressor() Decompressor
}

// Compressor compresses the messages of one connection.
type Compressor interface {
	// Compress returns message as it goes on the wire, without the 00 00 FF FF
	// tail. It is lent until the next call of anything of the same Endpoint.
	// compressed is false if the message goes as it is.
	Compress(message []byte) (wire []byte, compressed bool)
}

// Decompressor restores the messages of one connection. Messages that were not
// compressed do not pass through it.
type Decompressor interface {
	// Decompress returns the message that wire stands for, lent until the next
	// call of anything of the same Endpoint.
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
