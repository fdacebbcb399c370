package message_test

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/parleyws/parley/conn/message"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
)

// emptyDynamicBlocks are eight blocks, RFC 1951 section 3.2.7, that hold
// nothing and end at a byte: 91 of them.
const emptyDynamicBlocks = "04c081000000000090ff6a24000e040000000080fc57230170200000000000e4bf" +
	"1a098003010000000020ffd548001c080000000000f9af4602e0400000000000c8" +
	"7f35120007020000000040feab910038100000000000f25f8d"

// deflateCases are about compressed messages, RFC 7692 section 7.2.
func deflateCases() []decoderCase {
	const corrupt = "1007 RFC 7692 7.2.2"
	window := func(bits int, takeover bool) *deflate.Direction {
		return &deflate.Direction{WindowBits: bits, ContextTakeover: takeover}
	}
	takeover, noTakeover := settings{inflate: window(15, true)}, settings{inflate: window(15, false)}
	small := settings{maxMessage: 10, inflate: window(15, true)}
	rep := strings.Repeat
	return []decoderCase{
		{name: "one message, RFC 7692 7.2.3.1", settings: takeover, row: "c1 m07 K(f248cdc9c90700)", want: []string{`text "Hello"`}},
		{name: "one message in two fragments, RFC 7692 7.2.3.1", settings: takeover, row: "41 m03 K(f248cd) 80 m04 K(c9c90700)", want: []string{`text "Hello"`}},
		{name: "two messages that share the window, RFC 7692 7.2.3.2", settings: takeover, row: "c1 m07 K(f248cdc9c90700) c1 m05 K(f200110000)",
			want: []string{`text "Hello"`, `text "Hello"`}},
		{name: "a block without compression, RFC 7692 7.2.3.3", settings: takeover, row: "c1 m0b K(000500faff48656c6c6f00)", want: []string{`text "Hello"`}},
		{name: "Z12 BFINAL, RFC 7692 7.2.3.4", settings: takeover, row: "c1 m08 K(f348cdc9c9070000)", want: []string{`text "Hello"`}},
		{name: "Z12 BFINAL and more, RFC 7692 7.2.3.5", settings: takeover, row: "c1 m0c K(f348cdc9c90700 f200110000)", want: []string{`text "HelloHello"`}},
		{name: "Z12 BFINAL and nothing more, RFC 7692 7.2.3.4", settings: takeover, row: "c1 m07 K(f348cdc9c90700)", want: []string{`text "Hello"`}},
		{name: "Z12 row 39 the window outlives BFINAL, RFC 7692 7.2.3.4", settings: takeover, row: "c1 m08 K(f348cdc9c9070000) c1 m05 K(f200110000)",
			want: []string{`text "Hello"`, `text "Hello"`}},
		{name: "Z12 BFINAL in two fragments, RFC 7692 7.2.3.4", settings: takeover, row: "41 m07 K(f348cdc9c90700) 80 m01 K(00)", want: []string{`text "Hello"`}},
		{name: "Z12 G17 garbage after BFINAL, RFC 7692 7.2.3.4", settings: takeover, row: "c1 m0a K(f348cdc9c90700 ffffff)", open: "Hello", fail: corrupt},
		{name: "Z12 G17 garbage after BFINAL in a fragment of its own, RFC 7692 7.2.3.4", settings: takeover,
			row: "41 m07 K(f348cdc9c90700) 80 m03 K(ffffff)", open: "Hello", fail: corrupt},
		{name: "Z12 G17 a block that is cut after BFINAL, RFC 7692 7.2.3.4", settings: takeover, row: "c1 m09 K(f348cdc9c90700 f248)", open: "Hello", fail: corrupt},
		{name: "Z12 G17 the tail after BFINAL, RFC 7692 7.2.3.4", settings: takeover, row: "c1 m0c K(f348cdc9c90700 000000ffff)", open: "Hello", fail: corrupt},
		{name: "two blocks, RFC 7692 7.2.3.5", settings: takeover, row: "c1 m0d K(f248050000 00ffff cac9c90700)", want: []string{`text "Hello"`}},
		{name: "Z14 an empty message, RFC 7692 7.2.3.6", settings: takeover, row: "c1 m01 K(00)", want: []string{`text ""`}},
		{name: "an empty message in empty fragments, RFC 7692 7.2.3.6", settings: takeover, row: "41 m00 K 00 m01 K(00) 80 m00 K", want: []string{`text ""`}},
		{name: "messages that are compressed and messages that are not, RFC 7692 6", settings: takeover,
			row:  "c1 m07 K(f248cdc9c90700) 81 m02 K(6e6f) c1 m05 K(f200110000) 82 m01 K(41)",
			want: []string{`text "Hello"`, `text "no"`, `text "Hello"`, `binary "A"`}},
		{name: "a compressed message that is cut, RFC 7692 7.2.2", settings: takeover, row: "c1 m07 K(f248cd)", open: "He"},

		{name: "Z12 row 154 garbage, RFC 1951 3.2.3", settings: takeover, row: "c2 m05 K(ff*5)", fail: corrupt},
		{name: "Z12 row 154 reserved type of block, RFC 1951 3.2.3", settings: takeover, row: "c2 m08 K(0600000000000000)", fail: corrupt},
		{name: "Z12 row 154 truncated, RFC 7692 7.2.2", settings: takeover, row: "c2 m03 K(f248cd)", open: "He", fail: corrupt},
		{name: "Z12 truncated in fragments, RFC 7692 7.2.2", settings: takeover, row: "42 m03 K(f248cd) 80 m00 K", open: "He", fail: corrupt},
		{name: "Z12 no bytes at all, RFC 7692 7.2.3.6", settings: takeover, row: "c2 m00 K", fail: corrupt},
		{name: "Z12 row 154 length of a stored block, RFC 1951 3.2.4", settings: takeover, row: "c2 m0b K(000500fafe48656c6c6f00)", fail: corrupt},
		{name: "Z12 corrupt in a later fragment, RFC 7692 7.2.2", settings: takeover, row: "42 m0a K(000500faff48656c6c6f) 00 m01 K(06)", open: "Hello", fail: corrupt},
		{name: "Z12 text before what is corrupt, RFC 7692 7.2.2", settings: takeover, row: "c1 m0b K(000500faff48656cff6f06)", open: "Hel", fail: "1007 RFC 6455 8.1"},
		{name: "Z12 a distance of 600 in a window of 10 bits, RFC 7692 7.1.2", settings: settings{inflate: window(10, false)},
			row: "c2 m7e 0262 K(005802a7fd 41*600 02a62b0000)", want: []string{show(2, repeat("A", 603))}},
		{name: "Z12 a distance of 600 in a window of 9 bits, RFC 7692 7.1.2", settings: settings{inflate: window(9, false)},
			row: "c2 m7e 0262 K(005802a7fd 41*600 02a62b0000)", open: rep("A", 600), fail: corrupt},

		{name: "Z13 the window of the last message, not taken over, RFC 7692 7.1.1", settings: noTakeover,
			row:  "c1 m07 K(f248cdc9c90700) c1 m05 K(f200110000)",
			want: []string{`text "Hello"`}, open: "H", fail: corrupt},
		{name: "Z13 a message that has all it needs, RFC 7692 7.2.3.2", settings: noTakeover,
			row:  "c1 m07 K(f248cdc9c90700) c1 m07 K(f248cdc9c90700)",
			want: []string{`text "Hello"`, `text "Hello"`}},
		{name: "Z13 what was not compressed is not in the window, RFC 7692 7.2.1", settings: takeover,
			row: "81 m05 K(48656c6c6f) c1 m05 K(f200110000)", want: []string{`text "Hello"`}, open: "H", fail: corrupt},

		{name: "Z4 the limit is for each message, RFC 7692 7.2.3.2", settings: settings{maxMessage: 5, inflate: window(15, true)},
			row:  "c1 m07 K(f248cdc9c90700) c1 m05 K(f200110000) c1 m05 K(f200110000)",
			want: []string{`text "Hello"`, `text "Hello"`, `text "Hello"`}},
		{name: "Z4 a message over the limit, RFC 7692 7.2.3.2", settings: settings{maxMessage: 4, inflate: window(15, true)},
			row: "c1 m07 K(f248cdc9c90700)", open: "Hell", fail: "1009 MaxMessage 4"},

		{name: "Z6 empty stored blocks up to the limit of the wire, RFC 1951 3.2.4", settings: small,
			row: "42 m05 K(000000ffff) " + rep("00 m7e 03e8 K(000000ffff*200) ", 65)},
		{name: "Z6 empty stored blocks without end, RFC 1951 3.2.4", settings: small,
			row: "42 m05 K(000000ffff) " + rep("00 m7e 03e8 K(000000ffff*200) ", 66), fail: "1009 MaxMessage 10"},
		{name: "Z6 empty stored blocks in one frame, RFC 1951 3.2.4", settings: small,
			row: "c2 m7f 0000000000010000 K(000000ffff*13107 00)", want: []string{`binary ""`}},
		{name: "Z6 empty dynamic blocks up to the limit of the wire, RFC 1951 3.2.7", settings: small,
			row: "42 m00 K " + rep("00 m7e 038e K("+emptyDynamicBlocks+"*10) ", 72)},
		{name: "Z6 empty dynamic blocks without end, RFC 1951 3.2.7", settings: small,
			row: "42 m00 K " + rep("00 m7e 038e K("+emptyDynamicBlocks+"*10) ", 73), fail: "1009 MaxMessage 10"},
	}
}

