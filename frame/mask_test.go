package frame_test

import (
	"bytes"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/parleyws/parley/frame"
)

func TestMaskIsThatOfTheRFC(t *testing.T) {
	for _, c := range []struct {
		name, in string
		key      frame.Key
		pos      int
		out      string
		next     int
		section  string
	}{
		{"example", "Hello", frame.Key{0x37, 0xfa, 0x21, 0x3d}, 0, "\x7f\x9f\x4d\x51\x58", 1, "RFC 6455 5.7"},
		{"nothing", "", frame.Key{1, 2, 3, 4}, 3, "", 3, "RFC 6455 5.3"},
		{"at 1", "\x00\x00\x00\x00", frame.Key{1, 2, 3, 4}, 1, "\x02\x03\x04\x01", 1, "RFC 6455 5.3"},
		{"at 2", "\x00\x00\x00\x00", frame.Key{1, 2, 3, 4}, 2, "\x03\x04\x01\x02", 2, "RFC 6455 5.3"},
		{"at 3", "\x00\x00\x00\x00\x00", frame.Key{1, 2, 3, 4}, 3, "\x04\x01\x02\x03\x04", 0, "RFC 6455 5.3"},
		{"at 4", "\x00", frame.Key{1, 2, 3, 4}, 4, "\x01", 1, "RFC 6455 5.3"},
		{"at the greatest int", "\x00\x00", frame.Key{1, 2, 3, 4}, math.MaxInt, "\x04\x01", 1, "RFC 6455 5.3"},
		{"below zero", "\x00\x00", frame.Key{1, 2, 3, 4}, -1, "\x04\x01", 1, "RFC 6455 5.3"},
	} {
		frame.EachPath(func(path string) {
			b := []byte(c.in)
			if next := frame.Mask(b, c.key, c.pos); string(b) != c.out || next != c.next {
				t.Errorf("%s: %s (%s): % X, %d; want % X, %d", path, c.name, c.section, b, next, c.out, c.next)
			}
		})
	}
}

// naiveMask is RFC 6455 section 5.3 to the letter.
func naiveMask(b []byte, key frame.Key, pos int) {
	for i := range b {
		b[i] ^= key[(i+pos)%4]
	}
}

// canary stands around a slice that is masked.
const canary = 0xA5

func TestMaskAgreesWithTheNaiveLoopAndTouchesNothingElse(t *testing.T) {
	const offsets, lengths, after = 64, 301, 64
	key := frame.Key{0x37, 0xfa, 0x21, 0x3d}
	random := noise(lengths)
	blank := bytes.Repeat([]byte{canary}, offsets+lengths+after)
	got := make([]byte, len(blank))
	want := make([]byte, len(blank))
	frame.EachPath(func(path string) {
		for length := range lengths {
			for pos := range 4 {
				masked := bytes.Clone(random[:length])
				naiveMask(masked, key, pos)
				for offset := range offsets {
					copy(got, blank)
					copy(got[offset:], random[:length])
					copy(want, blank)
					copy(want[offset:], masked)
					next := frame.Mask(got[offset:offset+length], key, pos)
					if !bytes.Equal(got, want) || next != (pos+length)%4 {
						t.Fatalf("%s: offset %d, length %d, pos %d: next %d\n% X, want\n% X", path, offset, length, pos, next, got, want)
					}
				}
			}
		}
	})
}

// noise returns n bytes without a pattern that a key could hide.
func noise(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*i*7 + i>>3 + 1)
	}
	return b
}

func TestLongPayloadsAreMaskedAsByTheNaiveLoop(t *testing.T) {
	const longest, offsets = 64<<10 + 1, 64
	key := frame.Key{0x37, 0xfa, 0x21, 0x3d}
	buf := make([]byte, longest+offsets)
	frame.EachPath(func(path string) {
		for _, length := range []int{511, 1024, 1500, 4<<10 - 1, 4 << 10, 4<<10 + 33, longest - 1, longest} {
			want := noise(length)
			naiveMask(want, key, 3)
			for offset := range offsets {
				got := buf[offset : offset+length]
				copy(got, noise(length))
				if frame.Mask(got, key, 3); !bytes.Equal(got, want) {
					t.Fatalf("%s: %d bytes at %d mod 64 of a buffer differ", path, length, offset)
				}
			}
		}
	})
}

func TestMaskingInTwoPiecesIsMaskingWhole(t *testing.T) {
	key := frame.Key{0x37, 0xfa, 0x21, 0x3d}
	got := make([]byte, 300)
	frame.EachPath(func(path string) {
		for length := range 301 {
			text := noise(length)
			want := bytes.Clone(text)
			naiveMask(want, key, 0)
			for cut := range length + 1 {
				got := got[:copy(got, text)]
				pos := frame.Mask(got[:cut], key, 0)
				if pos = frame.Mask(got[cut:], key, pos); !bytes.Equal(got, want) || pos != length%4 {
					t.Fatalf("%s: %d bytes cut at %d: % X, %d; want % X", path, length, cut, got, pos, want)
				}
			}
		}
	})
}

func TestMaskingInPiecesIsMaskingWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "payload")
		key := drawKey(t)
		pos := rapid.Int().Draw(t, "pos")
		var cuts []int
		for left := len(b); left > 0; left -= cuts[len(cuts)-1] {
			cuts = append(cuts, rapid.IntRange(0, left).Draw(t, "piece"))
		}
		frame.EachPath(func(path string) {
			whole, pieces := bytes.Clone(b), bytes.Clone(b)
			end := frame.Mask(whole, key, pos)
			at, rest := pos, pieces
			for _, n := range cuts {
				at = frame.Mask(rest[:n], key, at)
				rest = rest[n:]
			}
			if !bytes.Equal(pieces, whole) || at&3 != end {
				t.Fatalf("%s: in pieces % X, %d; whole % X, %d", path, pieces, at, whole, end)
			}
		})
	})
}

func TestMaskingTwiceGivesBackThePayload(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOf(rapid.Byte()).Draw(t, "payload")
		key, pos := drawKey(t), rapid.Int().Draw(t, "pos")
		frame.EachPath(func(path string) {
			twice := bytes.Clone(b)
			frame.Mask(twice, key, pos)
			frame.Mask(twice, key, pos)
			if !bytes.Equal(twice, b) {
				t.Fatalf("%s: % X", path, twice)
			}
		})
	})
}

func TestMaskDoesNotAllocate(t *testing.T) {
	b, key := make([]byte, 4099), frame.Key{1, 2, 3, 4}
	frame.EachPath(func(path string) {
		for _, n := range []int{1, 7, 31, 32, 300, len(b)} {
			if n := testing.AllocsPerRun(100, func() { frame.Mask(b[:n], key, 1) }); n != 0 {
				t.Errorf("%s: %v allocations", path, n)
			}
		}
	})
}
