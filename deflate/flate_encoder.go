package deflate

import (
	"bytes"

	"github.com/klauspost/compress/flate"
)

// flateEncoder is an encoder that stands on package flate.
type flateEncoder struct {
	w   *flate.Writer
	out boundedBuffer

	// A copy, since w holds on to it: the pool must not keep a connection's
	// window alive, and to make w forget it costs a level above 6 more.
	dictionary []byte
}

func newFlateEncoder(w *flate.Writer, err error) *flateEncoder {
	if err != nil {
		panic(err) // levels and windows are constants of this package
	}
	return &flateEncoder{w: w}
}

// tail ends what a flush writes, and is cut off (RFC 7692 7.2.1).
var tail = []byte{0x00, 0x00, 0xFF, 0xFF}

func (e *flateEncoder) encode(dst, dictionary, message []byte) ([]byte, bool) {
	e.out = boundedBuffer{bytes: dst, max: len(dst) + len(message) - 1 + len(tail)}
	e.dictionary = append(e.dictionary[:0], dictionary...)
	e.w.ResetDict(&e.out, e.dictionary)
	_, err := e.w.Write(message)
	if err == nil {
		err = e.w.Flush()
	}
	out := e.out.bytes
	e.out = boundedBuffer{}
	if err != nil || !bytes.HasSuffix(out, tail) {
		return dst, false
	}
	return out[:len(out)-len(tail)], true
}
