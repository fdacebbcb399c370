package deflate

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// bitString packs bits, written 0 and 1 in the order in which they are read,
// with spaces for the reader. The last octet is filled up with 0.
func bitString(s string) []byte {
	s = strings.ReplaceAll(s, " ", "")
	b := make([]byte, (len(s)+7)/8)
	for i, c := range s {
		b[i/8] |= byte(c-'0') << (i % 8)
	}
	return b
}

// stored returns a stored block of literal, not the last one.
func stored(literal []byte) []byte {
	n := len(literal)
	return append([]byte{0, byte(n), byte(n >> 8), ^byte(n), ^byte(n >> 8)}, literal...)
}

var corruptMessages = []struct {
	name    string
	payload []byte
	cause   *CorruptError
}{
	// Z12: truncated.
	{"nothing at all", nil, errTruncated},
	{"cut in the header of a block", []byte{0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07}, errTruncated},
	{"cut before the end of a fixed block", []byte{0xF2, 0x48, 0xCD, 0xC9, 0xC9}, errTruncated},
	{"cut in a literal", []byte{0xF2, 0x48, 0xCD}, errTruncated},
	{"cut in the length of a stored block", []byte{0x00, 0x05, 0x00}, errTruncated},
	{"cut in a stored block", []byte{0x00, 0x05, 0x00, 0xFA, 0xFF, 'H', 'e'}, errTruncated},
	{"cut where the tail would just fill a stored block", []byte{0x00, 0x04, 0x00, 0xFB, 0xFF}, errTruncated},
	{"cut where the tail and a final block would just fill a stored block", []byte{0x00, 0x09, 0x00, 0xF6, 0xFF}, errTruncated},
	{"cut where the tail's zeros would end a fixed block", bitString("0 10 01111000 00"), errTruncated},
	{"cut after a stored block", stored([]byte("Hello")), errTruncated},
	{"the tail is still there", []byte{0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00, 0x00, 0xFF, 0xFF}, errTruncated},
	{"one octet of the length of the last block is still there", []byte{0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00}, errTruncated},
	{"cut in a dynamic header", []byte{0x04}, errTruncated},
	{"cut in the block after a final one", []byte{0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0xF2, 0x48}, errTruncated},

	// Z12: garbage.
	{"reserved type of block", []byte{0x06}, errReservedBlock},
	{"reserved type of a final block", []byte{0x07}, errReservedBlock},
	{"reserved type after a final block", []byte{0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x06}, errReservedBlock},
	{"length and complement differ", []byte{0x00, 0x05, 0x00, 0xFA, 0xFE, 'H', 'e', 'l', 'l', 'o', 0x00}, errStoredLength},
	{"287 literal codes", bitString("0 01 01111 00000 0000"), errDynamicHeader},
	{"31 distance codes", bitString("0 01 00000 01111 0000"), errDynamicHeader},
	{"too many codes of a length", bitString("0 01 00000 00000 0000 100 100 100 000"), errHuffmanCode},
	{"not all codes of a length", bitString("0 01 00000 00000 0000 010 010 010 000"), errHuffmanCode},
	{"no code lengths at all", bitString("0 01 00000 00000 0000 000 000 000 000 0"), errInvalidCode},
	{"repeats no length", bitString("0 01 00000 00000 0000 100 000 000 100 1 0000"), errDynamicHeader},
	{"repeats lengths beyond the last", bitString("0 01 00000 00000 0000 000 000 100 100 1 1111111 1 1111111"), errDynamicHeader},
	{"no code for the end of the block", bitString("0 01 00000 00000 0000 000 000 100 100 1 1111111 1 1011011"), errHuffmanCode},
	{"a single code of two bits", bitString(dynamicBlock(lengthsOf(257, map[int]int{256: 1}), []int{2})), errHuffmanCode},
	{"length code 286", bitString("0 10 11000110"), errInvalidCode},
	{"length code 287", bitString("0 10 11000111"), errInvalidCode},
	{"distance code 30", bitString("0 10 01111000 0000001 11110"), errInvalidCode},
	{"distance code 31", bitString("0 10 01111000 0000001 11111"), errInvalidCode},

	// An error comes after what precedes it, and is not forgotten meanwhile.
	{"repeats lengths beyond the last, after a block", append(stored([]byte("Hello")), bitString("0 01 00000 00000 0000 000 000 100 100 1 1111111 1 1111111"+
		"0000 10 0000000 0 10 0000000 000")...), errDynamicHeader},

	// Z12 and Z13: too far back.
	{"a match before the first byte", []byte{0xF2, 0x00, 0x11, 0x00, 0x00}, errDistance},
	{"a match before the first byte, with more to come", append([]byte{0xF2, 0x00, 0x11, 0x00, 0x00}, make([]byte, 20)...), errDistance},
	{"a match one byte too far, with more to come", bitString("0 10 01111000 0000001 00001" + strings.Repeat("00110000", 20) + "0000000 000"), errDistance},
	{"a match one byte too far", bitString("0 10 01111000 0000001 00001 0000000 000"), errDistance},
}

