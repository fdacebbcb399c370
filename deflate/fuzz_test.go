package deflate

import (
	"bytes"
	"compress/flate"
	"io"
	"math/rand/v2"
	"testing"
)

// FuzzInflate (FZ8) holds the inflater to a strict and slow one, to
// compress/flate, to itself with the input cut up, to its limit, and to telling
// nothing of the message before, whose memory it uses again.
func FuzzInflate(f *testing.F) {
	for _, v := range rfcVectors {
		for _, payload := range v.payloads {
			f.Add([]byte("Hello"), unhex(f, payload), uint8(15), uint8(1), true)
		}
	}
	for _, c := range corruptMessages {
		f.Add([]byte("before"), c.payload, uint8(8), uint8(3), false)
	}
	message := appendRepetitive(rand.New(rand.NewPCG(9, 0)), nil, 3000)
	for _, level := range []int{-2, 1, 6, 9} {
		c, err := NewCompressor(Direction{}, level)
		if err != nil {
			f.Fatal(err)
		}
		payload, _ := c.Append(nil, message)
		f.Add([]byte(nil), payload, uint8(9), uint8(7), true)
		f.Add(message, payload, uint8(12), uint8(200), true)
		f.Add(message, payload, uint8(12), uint8(200), false)
		c.Free()
	}
	for _, s := range streamsThatMakeNothing {
		f.Add([]byte("before"), append(repeatBits(s.bits, 300), 0), uint8(8), uint8(5), true)
	}
	f.Add([]byte("before"), append(endlessBomb(), make([]byte, 20)...), uint8(8), uint8(5), true)
	f.Fuzz(func(t *testing.T, before, payload []byte, bits, piece uint8, takeover bool) {
		direction := Direction{8 + int(bits)%8, takeover}
		window := 1 << direction.WindowBits
		before = before[:min(len(before), maxStored)]
		payload = payload[:min(len(payload), 4000)] // the oracle is slow
		dictionary := before[max(0, len(before)-window):]
		if !takeover {
			dictionary = nil
		}
		want, _, wantErr := strictInflate(dictionary, payload, window)

		after := func() *Decompressor {
			d := NewDecompressor(direction)
			if got, err := d.Append(nil, append(stored(before), 0), -1); err != nil || !bytes.Equal(got, before) {
				t.Fatalf("a stored message: %v", err)
			}
			return d
		}
		inflate := func(pieces [][]byte) ([]byte, error) {
			d := after()
			defer d.Free()
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
		for _, limit := range []int64{int64(len(whole)), int64(len(whole)) - 1} {
			if limit < 0 {
				continue
			}
			d := after()
			got, err := d.Append(nil, payload, limit)
			switch tooBig := limit < int64(len(whole)); {
			case tooBig && err != ErrTooBig, !tooBig && err != wholeErr, err == nil && !bytes.Equal(got, whole), err != nil && got != nil:
				t.Fatalf("limit %d of %d: got %d bytes, %v, without %v", limit, len(whole), len(got), err, wholeErr)
			}
			d.Free()
		}
		if wholeErr == nil {
			std, err := stdInflate(dictionary, payload)
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

// play makes messages of a script, in which short inputs say much: an octet
// below 128 is a byte of the message, 255 ends it, and any other copies up to
// 255 bytes, as the next octet says, from a distance that it and the octet
// after that say.
func play(script []byte) (messages [][]byte) {
	const most = 10_000 // bytes; the oracle is slow
	var all []byte
	start := 0
	end := func() {
		messages = append(messages, all[start:len(all):len(all)])
		start = len(all)
	}
	for len(script) > 0 && len(all) < most && len(messages) < 8 {
		op := script[0]
		script = script[1:]
		switch {
		case op < 128:
			all = append(all, op)
		case op == 255:
			end()
		case len(script) >= 2:
			n, distance := int(script[0]), 1<<(op&15)+int(script[1])
			script = script[2:]
			for range n {
				b := byte(n)
				if distance <= len(all) {
					b = all[len(all)-distance]
				}
				all = append(all, b)
			}
		}
	}
	end()
	return messages
}

// fuzzLevels are all levels; those above 6 are slow, and come up less often.
var fuzzLevels = []int{1, 2, 3, 4, 5, 6, -1, -2, 1, 2, 3, 4, 5, 6, 7, 9}

// FuzzDeflateRoundTrip (FZ9) holds the compressor, with messages whole and in
// pieces, to the oracle, the inflater and compress/flate.
//
// Go spends a minute on every input that covers something new, to make it
// shorter; with -fuzzminimizetime 5x it finds more.
func FuzzDeflateRoundTrip(f *testing.F) {
	for i := range uint8(16) {
		f.Add([]byte("Hello, \x87\x80\x00anna\xff\x87\xc8\x04there\xff\x88\xf0\x10\x8a\xff\x03\x86\xf0\x00?"), i, i, i%2 == 0, uint8(i*21))
	}
	f.Add(bytes.Repeat([]byte("Hello, \x87\xff\x10\x8c\xff\x10"), 20), uint8(3), uint8(0), true, uint8(130))
	f.Add([]byte(nil), uint8(0), uint8(0), true, uint8(1))
	f.Fuzz(func(t *testing.T, script []byte, bits, level uint8, takeover bool, pieces uint8) {
		direction := Direction{8 + int(bits)%8, takeover}
		window := 1 << direction.WindowBits
		c, err := NewCompressor(direction, fuzzLevels[int(level)%len(fuzzLevels)])
		if err != nil {
			t.Fatal(err)
		}
		defer c.Free()
		d := NewDecompressor(direction)
		defer d.Free()
		var seen []byte
		for i, message := range play(script) {
			var payload []byte
			if pieces>>(i%8)&1 == 1 { // in up to 4 pieces, a flush after each
				size := 1 + int(pieces)
				for k := range 4 {
					piece := message[min(k*size, len(message)):min((k+1)*size, len(message))]
					if k == 3 {
						piece = message[min(k*size, len(message)):]
					}
					if payload, err = c.AppendPiece(payload, piece, k == 3); err != nil {
						t.Fatal(err)
					}
				}
			} else {
				var ok bool
				if payload, ok = c.Append(nil, message); !ok {
					continue
				}
				if len(payload) >= len(message) {
					t.Fatalf("%d bytes became %d", len(message), len(payload))
				}
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
