package deflate

import (
	"bytes"
	"encoding/hex"
	"io"
	"testing"
)

// rfcVectors are the examples of RFC 7692 7.2.3: what comes in one connection
// with context takeover, message by message.
var rfcVectors = []struct {
	name     string
	payloads []string // hex
	messages []string
}{
	{"one message, 7.2.3.1", []string{"f248cdc9c90700"}, []string{"Hello"}},
	{"two messages that share the window, 7.2.3.2", []string{"f248cdc9c90700", "f200110000"}, []string{"Hello", "Hello"}},
	{"two messages that do not, 7.2.3.2", []string{"f248cdc9c90700", "f248cdc9c90700"}, []string{"Hello", "Hello"}},
	{"a block without compression, 7.2.3.3", []string{"000500faff48656c6c6f00"}, []string{"Hello"}},
	{"a block with BFINAL, 7.2.3.4", []string{"f348cdc9c9070000"}, []string{"Hello"}},
	{"two blocks, 7.2.3.5", []string{"f248050000 00ffffcac9c90700"}, []string{"Hello"}},
	{"an empty message, 7.2.3.6", []string{"00"}, []string{""}},
	{"an empty message between others, 7.2.3.6", []string{"f248cdc9c90700", "00", "f200110000"}, []string{"Hello", "", "Hello"}},
	{"BFINAL and nothing after it, 7.2.3.4", []string{"f348cdc9c90700"}, []string{"Hello"}},
	{"BFINAL keeps the window within the message, 7.2.3.4", []string{"f348cdc9c90700f200110000"}, []string{"HelloHello"}},
	{"BFINAL keeps the window for the next message, 7.2.3.4", []string{"f348cdc9c9070000", "f200110000"}, []string{"Hello", "Hello"}},
	{"BFINAL on the block that the tail completes, 7.2.3.4", []string{"01"}, []string{""}},
	{"BFINAL on a stored block, 7.2.3.4", []string{"010500faff48656c6c6f00"}, []string{"Hello"}},
}

func TestTheExamplesOfTheRFCAreInflated(t *testing.T) {
	for _, v := range rfcVectors {
		t.Run(v.name, func(t *testing.T) {
			d := NewDecompressor(Direction{ContextTakeover: true})
			defer d.Free()
			for i, payload := range v.payloads {
				got, err := d.Append(nil, unhex(t, payload), -1)
				if err != nil || string(got) != v.messages[i] {
					t.Errorf("message %d: got %q, %v, want %q", i+1, got, err, v.messages[i])
				}
			}
		})
	}
}

func TestTheExamplesOfTheRFCAreInflatedByteByByte(t *testing.T) {
	for _, v := range rfcVectors {
		t.Run(v.name, func(t *testing.T) {
			d := NewDecompressor(Direction{ContextTakeover: true})
			defer d.Free()
			for i, payload := range v.payloads {
				got, err := inflatePieces(d, cutAll(unhex(t, payload), 1))
				if err != nil || string(got) != v.messages[i] {
					t.Errorf("message %d: got %q, %v, want %q", i+1, got, err, v.messages[i])
				}
			}
		})
	}
}

// unhex decodes hexadecimal digits, with spaces for the reader.
func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(string(bytes.ReplaceAll([]byte(s), []byte(" "), nil)))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// inflatePieces inflates a message that comes in pieces. It also returns what
// precedes an error. Each piece is overwritten once it is used up, and each
// chunk is copied, so that whoever holds on to either is found out.
func inflatePieces(d *Decompressor, pieces [][]byte) ([]byte, error) {
	var got []byte
	for i, piece := range pieces {
		piece = bytes.Clone(piece)
		d.Feed(piece, i == len(pieces)-1)
		for {
			chunk, err := d.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				return got, err
			}
			if len(chunk) == 0 || len(chunk) > 32<<10 {
				panic("a chunk has no byte, or more than 32 KiB")
			}
			got = append(got, chunk...)
		}
		for i := range piece {
			piece[i] = 0xA5
		}
	}
	return got, nil
}

// cutAll cuts b into pieces of n bytes; the last may be shorter, or empty.
func cutAll(b []byte, n int) [][]byte {
	var pieces [][]byte
	for len(b) > n {
		pieces = append(pieces, b[:n])
		b = b[n:]
	}
	return append(pieces, b)
}
