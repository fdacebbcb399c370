package deflate

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// What is compared can be read, by the way's own and by another's.
func TestEveryWayIsUnderstood(t *testing.T) {
	for _, c := range Cases() {
		for _, w := range Ways() {
			wire, err := c.Agree(w)
			if err != nil {
				t.Error(err)
			}
			// A stored block has five bytes more than what it holds, and one ends it.
			if most := len(c.messages) * (c.Size + 6); wire == 0 || wire > most {
				t.Errorf("%s, %d bits, %s: %d bytes on the wire, want at most %d", w.Name, w.WindowBits, c.Name(), wire, most)
			}
		}
	}
}

// Takeover makes messages smaller than they are alone: with every way if they are of
// some size, with a careful one at any.
func TestAContextHelpsWhoLooksBack(t *testing.T) {
	for _, size := range []int{64, 128, 1 << 10, 16 << 10} {
		alone, together := newCase(size, false, 8), newCase(size, true, 8)
		ways := []Way{standardWay(6)}
		if size == 1<<10 {
			ways = Ways()
		}
		for _, w := range ways {
			a, err := alone.Agree(w)
			if err != nil {
				t.Fatal(err)
			}
			b, err := together.Agree(w)
			if err != nil {
				t.Fatal(err)
			}
			if b >= a {
				t.Errorf("%s, %d bits, %d bytes: %d on the wire with takeover, %d without", w.Name, w.WindowBits, size, b, a)
			}
		}
	}
}

func TestAWayThatIsWrongIsFound(t *testing.T) {
	right := ourWay(15)
	for _, fault := range []struct {
		name  string
		wrong func(e Endpoint) Endpoint
		says  string
	}{
		{"none", func(e Endpoint) Endpoint { return e }, ""},
		{"a changed byte on the wire", func(e Endpoint) Endpoint {
			return faulty{e, func(wire []byte) ([]byte, bool) { return append([]byte{wire[0] ^ 6}, wire[1:]...), true }, nil}
		}, "not what was sent"},
		{"a byte too few", func(e Endpoint) Endpoint {
			return faulty{e, func(wire []byte) ([]byte, bool) { return wire[:len(wire)-2], true }, nil}
		}, "not what was sent"},
		{"a message that should not be compressed", func(e Endpoint) Endpoint {
			return faulty{e, func(wire []byte) ([]byte, bool) { return wire, false }, nil}
		}, "changed, but not compressed"},
		{"a message that is read as another", func(e Endpoint) Endpoint {
			return faulty{e, nil, func(message []byte) []byte { return bytes.ToUpper(message) }}
		}, "its own is read as something else"},
	} {
		c := newCase(1<<10, true, 2)
		_, err := c.Agree(Way{"faulty", 15, func(takeover bool, s *Scratch) (Endpoint, error) {
			e, err := right.Open(takeover, s)
			return fault.wrong(e), err
		}, 1})
		if fault.says == "" && err != nil || fault.says != "" && (err == nil || !strings.Contains(err.Error(), fault.says)) {
			t.Errorf("%s: %v, want %q", fault.name, err, fault.says)
		}
	}
}

// A way that gives up its context while it says otherwise is found by the second
// message, and so is one that keeps it.
func TestAWayThatDisagreesOnTakeoverIsFound(t *testing.T) {
	for _, takeover := range []bool{true, false} {
		c := newCase(1<<10, takeover, 2)
		_, err := c.Agree(Way{"contrary", 15, func(takeover bool, s *Scratch) (Endpoint, error) {
			return klauspostWay(6).Open(!takeover, s)
		}, 1})
		if err == nil {
			t.Errorf("takeover %v: not found", takeover)
		}
	}
}

// faulty is an endpoint whose messages are changed. nil changes nothing.
type faulty struct {
	Endpoint
	wire    func([]byte) ([]byte, bool)
	message func([]byte) []byte
}

func (f faulty) Compressor() Compressor { return faultyCompressor{f, f.Endpoint.Compressor()} }

func (f faulty) Decompressor() Decompressor { return faultyDecompressor{f, f.Endpoint.Decompressor()} }

type faultyCompressor struct {
	faulty
	c Compressor
}

func (f faultyCompressor) Compress(message []byte) ([]byte, bool) {
	wire, compressed := f.c.Compress(message)
	if f.wire == nil || !compressed {
		return wire, compressed
	}
	return f.wire(wire)
}

type faultyDecompressor struct {
	faulty
	d Decompressor
}

func (f faultyDecompressor) Decompress(wire []byte) ([]byte, error) {
	message, err := f.d.Decompress(wire)
	if f.message == nil || err != nil {
		return message, err
	}
	return f.message(message), nil
}

// All ways inflate the same, so it must be within what the smallest allows: ours
// refuse a distance beyond their window.
func TestTheRecordingKeepsToTheWindow(t *testing.T) {
	for _, takeover := range []bool{true, false} {
		for _, size := range []int{64, 16 << 10} {
			c := newCase(size, takeover, 2)
			for _, bits := range []int{9, 12, 15} {
				wires, err := c.record(bits)
				if err != nil {
					t.Fatal(err)
				}
				e, err := ourWay(bits).Open(takeover, NewScratch())
				if err != nil {
					t.Fatal(err)
				}
				d := e.Decompressor()
				for i, message := range c.all() {
					if got, err := d.Decompress(wires[i]); err != nil || !bytes.Equal(got, message) {
						t.Fatalf("%s, %d bits: message %d: %v", c.Name(), bits, i, err)
					}
				}
			}
		}
	}
}

func TestNamesAreDifferent(t *testing.T) {
	seen := make(map[string]bool)
	for _, w := range Ways() {
		seen[fmt.Sprint(w.Name, w.WindowBits)] = true
	}
	for _, c := range Cases() {
		seen[c.Name()] = true
	}
	if want := len(Ways()) + len(Cases()); len(seen) != want {
		t.Errorf("%d names for %d ways and cases", len(seen), want)
	}
}
