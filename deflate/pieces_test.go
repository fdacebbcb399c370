package deflate

import (
	"bytes"
	"io"
	"testing"

	"pgregory.net/rapid"
)

// A message in pieces comes back, each piece as soon as it is there, and the
// window is kept to and taken over as for whole messages, in any order of both.
func TestPiecesCanBeInflatedAsTheyCome(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		direction := Direction{rapid.IntRange(8, 15).Draw(t, "bits"), rapid.Bool().Draw(t, "takeover")}
		c, err := NewCompressor(direction, rapid.SampledFrom(levels).Draw(t, "level"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Free()
		d := NewDecompressor(direction)
		defer d.Free()
		var seen []byte // what the peer may be referred to
		for i, message := range anyMessages.Draw(t, "messages") {
			if rapid.Bool().Draw(t, "forget") {
				c.Forget()
			}
			var payload []byte
			if rapid.Bool().Draw(t, "whole") {
				compressed, ok := c.Append(nil, message)
				if !ok {
					continue
				}
				if got, err := d.Append(nil, compressed, -1); err != nil || !bytes.Equal(got, message) {
					t.Fatalf("message %d: got %d bytes, %v, for %d bytes", i, len(got), err, len(message))
				}
				payload = compressed
			} else {
				payload = inPieces(t, c, d, message)
			}
			strictly, _, err := strictInflate(seen[max(0, len(seen)-1<<direction.WindowBits):], payload, 1<<direction.WindowBits)
			if err != nil || !bytes.Equal(strictly, message) {
				t.Fatalf("message %d: the oracle gets %d bytes, %v, for %d bytes", i, len(strictly), err, len(message))
			}
			if direction.ContextTakeover {
				seen = append(seen, message...)
			} else if n := c.Retained() + d.Retained(); n != 0 {
				t.Fatalf("message %d: without takeover %d bytes are held", i, n)
			}
		}
	})
}

// inPieces sends message in pieces, holds each of them to what TestPieces…
// says, and returns the payload.
func inPieces(t *rapid.T, c *Compressor, d *Decompressor, message []byte) (payload []byte) {
	for rest, last := message, false; !last; {
		n := min(len(rest), rapid.OneOf(rapid.IntRange(0, 3), rapid.IntRange(0, 200), rapid.IntRange(0, 40_000)).Draw(t, "piece"))
		piece := bytes.Clone(rest[:n])
		rest = rest[n:]
		last = len(rest) == 0 && rapid.Bool().Draw(t, "last")
		dst, err := c.AppendPiece([]byte("before"), piece, last)
		fragment, found := bytes.CutPrefix(dst, []byte("before"))
		if err != nil || !found {
			t.Fatalf("%q, %v", dst, err)
		}
		if most := n + 6 + 5*(n/maxStored); len(fragment) > most || n == 0 && !last && len(fragment) > 0 || last && len(fragment) == 0 {
			t.Fatalf("%d bytes became %d, last: %t", n, len(fragment), last)
		}
		clear(piece) // it was only lent
		payload = append(payload, fragment...)

		// All that was sent comes out, at once.
		d.Feed(fragment, last)
		var got []byte
		for {
			chunk, err := d.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, chunk...)
		}
		if want := message[len(message)-len(rest)-n:][:n]; !bytes.Equal(got, want) {
			t.Fatalf("a piece of %d bytes: %d came out", n, len(got))
		}
	}
	return payload
}

func TestPiecesReferToThoseBefore(t *testing.T) {
	piece := chat(0, 1000)
	for _, takeover := range []bool{true, false} {
		for _, level := range []int{1, 6, 7, 9} {
			c, err := NewCompressor(Direction{15, takeover}, level)
			if err != nil {
				t.Fatal(err)
			}
			first, _ := c.AppendPiece(nil, piece, false)
			second, _ := c.AppendPiece(nil, piece, false)
			short, _ := c.AppendPiece(nil, piece[:100], true)
			if len(second) > len(first)/8 || len(short) > 30 {
				t.Errorf("level %d, takeover %t: %d bytes, then %d, a short one %d", level, takeover, len(first), len(second), len(short))
			}
			// The next message does with takeover only.
			next, _ := c.AppendPiece(nil, piece, true)
			if shrunk := len(next) < len(first)/8; shrunk != takeover {
				t.Errorf("level %d, takeover %t: the next message has %d bytes", level, takeover, len(next))
			}
			c.Free()
		}
	}
}

