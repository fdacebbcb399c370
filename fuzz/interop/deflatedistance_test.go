package interop

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"

	"github.com/parleyws/parley/deflate"
)

// zlib itself never writes the longest distances that it reads, so these
// messages are made by hand: the first fills the window, the second is one
// match of three bytes.
func TestADistanceIsTakenOrRefusedAsByZlib(t *testing.T) { // RFC 7692 7.1.2
	z := startZlib(t)
	for bits := 8; bits <= 15; bits++ {
		window := 1 << bits
		for _, distance := range []int{1, window/2 + 1, window - 1, window, window + 1, 2*window - 1} {
			for _, takeover := range []bool{true, false} {
				if distance > 32768 {
					continue // DEFLATE cannot say it
				}
				name := fmt.Sprintf("%d bits, takeover %v, distance %d", bits, takeover, distance)
				first := (&maker{newRand(bits)}).noise(min(2*window, 65535))
				payloads := [][]byte{storedMessage(first), matchMessage(3, distance)}
				d := deflate.Direction{WindowBits: bits, ContextTakeover: takeover}
				params := deflate.Params{ServerMaxWindowBits: bits, ServerNoContextTakeover: !takeover}

				theirs, theirErr := z.inflate(headerField(params.All()), 's', payloads)
				ours, ourErr := inflateAll(d, payloads)
				if err := sameMessages(ours, theirs); err != nil {
					t.Errorf("%s: %v", name, err)
				}
				if wanted := takeover && distance <= window; wanted != (theirErr == nil) || wanted != (ourErr == nil) {
					t.Errorf("%s: zlib says %v, we say %v, want it taken: %v", name, theirErr, ourErr, wanted)
				}
				if ourErr != nil && !errors.Is(ourErr, deflate.ErrCorrupt) {
					t.Errorf("%s: %v, want it called corrupt", name, ourErr)
				}
				var measured reach
				if _, err := measured.measure(payloads[1], len(first)); err != nil || measured.longest != distance {
					t.Errorf("%s: measured as %d (%v)", name, measured.longest, err)
				}
			}
		}
	}
}

// Inside a message the window counts as well, to the byte. zlib lets some pass
// that it still has before it, so it is no witness here.
func TestTheWindowCountsInsideAMessage(t *testing.T) { // RFC 7692 7.1.2
	for bits := 8; bits <= 15; bits++ {
		window := 1 << bits
		for _, distance := range []int{window - 1, window, window + 1} {
			for _, takeover := range []bool{true, false} {
				if distance > 32768 {
					continue
				}
				first := (&maker{newRand(bits)}).noise(window + 10)
				block := storedMessage(first)
				payload := append(block[:len(block)-1], matchMessage(3, distance)...)
				got, err := inflateAll(deflate.Direction{WindowBits: bits, ContextTakeover: takeover}, [][]byte{payload})
				if wanted := distance <= window; wanted != (err == nil) {
					t.Errorf("%d bits, takeover %v, distance %d: %v, want it taken: %v", bits, takeover, distance, err, wanted)
				}
				if err != nil {
					continue
				}
				if want := append(first, first[len(first)-distance:][:3]...); !bytes.Equal(got[0], want) {
					t.Errorf("%d bits, takeover %v, distance %d: other bytes", bits, takeover, distance)
				}
			}
		}
	}
}

// inflateAll returns the messages before the first that cannot be inflated.
func inflateAll(direction deflate.Direction, payloads [][]byte) (messages [][]byte, err error) {
	d := deflate.NewDecompressor(direction)
	defer d.Free()
	for _, payload := range payloads {
		message, err := d.Append(nil, payload, -1)
		if err != nil {
			return messages, err
		}
		messages = append(messages, message)
	}
	return messages, nil
}

func sameMessages(ours, theirs [][]byte) error {
	if len(ours) != len(theirs) {
		return fmt.Errorf("zlib inflates %d messages, we %d", len(theirs), len(ours))
	}
	for i := range ours {
		if !bytes.Equal(ours[i], theirs[i]) {
			return fmt.Errorf("zlib inflates message %d to other bytes than we", i)
		}
	}
	return nil
}

// storedMessage returns the payload of a message, at most 65535 bytes, in a stored
// block (RFC 1951 3.2.4), and begins the empty one that ends it.
func storedMessage(message []byte) []byte {
	b := binary.LittleEndian.AppendUint16([]byte{0}, uint16(len(message)))
	b = binary.LittleEndian.AppendUint16(b, ^uint16(len(message)))
	b = append(b, message...)
	return append(b, 0)
}

// matchMessage returns the payload of a message that is one match, in a block
// of fixed codes (RFC 1951 3.2.6).
func matchMessage(length, distance int) []byte {
	if length != 3 {
		panic("lengths above 3 have other codes")
	}
	symbol := len(distanceBases) - 1
	for distanceBases[symbol] > distance {
		symbol--
	}
	var w bitWriter
	w.number(0, 1) // not the last block
	w.number(1, 2) // fixed codes
	w.code(1, 7)   // length 3
	w.code(symbol, 5)
	w.number(distance-distanceBases[symbol], distanceExtra[symbol])
	w.code(0, 7)   // end of block
	w.number(0, 3) // the empty stored block
	return w.bytes
}

// bitWriter packs bits into bytes (RFC 1951 3.1.1).
type bitWriter struct {
	bytes []byte
	used  int // bits of the last byte
}

// number writes the lowest bit first, as numbers are.
func (w *bitWriter) number(v, bits int) {
	for i := range bits {
		if w.used == 0 {
			w.bytes = append(w.bytes, 0)
		}
		w.bytes[len(w.bytes)-1] |= byte(v>>i&1) << w.used
		w.used = (w.used + 1) % 8
	}
}

// code writes the highest bit first, as codes are.
func (w *bitWriter) code(v, bits int) {
	for i := bits - 1; i >= 0; i-- {
		w.number(v>>i, 1)
	}
}
