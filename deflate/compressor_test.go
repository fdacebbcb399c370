package deflate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var levels = []int{-2, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9}

// anyMessages draws messages that repeat themselves and each other at all
// distances.
var anyMessages = rapid.Custom(func(t *rapid.T) [][]byte {
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	n := rapid.IntRange(1, 6).Draw(t, "messages")
	var all []byte
	var messages [][]byte
	for range n {
		size := rapid.OneOf(rapid.IntRange(0, 300), rapid.IntRange(0, 5000), rapid.IntRange(0, 100_000)).Draw(t, "size")
		start := len(all)
		all = appendRepetitive(r, all, size)
		messages = append(messages, all[start:len(all):len(all)])
	}
	return messages
})

// appendRepetitive appends n bytes, among them copies of earlier ones.
func appendRepetitive(r *rand.Rand, b []byte, n int) []byte {
	for end := len(b) + n; len(b) < end; {
		run := min(1+r.IntN(40), end-len(b))
		if distance := 1 + r.IntN(1<<(1+r.IntN(17))); distance <= len(b) && r.IntN(3) > 0 {
			for range run * 3 {
				if len(b) < end {
					b = append(b, b[len(b)-distance])
				}
			}
			continue
		}
		for range run {
			b = append(b, byte(r.Uint32()>>r.IntN(32)))
		}
	}
	return b
}

func TestMessagesComeBackAsTheyWent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := Direction{rapid.IntRange(8, 15).Draw(t, "bits"), rapid.Bool().Draw(t, "takeover")}
		level := rapid.SampledFrom(levels).Draw(t, "level")
		c, err := NewCompressor(d, level)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Free()
		z := NewDecompressor(d)
		defer z.Free()
		var seen []byte // what the peer may be referred to
		for i, message := range anyMessages.Draw(t, "messages") {
			compressed, ok := c.Append([]byte("before"), bytes.Clone(message))
			if !ok {
				if string(compressed) != "before" {
					t.Fatalf("message %d: dst was changed to %q", i, compressed)
				}
				continue
			}
			payload, found := bytes.CutPrefix(compressed, []byte("before"))
			if !found {
				t.Fatalf("message %d: dst was overwritten: %q", i, compressed)
			}
			if len(payload) >= len(message) {
				t.Fatalf("message %d: %d bytes became %d", i, len(message), len(payload))
			}

			strictly, longest, err := strictInflate(seen[max(0, len(seen)-1<<d.WindowBits):], payload, 1<<d.WindowBits)
			if err != nil || !bytes.Equal(strictly, message) {
				t.Fatalf("message %d: the oracle gets %d bytes, %v, for %d bytes; distances up to %d", i, len(strictly), err, len(message), longest)
			}
			if d.ContextTakeover {
				seen = append(seen, message...)
			}

			got, err := inflatePieces(z, cutAll(payload, rapid.IntRange(1, len(payload)+1).Draw(t, "piece")))
			if err != nil || !bytes.Equal(got, message) {
				t.Fatalf("message %d: got %d bytes, %v, for %d bytes", i, len(got), err, len(message))
			}
		}
	})
}

// A window is kept to, but also made use of: with each bit more, matches come
// from further away (RFC 7692 7.1.2).
func TestAWindowHoldsInTheBytes(t *testing.T) {
	phrase := noise(64, 1)
	for bits := 8; bits <= 15; bits++ {
		for _, level := range []int{1, 2, 3, 4, 5, 6, 7, 8, 9} {
			window := 1 << bits
			// What comes again, and the distance up to which it must be found: in
			// a message, and across messages.
			again := append(bytes.Clone(phrase), bytes.Repeat([]byte{0}, 200)...)
			reach := window
			if bits < 15 && len(again) <= window/2 {
				reach -= len(again)
			}
			if level < 7 {
				reach = min(reach, 8<<10)
			}
			for _, c := range []struct {
				name     string
				distance int
				within   bool
				across   bool
			}{
				{"inside", window - 32, true, window-32 <= reach},
				{"in reach", reach - 32, true, true},
				{"outside", window + 1, false, false},
				{"far outside", 2*window + 1, false, false},
			} {
				// The phrase, once, then again at the distance. What is between has a
				// repetition every now and then, or encoders would stop looking.
				first := append(bytes.Repeat([]byte{0}, 200), phrase...)
				filler := noise(c.distance-len(phrase), 2)
				for i := 0; i < len(filler)-32; i += 32 {
					copy(filler[i+8:], make([]byte, 24))
				}

				t.Run(fmt.Sprintf("%d bits, level %d, %s a message", bits, level, c.name), func(t *testing.T) {
					longest, _ := compressStrictly(t, Direction{bits, true}, level, append(append(bytes.Clone(first), filler...), again...))
					if (longest == c.distance) != c.within {
						t.Errorf("the longest distance is %d, the phrase's is %d", longest, c.distance)
					}
				})
				t.Run(fmt.Sprintf("%d bits, level %d, %s across messages", bits, level, c.name), func(t *testing.T) {
					longest, n := compressStrictly(t, Direction{bits, true}, level, append(bytes.Clone(first), filler...), again)
					if n != 2 {
						t.Skip("the first message did not get smaller and stays out of the window")
					}
					if (longest == c.distance) != c.across {
						t.Errorf("the longest distance is %d, the phrase's is %d", longest, c.distance)
					}
				})
			}
		}
	}
}

