package deflate

import (
	"bytes"
	"compress/flate"
	"io"
	"math/rand/v2"
	"testing"
)

// FuzzInflate holds the inflater to a strict and slow one, to compress/flate,
// and to itself with the input cut up.
func FuzzInflate(f *testing.F) {
	for _, v := range rfcVectors {
		for _, payload := range v.payloads {
			f.Add([]byte("Hello"), unhex(f, payload), uint8(15), uint8(1))
		}
	}
	for _, c := range corruptMessages {
		f.Add([]byte("before"), c.payload, uint8(8), uint8(3))
	}
	message := appendRepetitive(rand.New(rand.NewPCG(9, 0)), nil, 3000)
	for _, level := range []int{-2, 1, 6, 9} {
		c, err := NewCompressor(Direction{}, level)
		if err != nil {
			f.Fatal(err)
		}
		payload, _ := c.Append(nil, message)
		f.Add([]byte(nil), payload, uint8(9), uint8(7))
		f.Add(message, payload, uint8(12), uint8(200))
		c.Free()
	}
	f.Fuzz(func(t *testing.T, before, payload []byte, bits, piece uint8) {
		direction := Direction{8 + int(bits)%8, true}
		window := 1 << direction.WindowBits
		before = before[:min(len(before), 65535)]
		payload = payload[:min(len(payload), 4000)] // the oracle is slow

		want, _, wantErr := strictInflate(before[max(0, len(before)-window):], payload, window)

		inflate := func(pieces [][]byte) ([]byte, error) {
			d := NewDecompressor(direction)
			defer d.Free()
			if got, err := d.Append(nil, append(stored(before), 0), -1); err != nil || !bytes.Equal(got, before) {
				t.Fatalf("a stored message: %v", err)
			}
			return inflatePieces(d, pieces)
		}
		whole, wholeErr := inflate([][]byte{payload})
		if !bytes.Equal(whole, want) || (wholeErr == nil) != (wantErr == nil) {
			t.Fatalf("got %d bytes, %v, the oracle %d bytes, %v", len(whole), wholeErr, len(want), wantErr)
		}
		cut, cutErr := inflate(cutAll(payload, 1+int(piece)))
		if !bytes.Equal(cut, whole) || cutErr != wholeErr {
			t.Fatalf("in pieces of %d: %d bytes, %v, but whole %d bytes, %v", 1+int(piece), len(cut), cutErr, len(whole), wholeErr)
		}
		if wholeErr == nil {
			std, err := stdInflate(before[max(0, len(before)-window):], payload)
			if err != nil || !bytes.Equal(std, whole) {
				t.Fatalf("got %d bytes, compress/flate %d bytes, %v", len(whole), len(std), err)
			}
		}
	})
}

// stdInflate inflates a message that is whole with compress/flate, stream by
// stream, the tail and a final block appended.
func stdInflate(dictionary, payload []byte) ([]byte, error) {
	out := bytes.Clone(dictionary)
	in := bytes.NewReader(append(append(bytes.Clone(payload), tail...), 1, 0, 0, 0xFF, 0xFF))
	for in.Len() > 9 || in.Len() == 9 && len(out) == len(dictionary) && len(payload) == 0 {
		stream, err := io.ReadAll(flate.NewReaderDict(in, out[max(0, len(out)-maxWindow):]))
		if err != nil {
			return nil, err
		}
		out = append(out, stream...)
	}
	return out[len(dictionary):], nil
}

// FuzzDeflateRoundTrip holds the compressor to the oracle, the inflater and
// compress/flate.
func FuzzDeflateRoundTrip(f *testing.F) {
	message := appendRepetitive(rand.New(rand.NewPCG(2, 0)), nil, 3000)
	for i := range uint8(12) {
		f.Add(message, i, i, i%2 == 0, uint16(500))
		f.Add(bytes.Repeat([]byte("Hello, "), 400), i, uint8(3), true, uint16(130))
	}
	f.Add([]byte(nil), uint8(0), uint8(0), true, uint16(0))
	f.Fuzz(func(t *testing.T, data []byte, bits, level uint8, takeover bool, size uint16) {
		direction := Direction{8 + int(bits)%8, takeover}
		window := 1 << direction.WindowBits
		c, err := NewCompressor(direction, levels[int(level)%len(levels)])
		if err != nil {
			t.Fatal(err)
		}
		defer c.Free()
		d := NewDecompressor(direction)
		defer d.Free()
		var seen []byte
		n := 1 + int(size)
		for _, message := range cutAll(data[:min(len(data), 4_000, 10*n)], n) {
			payload, ok := c.Append(nil, message)
			if !ok {
				continue
			}
			if len(payload) >= len(message) {
				t.Fatalf("%d bytes became %d", len(message), len(payload))
			}
			dictionary := seen[max(0, len(seen)-window):]
			if got, _, err := strictInflate(dictionary, payload, window); err != nil || !bytes.Equal(got, message) {
				t.Fatalf("the oracle: %d bytes for %d, %v", len(got), len(message), err)
			}
			if got, err := stdInflate(dictionary, payload); err != nil || !bytes.Equal(got, message) {
				t.Fatalf("compress/flate: %d bytes for %d, %v", len(got), len(message), err)
			}
			if got, err := d.Append(nil, payload, int64(len(message))); err != nil || !bytes.Equal(got, message) {
				t.Fatalf("%d bytes for %d, %v", len(got), len(message), err)
			}
			if takeover {
				seen = append(seen, message...)
			}
		}
	})
}
