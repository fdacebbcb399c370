//go:build !race

package deflate

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// Under the race detector a sync.Pool forgets at random.

func TestMessagesAreCompressedAndInflatedWithoutAllocation(t *testing.T) {
	message := appendRepetitive(rand.New(rand.NewPCG(1, 0)), nil, 4000)
	for _, takeover := range []bool{true, false} {
		for _, bits := range []int{9, 15} {
			c, err := NewCompressor(Direction{bits, takeover}, 0)
			if err != nil {
				t.Fatal(err)
			}
			d := NewDecompressor(Direction{bits, takeover})
			payload, out := make([]byte, 0, 8000), make([]byte, 0, 8000)
			round := func(inflate func(payload []byte)) func() {
				return func() {
					payload, _ = c.Append(payload[:0], message)
					inflate(payload)
					if !bytes.Equal(out, message) {
						t.Fatal("got another message")
					}
				}
			}
			whole := round(func(payload []byte) { out, _ = d.Append(out[:0], payload, -1) })
			pieces := round(func(payload []byte) {
				out = out[:0]
				for len(payload) > 0 {
					n := min(100, len(payload))
					d.Feed(payload[:n], n == len(payload))
					payload = payload[n:]
					for chunk, err := d.Next(); err == nil; chunk, err = d.Next() {
						out = append(out, chunk...)
					}
				}
			})
			for range 20 { // until the windows are full
				whole()
			}
			if n := testing.AllocsPerRun(100, whole); n >= 1 {
				t.Errorf("%d bits, takeover %t, whole: %v allocations", bits, takeover, n)
			}
			if n := testing.AllocsPerRun(100, pieces); n >= 1 {
				t.Errorf("%d bits, takeover %t, in pieces: %v allocations", bits, takeover, n)
			}
			c.Free()
			d.Free()
		}
	}
}

func TestPiecesAreCompressedWithoutAllocation(t *testing.T) {
	message := appendRepetitive(rand.New(rand.NewPCG(1, 0)), nil, 4000)
	for _, takeover := range []bool{true, false} {
		for _, size := range []int{100, 1000} { // an encoder for short ones, and another
			c, err := NewCompressor(Direction{12, takeover}, 0)
			if err != nil {
				t.Fatal(err)
			}
			payload := make([]byte, 0, 8000)
			compress := func() {
				payload = payload[:0]
				for i := 0; i < len(message); i += size {
					if payload, err = c.AppendPiece(payload, message[i:i+size], i+size == len(message)); err != nil {
						t.Fatal(err)
					}
				}
			}
			for range 20 {
				compress()
			}
			if n := testing.AllocsPerRun(100, compress); n >= 1 {
				t.Errorf("takeover %t, pieces of %d: %v allocations", takeover, size, n)
			}
			c.Free()
		}
	}
}