// noise returns n bytes that nothing can be made of.
func noise(n int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 0))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// compressStrictly compresses messages, checks them with the oracle, and
// returns the longest distance of a match and how many messages got smaller.
func compressStrictly(t *testing.T, d Direction, level int, messages ...[]byte) (longest, smaller int) {
	t.Helper()
	c, err := NewCompressor(d, level)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Free()
	var seen []byte
	for i, message := range messages {
		payload, ok := c.Append(nil, message)
		if !ok {
			continue
		}
		smaller++
		got, dist, err := strictInflate(seen, payload, 1<<d.WindowBits)
		if err != nil || !bytes.Equal(got, message) {
			t.Fatalf("message %d: %d bytes, %v, for %d bytes", i, len(got), err, len(message))
		}
		longest = max(longest, dist)
		if d.ContextTakeover {
			seen = append(seen, message...)
		}
	}
	return longest, smaller
}

func TestWithContextTakeoverARepeatedMessageShrinksToAlmostNothing(t *testing.T) {
	message := []byte(`{"type":"message","id":193401,"room":"lobby","from":"anna","text":"hello, is anybody there?",` +
		`"seen":["bert","carl","dora"],"type":"message","id":193402,"room":"lobby","from":"bert","text":"hello, anna"}`)
	for _, bits := range []int{8, 9, 11, 15} {
		for _, takeover := range []bool{true, false} {
			c, err := NewCompressor(Direction{bits, takeover}, 0)
			if err != nil {
				t.Fatal(err)
			}
			first, _ := c.Append(nil, message)
			second, _ := c.Append(nil, message)
			if shrunk := len(second) < len(first)/4; shrunk != takeover {
				t.Errorf("%d bits, takeover %t: %d bytes, then %d", bits, takeover, len(first), len(second))
			}
			c.Free()
		}
	}
}

// Levels below 7 of the package underneath find nothing in messages of less
// than 128 bytes. With context takeover these are what there is most to gain on,
// once the window has something in it: the shortest need a first message that
// is compressed though it grows.
func TestWithContextTakeoverShortMessagesShrinkAtEveryLevel(t *testing.T) {
	for _, level := range []int{-1, 1, 6, 9} {
		for _, bits := range []int{9, 15} {
			for _, size := range []int{20, 40, 64, 127} {
				c, err := NewCompressor(Direction{bits, true}, level)
				if err != nil {
					t.Fatal(err)
				}
				d := NewDecompressor(Direction{bits, true})
				in, out := 0, 0
				for i := range max(30, 200/lessUnderRace) {
					message := fmt.Appendf(nil, `{"type":"move","player":%d,"x":%d,"y":%d,"time":%d,"keys":"wasd","visible":true,"animation":"walk","sound":null,"layer":%d}`,
						i%7, 100+i*i%61, 300-i%17, 17954000+i*33, i%3)[:size]
					payload, ok := c.Append(nil, message)
					if i == 0 && size <= 40 {
						payload, _ = c.AppendPiece(nil, message, true)
						ok = true
					}
					if !ok {
						payload = message
					} else if got, err := d.Append(nil, payload, -1); err != nil || !bytes.Equal(got, message) {
						t.Fatalf("%q, %v", got, err)
					}
					in += len(message)
					out += len(payload)
				}
				if in < 2*out {
					t.Errorf("level %d, %d bits, messages of %d: %d bytes became %d", level, bits, size, in, out)
				}
				c.Free()
				d.Free()
			}
		}
	}
}

func TestAMessageThatDoesNotShrinkStaysOutOfTheWindow(t *testing.T) {
	message := noise(1000, 3)
	for _, level := range levels {
		c, err := NewCompressor(Direction{15, true}, level)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			dst := []byte("before")
			if got, ok := c.Append(dst, message); ok || string(got) != "before" {
				t.Errorf("level %d: got %d bytes, %t", level, len(got), ok)
			}
		}
		c.Free()
	}
}