func TestZ12ACorruptMessageIsRefused(t *testing.T) {
	for _, c := range corruptMessages {
		t.Run(c.name, func(t *testing.T) {
			if _, _, err := strictInflate(nil, c.payload, maxWindow); err == nil {
				t.Error("the oracle sees nothing wrong")
			}
			for piece := 1; piece <= len(c.payload)+1; piece++ {
				d := NewDecompressor(Direction{ContextTakeover: true})
				_, err := inflatePieces(d, cutAll(c.payload, piece))
				if !errors.Is(err, ErrCorrupt) || !errors.Is(err, c.cause) {
					t.Errorf("in pieces of %d: got %v, want %v", piece, err, c.cause)
				}
				if err != nil && !strings.HasPrefix(err.Error(), "websocket: corrupt compressed message: ") {
					t.Errorf("in pieces of %d: %v", piece, err)
				}
				if _, again := d.Next(); again != err {
					t.Errorf("in pieces of %d: then %v", piece, again)
				}
				if _, again := d.Append(nil, []byte{0}, -1); again != err {
					t.Errorf("in pieces of %d: the next message: %v", piece, again)
				}
				d.Free()
			}
			d := NewDecompressor(Direction{ContextTakeover: true})
			defer d.Free()
			got, err := d.Append([]byte("before"), c.payload, -1)
			if !errors.Is(err, c.cause) || string(got) != "before" {
				t.Errorf("whole: got %q, %v, want %v", got, err, c.cause)
			}
		})
	}
}

func TestATruncatedMessageSaysThatItsEndWasUnexpected(t *testing.T) {
	d := NewDecompressor(Direction{})
	defer d.Free()
	if _, err := d.Append(nil, []byte{0xF2, 0x48}, -1); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v", err)
	}
}

// A distance as long as the window is right, one more is not (RFC 7692 7.1.2).
func TestAMatchMayReachBackToTheEndOfTheWindowAndNoFurther(t *testing.T) {
	const (
		a256 = "0 10 0000001 01111 111111 0000000 000"  // length 3, distance 256
		a257 = "0 10 0000001 10000 0000000 0000000 000" // length 3, distance 257
	)
	// The same with ten empty blocks behind it, so that it is not near the end.
	more := strings.Repeat(" 0 10 0000000", 10) + " 000"
	literal := make([]byte, 300)
	for i := range literal {
		literal[i] = byte(i * 7)
	}
	for _, c := range []struct {
		match string
		bits  int
		want  []byte
	}{
		{a256, 8, literal[300-256:][:3]},
		{a257, 8, nil},
		{a257, 9, literal[300-257:][:3]},
		{strings.TrimSuffix(a256, " 000") + more, 8, literal[300-256:][:3]},
		{strings.TrimSuffix(a257, " 000") + more, 8, nil},
		{strings.TrimSuffix(a257, " 000") + more, 9, literal[300-257:][:3]},
	} {
		// Within a message.
		d := NewDecompressor(Direction{c.bits, true})
		got, err := d.Append(nil, append(stored(literal), bitString(c.match)...), -1)
		if c.want == nil {
			if !errors.Is(err, errDistance) {
				t.Errorf("%s, window of %d bits: got %v", c.match, c.bits, err)
			}
		} else if err != nil || !bytes.Equal(got, append(literal[:300:300], c.want...)) {
			t.Errorf("%s, window of %d bits: got %x, %v, want %x at the end", c.match, c.bits, got, err, c.want)
		}
		d.Free()

		// Across messages.
		for _, takeover := range []bool{true, false} {
			d := NewDecompressor(Direction{c.bits, takeover})
			if _, err := d.Append(nil, append(stored(literal), 0), -1); err != nil {
				t.Fatal(err)
			}
			got, err := d.Append(nil, bitString(c.match), -1)
			if c.want == nil || !takeover {
				if !errors.Is(err, errDistance) {
					t.Errorf("%s, window of %d bits, takeover %t: got %v", c.match, c.bits, takeover, err)
				}
			} else if err != nil || !bytes.Equal(got, c.want) {
				t.Errorf("%s, window of %d bits: got %x, %v, want %x", c.match, c.bits, got, err, c.want)
			}
			d.Free()
		}
	}
}