// deflated compresses messages that share a window with the standard library,
// as RFC 7692 section 7.2.1 says.
func deflated(tb failer, level int, messages ...[]byte) [][]byte {
	tb.Helper()
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, level)
	if err != nil {
		tb.Fatalf("%v", err)
	}
	var payloads [][]byte
	for _, m := range messages {
		out.Reset()
		if _, err := w.Write(m); err != nil {
			tb.Fatalf("%v", err)
		}
		if err := w.Flush(); err != nil {
			tb.Fatalf("%v", err)
		}
		payloads = append(payloads, bytes.Clone(bytes.TrimSuffix(out.Bytes(), []byte{0, 0, 0xFF, 0xFF})))
	}
	return payloads
}

// inflated restores one message with the standard library, as RFC 7692 section
// 7.2.2 says; window holds what came before.
func inflated(payload, window []byte) ([]byte, error) {
	stream := append(bytes.Clone(payload), 0, 0, 0xFF, 0xFF, 1, 0, 0, 0xFF, 0xFF)
	return io.ReadAll(flate.NewReaderDict(bytes.NewReader(stream), window))
}

// frameFrom is a frame with the first byte b0, masked if a client sends it.
func frameFrom(fromClient bool, b0 byte, payload []byte) []byte {
	out := frameOf(b0, payload)
	if !fromClient {
		return out
	}
	start := len(out) - len(payload)
	out = slices.Insert(out, start, testKey[:]...)
	out[1] |= 0x80
	for i := range payload {
		out[start+4+i] ^= testKey[i%4]
	}
	return out
}