func TestAnEmptyMessageIsNotMadeSmaller(t *testing.T) {
	c, err := NewCompressor(Direction{15, true}, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Free()
	if got, ok := c.Append(nil, nil); ok || got != nil {
		t.Errorf("got %x, %t", got, ok)
	}
}

func TestALevelOrWindowOutOfRangeIsAnError(t *testing.T) {
	for _, c := range []struct {
		bits, level int
		ok          bool
	}{
		{0, 0, true}, {8, -2, true}, {8, 9, true}, {15, -1, true}, {15, 9, true},
		{7, 0, false}, {16, 0, false}, {-1, 0, false}, {15, -3, false}, {15, 10, false}, {9, 10, false},
	} {
		_, err := NewCompressor(Direction{c.bits, true}, c.level)
		if (err == nil) != c.ok {
			t.Errorf("%d bits, level %d: %v", c.bits, c.level, err)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "websocket: ") {
			t.Errorf("%d bits, level %d: %v", c.bits, c.level, err)
		}
	}
}

func TestACompressorHoldsNoMoreThanItsWindow(t *testing.T) {
	for bits := 8; bits <= 15; bits++ {
		for _, takeover := range []bool{true, false} {
			c, err := NewCompressor(Direction{bits, takeover}, 0)
			if err != nil {
				t.Fatal(err)
			}
			for size := 200; size < 100_000; size += size / 3 {
				c.Append(nil, bytes.Repeat([]byte{'x'}, size))
			}
			want := 0
			if takeover {
				want = min(1<<bits, 8<<10)
			}
			if got := c.Retained(); got != want {
				t.Errorf("%d bits, takeover %t: holds %d bytes", bits, takeover, got)
			}
			c.Free()
			if got := c.Retained(); got != 0 {
				t.Errorf("%d bits, takeover %t: holds %d bytes after Free", bits, takeover, got)
			}
		}
	}
}

func TestAfterFreeACompressorCompressesNothing(t *testing.T) {
	c, err := NewCompressor(Direction{15, true}, 0)
	if err != nil {
		t.Fatal(err)
	}
	c.Free()
	c.Free()
	if _, ok := c.Append(nil, bytes.Repeat([]byte{'x'}, 1000)); ok {
		t.Error("it does")
	}
}

// Another implementation agrees: zlib, which keeps a window of exactly the
// size it is told, if it must hand its output out in small pieces.
func TestNodeInflatesWhatWeCompress(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("no node on the PATH")
	}
	type message struct {
		Bits                      int
		Dictionary, Data, Payload []byte
	}
	var cases []message
	r := rand.New(rand.NewPCG(11, 0))
	for bits := 8; bits <= 15; bits++ {
		for _, level := range []int{-2, 1, 6, 9} {
			c, err := NewCompressor(Direction{bits, true}, level)
			if err != nil {
				t.Fatal(err)
			}
			var seen []byte
			for range 5 {
				data := appendRepetitive(r, bytes.Clone(seen), 200+r.IntN(3<<bits))[len(seen):]
				var payload []byte
				ok := level == 9
				if !ok {
					payload, ok = c.Append(nil, data)
				} else { // in pieces
					for i := 0; i <= len(data); i += 1000 {
						if payload, err = c.AppendPiece(payload, data[i:min(i+1000, len(data))], i+1000 > len(data)); err != nil {
							t.Fatal(err)
						}
					}
				}
				if ok {
					cases = append(cases, message{bits, bytes.Clone(seen), data, payload})
					seen = append(seen, data...)
					seen = seen[max(0, len(seen)-1<<bits):]
				}
			}
			c.Free()
		}
	}
	in, err := json.Marshal(cases)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(node, "-e", `
		const zlib = require('zlib');
		const bytes = s => Buffer.from(s || '', 'base64');
		let n = 0;
		for (const c of JSON.parse(require('fs').readFileSync(0))) {
			const dictionary = bytes(c.Dictionary);
			const whole = Buffer.concat([bytes(c.Payload), Buffer.from('0000ffff010000ffff', 'hex')]);
			const options = { windowBits: c.Bits, chunkSize: 64 };
			if (dictionary.length) options.dictionary = dictionary;
			const got = zlib.inflateRawSync(whole, options);
			if (!got.equals(bytes(c.Data))) throw new Error('case ' + n + ' differs');
			n++;
		}
		console.log(n);`)
	cmd.Stdin = bytes.NewReader(in)
	out, err := cmd.CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != fmt.Sprint(len(cases)) || len(cases) < 100 {
		t.Errorf("of %d cases node says: %s, %v", len(cases), out, err)
	}
}
