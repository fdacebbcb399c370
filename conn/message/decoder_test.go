package message_test

import (
	"fmt"
	"iter"
	"slices"
	"sync"
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

// decoderCases are all of them, only to be read.
var decoderCases = sync.OnceValue(func() []decoderCase {
	return slices.Concat(
		framingCases(),
		lengthCases(),
		fragmentCases(),
		limitCases(),
		textCases(),
		closeCases(),
		deflateCases(),
	)
})

// sentCase is a case from one of the endpoints that can send it.
type sentCase struct {
	decoderCase
	fromClient bool
	sent       []byte
}

// GoString is how a property shows which case it has drawn.
func (c sentCase) GoString() string { return c.name }

// sentCases are all of them, only to be read.
var sentCases = sync.OnceValue(func() (cases []sentCase) {
	for _, c := range decoderCases() {
		for _, from := range []string{"client", "server"} {
			if c.only != "" && c.only != from {
				continue
			}
			sent := wire(panicker{}, from == "client", c.row)
			named := c
			named.name += ", from the " + from
			cases = append(cases, sentCase{named, from == "client", slices.Clip(sent)})
		}
	}
	return cases
})

// panicker fails where there is no test yet.
type panicker struct{}

func (panicker) Helper()                           {}
func (panicker) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

// forEachCase runs test for every case, from every endpoint that can send it.
// sent is only to be read.
func forEachCase(t *testing.T, test func(t *testing.T, c decoderCase, fromClient bool, sent []byte)) {
	for _, c := range sentCases() {
		t.Run(c.name, func(t *testing.T) {
			test(t, c.decoderCase, c.fromClient, c.sent)
		})
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

// G18: where the network cuts is no matter. Where one byte comes at a time,
// each header is read in as many pieces as it has bytes.
func TestNoCutOfTheInputChangesTheAnswerG18L8(t *testing.T) {
	forEachCase(t, func(t *testing.T, c decoderCase, fromClient bool, sent []byte) {
		want := c.outcome()
		for i := range cutPoints(len(sent)) {
			if diff := difference(want, decode(t, c.decoder(fromClient), [][]byte{sent[:i], sent[i:]})); diff != "" {
				t.Fatalf("cut after %d bytes: %s", i, diff)
			}
		}
		pieces := byteByByte(sent)
		if diff := difference(want, decode(t, c.decoder(fromClient), pieces)); diff != "" {
			t.Errorf("byte by byte, by Next: %s", diff)
		}
		if len(pieces) > 32<<10 {
			return
		}
		if diff := difference(want, decodeByFeed(t, c.decoder(fromClient), pieces)); diff != "" {
			t.Errorf("byte by byte, by Feed: %s", diff)
		}
	})
}

// byteByByte cuts b into single bytes, or if it is very long into 100 at both
// ends and larger pieces between.
func byteByByte(b []byte) [][]byte {
	const end = 100
	if len(b) <= 128<<10 && !raceDetector || len(b) <= 8<<10 {
		return chunks(b, 1)
	}
	return slices.Concat(chunks(b[:end], 1), chunks(b[end:len(b)-end], 999), chunks(b[len(b)-end:], 1))
}

func TestNoCutsOfTheInputChangeTheAnswerG18(t *testing.T) {
	cases := sentCases()
	rapid.Check(t, func(r *rapid.T) {
		c := rapid.SampledFrom(cases).Draw(r, "case")
		want := c.outcome()
		if diff := difference(want, decode(r, c.decoder(c.fromClient), drawPieces(r, c.sent))); diff != "" {
			r.Fatalf("%s: %s", c.name, diff)
		}
	})
}

// cutPoints yields where to cut n bytes in two: everywhere, or near both ends
// and at some places between if that would be too many.
func cutPoints(n int) iter.Seq[int] {
	many, near := 2048, 16
	if raceDetector {
		many = 64
	}
	if n > 32<<10 {
		near = 3
		if raceDetector {
			near = 0
		}
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

// decidedHeader is a header that must be refused, and the number of its byte
// that decides: no end of it could be lawful after that.
type decidedHeader struct {
	name     string
	row      string
	deciding int
}

func decidedHeaders() []decidedHeader {
	headers := []decidedHeader{
		{"L2 2^63-1 bytes, RFC 6455 7.4.1", "82 m7f 7fffffffffffffff K", 3},
		{"L2 2^53 bytes, RFC 6455 7.4.1", "82 m7f 0020000000000000 K", 4},
		{"L2 2^40 bytes, RFC 6455 7.4.1", "82 m7f 0000010000000000 K", 5},
		{"L2 2^32 bytes, RFC 6455 7.4.1", "82 m7f 0000000100000000 K", 6},
		{"L2 2^31 bytes, RFC 6455 7.4.1", "82 m7f 0000000080000000 K", 7},
		{"L4 5 bytes in the form for 126, RFC 6455 5.2", "82 m7e 0005 K", 4},
		{"L4 125 bytes in the form for 126, RFC 6455 5.2", "82 m7e 007d K", 4},
		{"L4 5 bytes in the form for 65536, RFC 6455 5.2", "82 m7f 0000000000000005 K", 8},
		{"L4 65535 bytes in the form for 65536, RFC 6455 5.2", "82 m7f 000000000000ffff K", 8},
		{"K1 reserved opcode, RFC 6455 5.2", "83 m00 K", 1},
		{"K1 ping of 126 bytes, RFC 6455 5.5", "89 m7e 007e K", 2},
		{"L6 a byte more than the limit, RFC 6455 7.4.1", "82 m7f 0000000000100001 K", 10},
	}
	for _, length := range topBitLengths {
		headers = append(headers, decidedHeader{"L1 length " + length + ", RFC 6455 5.2", "82 m7f " + length + " K", 3})
	}
	return headers
}

// Byte by byte, the answer comes no earlier than the byte that decides, and no
// later than the end of the header. L3 is the same after a fragment.
func TestHeaderIsRefusedBetweenTheByteThatDecidesAndItsEndL8(t *testing.T) {
	for _, c := range decidedHeaders() {
		for before, opcode := range map[string]string{"": "", "02 m01 K(41) ": "80"} {
			row := c.row
			if opcode != "" {
				if row[:2] != "82" {
					continue
				}
				row = opcode + row[2:]
			}
			for _, fromClient := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s, after %q, client %v", c.name, before, fromClient), func(t *testing.T) {
					d := settings{}.decoder(fromClient)
					if err := feed(d, wire(t, fromClient, before)); err != nil {
						t.Fatal(err)
					}
					sent := wire(t, fromClient, row)
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
}
