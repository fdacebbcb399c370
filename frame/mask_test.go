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
		b := []byte(c.in)
		if next := frame.Mask(b, c.key, c.pos); string(b) != c.out || next != c.next {
			t.Errorf("%s (%s): % X, %d; want % X, %d", c.name, c.section, b, next, c.out, c.next)
		}
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
	random := make([]byte, lengths)
	for i := range random {
		random[i] = byte(i*i*7 + i>>3 + 1)
	}
	got := make([]byte, offsets+lengths+after)
	want := make([]byte, len(got))
	for offset := range offsets {
		for length := range lengths {
			for pos := range 4 {
				for i := range got {
					got[i] = canary
				}
				copy(got[offset:], random[:length])
				copy(want, got)
				naiveMask(want[offset:offset+length], key, pos)
				next := frame.Mask(got[offset:offset+length], key, pos)
				if !bytes.Equal(got, want) || next != (pos+length)%4 {
					t.Fatalf("offset %d, length %d, pos %d: next %d\n% X, want\n% X", offset, length, pos, next, got, want)
				}
			}
		}
	}
}

func TestMaskingInPiecesIsMaskingWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "payload")
		key := drawKey(t)
		pos := rapid.Int().Draw(t, "pos")
		whole, pieces := bytes.Clone(b), bytes.Clone(b)
		end := frame.Mask(whole, key, pos)
		at := pos
		for rest := pieces; len(rest) > 0; {
			n := rapid.IntRange(0, len(rest)).Draw(t, "piece")
			at = frame.Mask(rest[:n], key, at)
			rest = rest[n:]
		}
		if !bytes.Equal(pieces, whole) || at&3 != end {
			t.Fatalf("in pieces % X, %d; whole % X, %d", pieces, at, whole, end)
		}
	})
}

func TestMaskingTwiceGivesBackThePayload(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOf(rapid.Byte()).Draw(t, "payload")
		key, pos := drawKey(t), rapid.Int().Draw(t, "pos")
		twice := bytes.Clone(b)
		frame.Mask(twice, key, pos)
		frame.Mask(twice, key, pos)
		if !bytes.Equal(twice, b) {
			t.Fatalf("% X", twice)
		}
	})
}

func TestMaskDoesNotAllocate(t *testing.T) {
	b, key := make([]byte, 4099), frame.Key{1, 2, 3, 4}
	if n := testing.AllocsPerRun(100, func() { frame.Mask(b, key, 1) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