// bits=9 agreed, back-reference 600.
func TestZ12AnEncoderThatIgnoresTheWindowIsFoundOut(t *testing.T) {
	message := strings.Repeat("x", 100) + "a phrase to come back to" + strings.Repeat("y", 576) + "a phrase to come back to"
	var payload bytes.Buffer
	w, err := flate.NewWriter(&payload, 9)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(w, message)
	w.Flush()
	compressed := bytes.TrimSuffix(payload.Bytes(), tail)
	for _, c := range []struct {
		bits int
		ok   bool
	}{{8, false}, {9, false}, {10, true}, {15, true}, {0, true}, {99, true}} {
		d := NewDecompressor(Direction{WindowBits: c.bits})
		if _, err := d.Append(nil, compressed, -1); (err == nil) != c.ok || !c.ok && !errors.Is(err, errDistance) {
			t.Errorf("%d bits: %v", c.bits, err)
		}
		d.Free()
	}
}

func TestZ13WithoutContextTakeoverNoEarlierByteCanBeReached(t *testing.T) {
	d := NewDecompressor(Direction{WindowBits: 15})
	defer d.Free()
	if _, err := d.Append(nil, unhex(t, "f248cdc9c90700"), -1); err != nil {
		t.Fatal(err)
	}
	got, err := d.Append(nil, unhex(t, "f200110000"), -1)
	if !errors.Is(err, errDistance) || len(got) != 0 {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestEveryPrefixOfAMessageEndsTooEarly(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 0))
	message := appendRepetitive(r, nil, 2000)
	for _, level := range []int{-2, 1, 6, 9} {
		c, err := NewCompressor(Direction{}, level)
		if err != nil {
			t.Fatal(err)
		}
		payload, ok := c.Append(nil, message)
		if !ok {
			t.Fatal("not smaller")
		}
		c.Free()
		whole := 0
		for n := range payload {
			d := NewDecompressor(Direction{})
			got, err := d.Append(nil, payload[:n], -1)
			want, _, strictErr := strictInflate(nil, payload[:n], maxWindow)
			if (err == nil) != (strictErr == nil) {
				t.Errorf("level %d, %d of %d bytes: got %v, the oracle %v", level, n, len(payload), err, strictErr)
			}
			if err == nil {
				whole++
				if !bytes.Equal(got, want) {
					t.Errorf("level %d, %d of %d bytes differ", level, n, len(payload))
				}
			}
			d.Free()
		}
		if whole > 2 { // where a stored block's header ends, by chance or because blocks are stored
			t.Errorf("level %d: %d prefixes are taken for whole messages", level, whole)
		}
	}
}

func TestAnyCutGivesTheSameAnswer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		message := appendRepetitive(r, nil, rapid.IntRange(0, 100_000).Draw(t, "size"))
		var b bytes.Buffer
		w, err := flate.NewWriter(&b, rapid.IntRange(-2, 9).Draw(t, "level"))
		if err != nil {
			t.Fatal(err)
		}
		for m := message; len(m) > 0; {
			n := rapid.IntRange(1, len(m)).Draw(t, "flush after")
			w.Write(m[:n])
			w.Flush()
			m = m[n:]
		}
		w.Flush()
		payload := bytes.TrimSuffix(b.Bytes(), tail)
		var want error
		if rapid.Bool().Draw(t, "broken") {
			payload[rapid.IntRange(0, len(payload)-1).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
			message, _, want = strictInflate(nil, payload, maxWindow)
		}

		var pieces [][]byte
		for rest := payload; ; {
			n := rapid.OneOf(rapid.IntRange(0, 3), rapid.IntRange(0, 40_000)).Draw(t, "piece")
			if n >= len(rest) {
				pieces = append(pieces, rest)
				break
			}
			pieces = append(pieces, rest[:n])
			rest = rest[n:]
		}
		whole, cut := NewDecompressor(Direction{}), NewDecompressor(Direction{})
		defer whole.Free()
		defer cut.Free()
		got1, err1 := inflatePieces(whole, [][]byte{payload})
		got2, err2 := inflatePieces(cut, pieces)
		if !bytes.Equal(got1, message) || (err1 == nil) != (want == nil) {
			t.Fatalf("whole: %d bytes, %v, want %d bytes, %v", len(got1), err1, len(message), want)
		}
		if !bytes.Equal(got1, got2) || err1 != err2 {
			t.Fatalf("whole: %d bytes, %v; in pieces: %d bytes, %v", len(got1), err1, len(got2), err2)
		}
	})
}