// frameOf is a frame from a server with the first byte b0, written without the
// package under test or frame.
func frameOf(b0 byte, payload []byte) []byte {
	switch n := len(payload); {
	case n < 126:
		return append([]byte{b0, byte(n)}, payload...)
	case n < 1<<16:
		return append([]byte{b0, 126, byte(n >> 8), byte(n)}, payload...)
	default:
		return append(binary.BigEndian.AppendUint64([]byte{b0, 127}, uint64(n)), payload...)
	}
}

// fragmentsOf is a message in frames of n bytes.
func fragmentsOf(fromClient bool, b0 byte, payload []byte, n int) []byte {
	var out []byte
	pieces := chunks(payload, n)
	for i, piece := range pieces {
		if i == len(pieces)-1 {
			b0 |= 0x80
		}
		out = append(out, frameFrom(fromClient, b0, piece)...)
		b0 = 0
	}
	return out
}

// feed gives p to d, and returns the error that comes of it.
func feed(d *message.Decoder, p []byte) error {
	for _, err := range d.Feed(p) {
		if err != nil {
			return err
		}
	}
	return nil
}

// The error of the codec says what is wrong; whoever wants to know can ask.
func TestErrorOfCorruptMessageKeepsItsCauseZ12(t *testing.T) {
	d := settings{inflate: &deflate.Direction{}}.decoder(false)
	err := feed(d, unhex(t, "c205ffffffffff"))
	var corrupt *deflate.CorruptError
	var breach *frame.Error
	if !errors.As(err, &breach) || !errors.As(err, &corrupt) || !errors.Is(err, deflate.ErrCorrupt) {
		t.Fatalf("%#v", err)
	}
	if corrupt.Section != "RFC 1951 3.2.3" {
		t.Errorf("%v", corrupt)
	}
}

