package deflate

import (
	"bytes"

	"github.com/klauspost/compress/flate"
)

// flateEncoder is an encoder that stands on package flate.
type flateEncoder struct {
	w    *flate.Writer
	fast bool // of an algorithm that gives up on small messages
	out  boundedBuffer
}

func newFlateEncoder(w *flate.Writer, err error, fast bool) *flateEncoder {
	if err != nil {
		panic(err) // level and window are constants of this file
	}
	return &flateEncoder{w: w, fast: fast}
}

// tail ends what a flush writes, and is cut off (RFC 7692 7.2.1).
var tail = []byte{0x00, 0x00, 0xFF, 0xFF}

// smallMessage is the size in bytes below which the fast algorithms look for
// no matches, so that to prime them with a dictionary would be time wasted.
const smallMessage = 128

func (e *flateEncoder) encode(dst, dictionary, message []byte) ([]byte, bool) {
	if e.fast && len(message) < smallMessage {
		dictionary = nil
	}
	e.out = boundedBuffer{bytes: dst, max: len(dst) + len(message) - 1 + len(tail)}
	e.w.ResetDict(&e.out, dictionary)
	_, err := e.w.Write(message)
	if err == nil {
		err = e.w.Flush()
	}
	out := e.out.bytes
	e.out = boundedBuffer{}
	if len(dictionary) > 0 {
		e.w.ResetDict(nil, nil) // or the pool would keep the window alive
	}
	if err != nil || !bytes.HasSuffix(out, tail) {
		return dst, false
	}
	return out[:len(out)-len(tail)], true
}