// bomb returns the payload of n zeros.
func bomb(t testing.TB, n int) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, 9)
	if err != nil {
		t.Fatal(err)
	}
	for zeros := make([]byte, 1<<20); n > 0; n -= len(zeros) {
		zeros = zeros[:min(n, len(zeros))]
		w.Write(zeros)
	}
	w.Flush()
	return bytes.TrimSuffix(b.Bytes(), tail)
}

func TestTheLimitIsExactAndCountsPerMessage(t *testing.T) {
	payloads := [][]byte{bomb(t, 100_000), bomb(t, 100_000)}
	for _, c := range []struct {
		limit int64
		err   error
	}{{-1, nil}, {100_001, nil}, {100_000, nil}, {99_999, ErrTooBig}, {1, ErrTooBig}, {0, ErrTooBig}} {
		d := NewDecompressor(Direction{ContextTakeover: true})
		for i, payload := range payloads {
			got, err := d.Append([]byte("before"), payload, c.limit)
			if err != c.err || err == nil && len(got) != 6+100_000 {
				t.Errorf("message %d, limit %d: %d bytes, %v", i, c.limit, len(got), err)
			}
		}
		d.Free()
	}
	d := NewDecompressor(Direction{})
	defer d.Free()
	if got, err := d.Append(nil, []byte{0}, 0); err != nil || len(got) != 0 {
		t.Errorf("an empty message, limit 0: %x, %v", got, err)
	}
}

func TestFreeEndsAMessageInItsMiddle(t *testing.T) {
	goroutines := runtime.NumGoroutine()
	for range 100 {
		d := NewDecompressor(Direction{ContextTakeover: true})
		d.Feed(unhex(t, "f248cdc9"), false)
		if chunk, err := d.Next(); err != nil || len(chunk) == 0 {
			t.Fatal(chunk, err)
		}
		if d.inflater == nil || d.Retained() == 0 {
			t.Fatal("no message has begun")
		}
		d.Free()
		d.Free()
		if d.inflater != nil || d.window.bytes != nil {
			t.Fatal("memory is held")
		}
		d.Feed([]byte{0}, true)
		if _, err := d.Next(); err != ErrMisused {
			t.Fatal(err)
		}
		if _, err := d.Append(nil, []byte{0}, -1); err != ErrMisused {
			t.Fatal(err)
		}
	}
	if n := runtime.NumGoroutine(); n > goroutines {
		t.Errorf("%d goroutines more", n-goroutines)
	}
}

func TestBetweenMessagesADecompressorHoldsTheWindowAndAtMost1KiBMore(t *testing.T) {
	for bits := 8; bits <= 15; bits++ {
		for _, takeover := range []bool{true, false} {
			d := NewDecompressor(Direction{bits, takeover})
			if n := d.Retained(); n != 0 {
				t.Errorf("%d bits, takeover %t: holds %d bytes at first", bits, takeover, n)
			}
			if _, err := d.Append(nil, bomb(t, 10), -1); err != nil {
				t.Fatal(err)
			}
			if n := d.Retained(); n > 512 {
				t.Errorf("%d bits, takeover %t: holds %d bytes after 10", bits, takeover, n)
			}
			for range 3 {
				if _, err := d.Append(nil, bomb(t, 50_000), -1); err != nil {
					t.Fatal(err)
				}
			}
			least, most := 0, 0
			if takeover {
				least, most = 1<<bits, 1<<bits+1<<10
			}
			if n := d.Retained(); n < least || n > most || n != cap(d.window.bytes) || d.inflater != nil {
				t.Errorf("%d bits, takeover %t: holds %d bytes of %d, %v", bits, takeover, n, cap(d.window.bytes), d.inflater)
			}
			d.Free()
			if n := d.Retained(); n != 0 {
				t.Errorf("%d bits, takeover %t: holds %d bytes after Free", bits, takeover, n)
			}
		}
	}
}

