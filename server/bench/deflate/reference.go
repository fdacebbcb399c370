package deflate

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"strings"
)

// record returns how a browser might send all messages of the case, so that every
// way inflates the same: matches found with some care at any size of a message,
// none of them beyond the window.
func (c *Case) record(bits int) ([][]byte, error) {
	if wires := c.recorded[bits]; wires != nil {
		return wires, nil
	}
	window := 1 << bits
	var wires [][]byte
	var before []byte
	for _, message := range c.all() {
		if !c.Takeover {
			before = nil
		}
		wire, err := careful(before, message, window)
		if err != nil {
			return nil, err
		}
		wires = append(wires, wire)
		before = last(append(before, message...), window)
	}
	c.recorded[bits] = wires
	return wires, nil
}

// careful compresses a message with compress/flate, which takes a dictionary but
// knows no other window than the largest: so it is given pieces, each with so much
// before it as to fill the window.
func careful(before, message []byte, window int) ([]byte, error) {
	var wire bytes.Buffer
	for len(message) > 0 {
		n := min(len(message), window)
		if window < windowMost {
			n = min(len(message), window/2)
		}
		dict := last(before, window-n)
		if window == windowMost {
			dict = last(before, window)
		}
		w, err := flate.NewWriterDict(&wire, 6, dict)
		if err != nil {
			return nil, err
		}
		w.Write(message[:n]) // a bytes.Buffer takes all
		w.Flush()
		before = append(last(before, window), message[:n]...)
		message = message[n:]
	}
	return bytes.TrimSuffix(wire.Bytes(), []byte(tail)), nil
}

// last returns the last n bytes of b, or all. What is appended to it is appended to
// a copy.
func last(b []byte, n int) []byte {
	b = b[max(0, len(b)-n):]
	return b[:len(b):len(b)]
}

// reference judges what compressors write.
type reference struct {
	window   int
	takeover bool
	before   []byte
}

func newReference(bits int, takeover bool) *reference {
	return &reference{window: 1 << bits, takeover: takeover}
}

var errOther = errors.New("websocket: inflates to something else")

// check returns an error unless wire stands for message, for whom only knows the
// window. (A distance beyond the window inside of a message escapes it.)
func (r *reference) check(wire, message []byte) error {
	reader := flate.NewReaderDict(io.MultiReader(bytes.NewReader(wire), strings.NewReader(tail)), r.before)
	got := make([]byte, len(message)+1)
	n, err := io.ReadFull(reader, got)
	if !bytes.Equal(got[:n], message) {
		return errors.Join(errOther, err)
	}
	if r.takeover {
		r.before = last(append(r.before, message...), r.window)
	}
	return nil
}
