package message_test

import (
	"iter"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// decoderCase is what one endpoint sends, and what the other makes of it. The
// tables are in the files named after what they are about.
type decoderCase struct {
	name string // with the section or the id of the law
	settings
	row  string   // for wire
	only string   // "client" or "server" if only that one can send it
	want []string // what arrives, as show has it
	open string   // what arrives of an unfinished message
	fail string   // "" or the close code, and the section or the option with its value
}

func (c decoderCase) outcome() outcome {
	return outcome{arrived: c.want, open: []byte(c.open), fail: c.fail}
}

func decoderCases() []decoderCase {
	return slices.Concat(
		framingCases(),
		lengthCases(),
		fragmentCases(),
		limitCases(),
		textCases(),
		closeCases(),
		deflateCases(),
	)
}

// forEachCase runs test for every case, from every endpoint that can send it.
func forEachCase(t *testing.T, test func(t *testing.T, c decoderCase, fromClient bool, sent []byte)) {
	for _, c := range decoderCases() {
		for _, from := range []string{"client", "server"} {
			if c.only != "" && c.only != from {
				continue
			}
			t.Run(c.name+", from the "+from, func(t *testing.T) {
				test(t, c, from == "client", wire(t, from == "client", c.row))
			})
		}
	}
}

func TestCasesHaveNamesOfTheirOwn(t *testing.T) {
	names := map[string]bool{}
	for _, c := range decoderCases() {
		if names[c.name] {
			t.Errorf("%q is there twice", c.name)
		}
		names[c.name] = true
	}
}

func TestDecoderAnswersAsTheTablesSay(t *testing.T) {
	forEachCase(t, func(t *testing.T, c decoderCase, fromClient bool, sent []byte) {
		want := c.outcome()
		if diff := difference(want, decode(t, c.decoder(fromClient), [][]byte{sent})); diff != "" {
			t.Errorf("by Next: %s", diff)
		}
		if diff := difference(want, decodeByFeed(t, c.decoder(fromClient), [][]byte{sent})); diff != "" {
			t.Errorf("by Feed: %s", diff)
		}
	})
}

func TestNoCutOfTheInputChangesTheAnswer(t *testing.T) {
	forEachCase(t, func(t *testing.T, c decoderCase, fromClient bool, sent []byte) {
		want := c.outcome()
		for i := range cutPoints(len(sent)) {
			if diff := difference(want, decode(t, c.decoder(fromClient), [][]byte{sent[:i], sent[i:]})); diff != "" {
				t.Fatalf("cut after %d bytes: %s", i, diff)
			}
		}
		if diff := difference(want, decode(t, c.decoder(fromClient), chunks(sent, 1))); diff != "" {
			t.Errorf("byte by byte, by Next: %s", diff)
		}
		if len(sent) > 32<<10 {
			return
		}
		if diff := difference(want, decodeByFeed(t, c.decoder(fromClient), chunks(sent, 1))); diff != "" {
			t.Errorf("byte by byte, by Feed: %s", diff)
		}
	})
}

func TestNoCutsOfTheInputChangeTheAnswer(t *testing.T) {
	cases := decoderCases()
	rapid.Check(t, func(r *rapid.T) {
		c := rapid.SampledFrom(cases).Draw(r, "case")
		fromClient := c.only == "client" || c.only == "" && rapid.Bool().Draw(r, "from the client")
		pieces := drawPieces(r, wire(t, fromClient, c.row))
		want := c.outcome()
		if diff := difference(want, decode(r, c.decoder(fromClient), pieces)); diff != "" {
			r.Fatalf("%s: %s", c.name, diff)
		}
	})
}

// cutPoints yields where to cut n bytes in two: everywhere, or near both ends
// and at some places between if that would be too many.
func cutPoints(n int) iter.Seq[int] {
	const many = 2048
	near := 16
	if n > 32<<10 {
		near = 3
	}
	return func(yield func(int) bool) {
		for i := 0; i <= n; i++ {
			if n > many && i > near && i < n-near {
				i = min(i+n/4, n-near)
			}
			if !yield(i) {
				return
			}
		}
	}
}

// drawPieces cuts b anywhere, also into pieces of no bytes.
func drawPieces(r *rapid.T, b []byte) [][]byte {
	size := rapid.OneOf(rapid.IntRange(0, 3), rapid.IntRange(0, 40), rapid.IntRange(1, 70_000))
	if len(b) > 4096 {
		size = rapid.OneOf(rapid.IntRange(0, 3000), rapid.IntRange(1, 70_000))
	}
	var pieces [][]byte
	for len(b) > 0 {
		n := min(size.Draw(r, "piece"), len(b))
		pieces = append(pieces, b[:n])
		b = b[n:]
	}
	return pieces
}

// L8: byte by byte, the answer comes no earlier than the byte that decides, and
// no later than the end of the header.
func TestHeaderIsRefusedBetweenTheByteThatDecidesAndItsEnd(t *testing.T) {
	for _, c := range []struct {
		name     string
		row      string
		deciding int // the number of the byte that decides
	}{
		{"L1 top bit of the length, RFC 6455 5.2", "82 m7f 8000000000000000 K", 3},
		{"L2 2^63-1 bytes, RFC 6455 7.4.1", "82 m7f 7fffffffffffffff K", 3},
		{"L4 5 bytes in the form for 126, RFC 6455 5.2", "82 m7e 0005 K", 4},
		{"L4 65535 bytes in the form for 65536, RFC 6455 5.2", "82 m7f 000000000000ffff K", 8},
		{"K1 reserved opcode, RFC 6455 5.2", "83 m00 K", 1},
		{"K1 ping of 126 bytes, RFC 6455 5.5", "89 m7e 007e K", 2},
		{"L6 a byte more than the limit, RFC 6455 7.4.1", "82 m7f 0000000000100001 K", 10},
	} {
		for _, from := range []string{"client", "server"} {
			t.Run(c.name+", from the "+from, func(t *testing.T) {
				sent := wire(t, from == "client", c.row)
				d := settings{}.decoder(from == "client")
				for i := range sent {
					if _, _, err := d.Next(sent[i : i+1]); err != nil {
						if i+1 < c.deciding {
							t.Errorf("after %d bytes: %v", i+1, err)
						}
						return
					}
				}
				t.Error("not refused at the end of the header")
			})
		}
	}
}