func TestAPieceOutOfTurnIsMisuse(t *testing.T) {
	for name, misuse := range map[string]func(d *Decompressor) error{
		"a piece before the last is used up": func(d *Decompressor) error {
			d.Feed(make([]byte, 100), false)
			d.Feed(nil, false)
			_, err := d.Next()
			return err
		},
		"a piece after the last of a message that is not used up": func(d *Decompressor) error {
			d.Feed(nil, true)
			d.Feed(nil, true)
			_, err := d.Next()
			return err
		},
		"a whole message within another": func(d *Decompressor) error {
			d.Feed(nil, false)
			_, err := d.Append(nil, []byte{0}, -1)
			return err
		},
	} {
		d := NewDecompressor(Direction{})
		if err := misuse(d); err != ErrMisused {
			t.Errorf("%s: %v", name, err)
		}
		d.Free()
	}
}

func TestBeforeAMessageThereIsNothing(t *testing.T) {
	d := NewDecompressor(Direction{})
	defer d.Free()
	for range 2 {
		if chunk, err := d.Next(); err != io.EOF || chunk != nil {
			t.Errorf("got %x, %v", chunk, err)
		}
	}
}

// The tables of all lengths, distances and extra bits are those of the RFC,
// and the fixed codes are.
func TestTheFixedCodesAreThoseOfTheRFC(t *testing.T) {
	for _, c := range []struct {
		bits string
		want string // kind, value, extra bits, bits
	}{
		{"00110000", "literal 0 0 8"},
		{"10111111", "literal 143 0 8"},
		{"110010000", "literal 144 0 9"},
		{"111111111", "literal 255 0 9"},
		{"0000000", "end 0 0 7"},
		{"0000001", "length 3 0 7"},
		{"0001000", "length 10 0 7"},
		{"0001001", "length 11 1 7"},
		{"0010111", "length 99 4 7"},
		{"11000000", "length 115 4 8"},
		{"11000100", "length 227 5 8"},
		{"11000101", "length 258 0 8"},
		{"11000110", "invalid 0 0 8"},
	} {
		var b uint64
		for i, x := range bitString(c.bits) {
			b |= uint64(x) << (8 * i)
		}
		e := fixedLiterals.lookup(b)
		kind := map[huffmanEntry]string{kindLiteral: "literal", kindEnd: "end", kindInvalid: "invalid", 0: "length"}[e&0xF00]
		if diff := cmp.Diff(c.want, fmt.Sprint(kind, " ", e.value(), " ", e.extra(), " ", e.bits())); diff != "" {
			t.Errorf("%s (-want +got): %s", c.bits, diff)
		}
	}
}

func TestBlocksOfAllKindsMayFollowEachOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		var message, payload []byte
		for range rapid.IntRange(1, 10).Draw(t, "blocks") {
			part := appendRepetitive(r, nil, rapid.IntRange(0, 400).Draw(t, "size"))
			message = append(message, part...)
			switch rapid.SampledFrom([]string{"stored", "fixed and stored", "flate"}).Draw(t, "kind") {
			case "stored":
				payload = append(payload, stored(part)...)
				continue
			case "fixed and stored": // with the header of the one in the last octet of the other
				message = append(message, part...)
				fixed := "0 10"
				for i, c := range part {
					part[i] = c % 144
					fixed += fmt.Sprintf("%08b", 0b00110000+int(part[i]))
				}
				copy(message[len(message)-2*len(part):], part)
				copy(message[len(message)-len(part):], part)
				payload = append(payload, bitString(fixed+"0000000 000")...)
				payload = append(payload, stored(part)[1:]...)
				continue
			}
			var b bytes.Buffer
			w, err := flate.NewWriter(&b, rapid.SampledFrom([]int{-2, 9}).Draw(t, "level"))
			if err != nil {
				t.Fatal(err)
			}
			w.Write(part)
			if rapid.Bool().Draw(t, "final") {
				w.Close()
			} else {
				w.Flush()
			}
			payload = append(payload, b.Bytes()...)
		}
		payload = append(payload, 0)
		for _, n := range []int{len(payload), 100, 9, 1} {
			d := NewDecompressor(Direction{})
			got, err := inflatePieces(d, cutAll(payload, n))
			if err != nil || !bytes.Equal(got, message) {
				t.Fatalf("in pieces of %d: %d bytes, %v, for %d bytes", n, len(got), err, len(message))
			}
			d.Free()
		}
	})
}

func TestTheEndOfAMessageIsNotTheEndOfTheNext(t *testing.T) {
	d := NewDecompressor(Direction{ContextTakeover: true})
	defer d.Free()
	if _, err := d.Append(nil, unhex(t, "f348cdc9c90700"), -1); err != nil { // BFINAL
		t.Fatal(err)
	}
	if _, err := d.Append(nil, nil, -1); !errors.Is(err, errTruncated) {
		t.Errorf("got %v", err)
	}
}