// RFC 7692 7.2.3.6 and 7.2.1: nothing but the header of the block that the tail
// would complete.
func TestAnEmptyLastPieceIsOneOctet(t *testing.T) {
	for name, before := range map[string][]byte{
		"after nothing":               nil,
		"after a piece that shrank":   bytes.Repeat([]byte("Hello"), 50),
		"after a piece that did not":  []byte("Hello"),
		"after a large one that grew": noise(100_000, 4),
	} {
		c, err := NewCompressor(Direction{}, 0)
		if err != nil {
			t.Fatal(err)
		}
		payload, _ := c.AppendPiece(nil, before, false)
		if (len(payload) == 0) != (len(before) == 0) {
			t.Errorf("%s: % x", name, payload)
		}
		end, err := c.AppendPiece(nil, nil, true)
		if err != nil || !bytes.Equal(end, []byte{0}) {
			t.Errorf("%s: % x, %v", name, end, err)
		}
		d := NewDecompressor(Direction{})
		if got, err := d.Append(nil, append(payload, end...), -1); err != nil || !bytes.Equal(got, before) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
		c.Free()
		d.Free()
	}
}

func TestAWholeMessageInTheMiddleOfAnotherIsMisuse(t *testing.T) {
	for _, takeover := range []bool{true, false} {
		c, err := NewCompressor(Direction{15, takeover}, 0)
		if err != nil {
			t.Fatal(err)
		}
		message := bytes.Repeat([]byte("Hello"), 100)
		if _, err := c.AppendPiece(nil, message, false); err != nil {
			t.Fatal(err)
		}
		if got, ok := c.Append([]byte("before"), message); ok || string(got) != "before" {
			t.Errorf("takeover %t: got %q, %t", takeover, got, ok)
		}
		for range 2 {
			if got, err := c.AppendPiece([]byte("before"), message, true); err != ErrMisused || string(got) != "before" {
				t.Errorf("takeover %t: then %q, %v", takeover, got, err)
			}
		}
		if _, ok := c.Append(nil, message); ok {
			t.Errorf("takeover %t: and another is compressed", takeover)
		}
		c.Free()
	}
}

func TestFreeEndsAMessageInPiecesInItsMiddle(t *testing.T) {
	for _, takeover := range []bool{true, false} {
		c, err := NewCompressor(Direction{15, takeover}, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.AppendPiece(nil, bytes.Repeat([]byte("Hello"), 100), false); err != nil {
			t.Fatal(err)
		}
		if c.Retained() == 0 {
			t.Errorf("takeover %t: nothing is held in the middle", takeover)
		}
		c.Free()
		c.Free()
		if n := c.Retained(); n != 0 {
			t.Errorf("takeover %t: %d bytes are held", takeover, n)
		}
		if _, err := c.AppendPiece(nil, nil, true); err != ErrMisused {
			t.Errorf("takeover %t: got %v", takeover, err)
		}
	}
}

// A message may be compressed and not sent, if it is forgotten: the receiver,
// which knows nothing of it, understands the next.
func TestWhatIsForgottenIsNotReferredTo(t *testing.T) {
	message := chat(0, 2000)
	for name, unsent := range map[string]func(c *Compressor){
		"whole":     func(c *Compressor) { c.Append(nil, message) },
		"in pieces": func(c *Compressor) { c.AppendPiece(nil, message, false) },
	} {
		for _, takeover := range []bool{true, false} {
			c, err := NewCompressor(Direction{15, takeover}, 0)
			if err != nil {
				t.Fatal(err)
			}
			d := NewDecompressor(Direction{15, takeover})
			unsent(c)
			c.Forget()
			c.Forget()
			if n := c.Retained(); n != 0 {
				t.Errorf("%s, takeover %t: %d bytes are held", name, takeover, n)
			}
			for i := range 3 {
				payload, ok := c.Append(nil, message)
				got, err := d.Append(nil, payload, -1)
				if !ok || err != nil || !bytes.Equal(got, message) {
					t.Errorf("%s, takeover %t: message %d: %t, %d bytes, %v", name, takeover, i, ok, len(got), err)
				}
				if i > 0 && takeover && len(payload) > 60 {
					t.Errorf("%s: message %d takes %d bytes, as if there were no takeover any more", name, i, len(payload))
				}
			}
			c.Free()
			d.Free()
		}
	}
}
