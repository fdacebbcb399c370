package deflate

import (
	"bytes"
	"fmt"
)

// Case is one kind of traffic. Every connection sees the same messages. It is for
// one goroutine at a time.
type Case struct {
	Size     int  // of a message in bytes
	Takeover bool // of both directions

	before   [][]byte // messages that fill the window
	messages [][]byte // that are measured, after those

	recorded map[int][][]byte // what record made, by window bits
}

// Cases returns all kinds of traffic. Each call makes new ones.
func Cases() []Case {
	var all []Case
	for _, takeover := range []bool{true, false} {
		for _, traffic := range []struct{ size, count int }{{64, 32}, {128, 32}, {1 << 10, 16}, {16 << 10, 4}} {
			all = append(all, newCase(traffic.size, takeover, traffic.count))
		}
	}
	return all
}

const (
	windowMost   = 1 << 15
	historyBatch = 4 << 10 // of what a connection sees first, in bytes of one message
)

// newCase returns the case of count messages. Before those come batches of the same
// chat, of more bytes together than any window has, and a few messages.
func newCase(size int, takeover bool, count int) Case {
	c := Case{Size: size, Takeover: takeover, recorded: make(map[int][][]byte)}
	chat := NewChat(uint64(size))
	for had := 0; had <= windowMost+historyBatch; {
		var batch []byte
		for len(batch) < historyBatch {
			batch = append(chat.Append(batch, size), '\n')
		}
		c.before = append(c.before, batch)
		had += len(batch)
	}
	for range 4 {
		c.before = append(c.before, chat.Append(nil, size))
	}
	for range count {
		c.messages = append(c.messages, chat.Append(nil, size))
	}
	return c
}

// Name returns what tells the case from others, as in "bytes=64/takeover=true".
func (c *Case) Name() string { return fmt.Sprintf("bytes=%d/takeover=%v", c.Size, c.Takeover) }

// Agree has a way's compressor and decompressor, and our recording, go through all
// messages. It returns an error unless they come out as they were, and otherwise
// how many bytes went over the wire for those that are measured.
func (c *Case) Agree(w Way) (wire int, err error) {
	e, err := w.Open(c.Takeover, NewScratch())
	if err != nil {
		return 0, err
	}
	fail := func(i int, what string, err error) (int, error) {
		return 0, fmt.Errorf("websocket: %s, %d bits, %s: message %d: %s (%v)", w.Name, w.WindowBits, c.Name(), i, what, err)
	}
	recorded, err := c.record(w.WindowBits)
	if err != nil {
		return 0, err
	}
	compressor, decompressor, foreign := e.Compressor(), e.Decompressor(), e.Decompressor()
	judge := newReference(w.WindowBits, c.Takeover)
	for i, message := range c.all() {
		out, compressed := compressor.Compress(message)
		if i >= len(c.before) {
			wire += len(out)
		}
		out = bytes.Clone(out)
		if compressed {
			if err := judge.check(out, message); err != nil {
				return fail(i, "not what was sent", err)
			}
			if got, err := decompressor.Decompress(out); err != nil || !bytes.Equal(got, message) {
				return fail(i, "its own is read as something else", err)
			}
		} else if !bytes.Equal(out, message) {
			return fail(i, "changed, but not compressed", nil)
		}
		if got, err := foreign.Decompress(recorded[i]); err != nil || !bytes.Equal(got, message) {
			return fail(i, "another's is read as something else", err)
		}
	}
	return wire, nil
}

// all returns all messages, in order.
func (c *Case) all() [][]byte {
	return append(append([][]byte(nil), c.before...), c.messages...)
}