// Z4 with a full window: the second message is nothing but references to it.
func TestMessageThatRefersBackCountsByItselfZ4(t *testing.T) {
	full := make([]byte, 32<<10)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range full {
		full[i] = byte(random.Uint32())
	}
	payloads := deflated(t, 9, full[:32<<10-300], full[:32<<10-300])
	if len(payloads[1]) > 1<<10 {
		t.Fatalf("the second message does not refer back: %d bytes", len(payloads[1]))
	}
	sent := append(frameOf(0xC2, payloads[0]), frameOf(0xC2, payloads[1])...)
	line := show(frame.Binary, full[:32<<10-300])
	for _, c := range []struct {
		limit int64
		want  outcome
	}{
		{32<<10 - 300, outcome{arrived: []string{line, line}}},
		{32<<10 - 301, outcome{open: full[:32<<10-301], fail: "1009 MaxMessage 32467"}},
	} {
		s := settings{maxMessage: c.limit, inflate: &deflate.Direction{ContextTakeover: true}}
		for _, n := range []int{1, 1000, len(sent)} {
			if diff := difference(c.want, decode(t, s.decoder(false), chunks(sent, n))); diff != "" {
				t.Errorf("limit %d, in pieces of %d: %s", c.limit, n, diff)
			}
		}
	}
}

// Z7: inflaters are lent from a pool, one connection after another.
func TestNothingOfRefusedMessageReachesAnotherConnectionZ7(t *testing.T) {
	secret := bytes.Repeat([]byte("secret! "), 8<<10)
	bomb := frameOf(0xC2, deflated(t, 9, secret)[0])
	for range 100 {
		first := settings{maxMessage: 1000, inflate: &deflate.Direction{ContextTakeover: true}}.decoder(false)
		if got := decode(t, first, [][]byte{bomb}); got.fail != "1009 MaxMessage 1000" { // frees it too
			t.Fatal(got.fail)
		}
		// A match of the last 5 bytes, where there are none.
		thief := settings{inflate: &deflate.Direction{ContextTakeover: true}}.decoder(false)
		got := decode(t, thief, [][]byte{unhex(t, "c205f200110000")})
		if got.fail != "1007 RFC 7692 7.2.2" || len(got.open) > 1 { // "H" is its own
			t.Fatalf("%q, %q", got.open, got.fail)
		}
		honest := settings{inflate: &deflate.Direction{ContextTakeover: true}}.decoder(false)
		want := outcome{arrived: []string{`text "Hello"`, `text "Hello"`}}
		if diff := difference(want, decode(t, honest, [][]byte{unhex(t, "c107f248cdc9c90700c105f200110000")})); diff != "" {
			t.Fatal(diff)
		}
	}
}

func TestFreeMayComeAtAnyTimeAndGivesTheInflaterBack(t *testing.T) {
	sent := unhex(t, "c107f248cdc9c90700")
	for i := range len(sent) + 1 {
		for _, s := range []settings{{}, {inflate: &deflate.Direction{}}} {
			d := s.decoder(false)
			err := feed(d, bytes.Clone(sent[:i]))
			if (err != nil) != (s.inflate == nil && i >= 2) { // RSV1 is not agreed then
				t.Fatalf("after %d bytes: %v", i, err)
			}
			d.Free()
			if d.Inflate == nil {
				continue
			}
			if _, err := d.Inflate.Next(); !errors.Is(err, deflate.ErrMisused) {
				t.Errorf("after %d bytes: Free has not freed it: %v", i, err)
			}
		}
	}
}
