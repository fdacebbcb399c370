package conn_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
)

// hostileTexts are not UTF-8, RFC 3629 section 3. decides is how many bytes it
// takes to know, or 0 if only the end of the message tells.
var hostileTexts = []struct {
	name, text string
	decides    int
}{
	{"C0 80, a zero in two bytes", "\xc0\x80", 1},
	{"ED A0 80, a surrogate", "\xed\xa0\x80", 2},
	{"F4 90 80 80, beyond U+10FFFF", "\xf4\x90\x80\x80", 2},
	{"F5 80 80 80, beyond U+10FFFF", "\xf5\x80\x80\x80", 1},
	{"E0 9F 80, too long a form", "\xe0\x9f\x80", 2},
	{"F0 8F 80 80, too long a form", "\xf0\x8f\x80\x80", 2},
	{"FF", "\xff", 1},
	{"80, a continuation of nothing", "\x80", 1},
	{"E2 82 and a letter", "\xe2\x82a", 3},
	{"C3, cut at its end", "\xc3", 0},
	{"E2 82, cut at its end", "\xe2\x82", 0},
	{"F0 9F 98, cut at its end", "\xf0\x9f\x98", 0},
}

// beforeText is valid, with runes of each length.
const beforeText = "a é € 😀 "

// A text that is not UTF-8 fails with 1007, wherever it is cut, compressed or
// not, RFC 6455 section 8.1. The same bytes are a good binary message.
func TestTextIsUTF8OrFailsWhereverItIsCutK7Row148(t *testing.T) {
	inEitherRole(t, func(t *testing.T, client bool) {
		for i, tc := range hostileTexts {
			text := beforeText + tc.text
			z := deflatedWith(t, 9, text)[0]
			for _, payload := range []string{text, z} {
				rsv1 := byte(0)
				if payload == z {
					rsv1 = 0x40
				}
				for cut := range len(payload) + 1 {
					style := readStyles[(i+cut)%len(readStyles)]
					name := fmt.Sprintf("%s, compressed %v, cut after %d bytes, %s", tc.name, payload == z, cut, style.name)
					message := func(opcode byte) *scripted {
						frames := []string{asFrame(rsv1|opcode, payload[:cut]), asFrame(0x80, payload[cut:])}
						if cut == len(payload) {
							frames = []string{asFrame(0x80|rsv1|opcode, payload)}
						}
						return &scripted{lines: lines(client, frames...)}
					}
					setup := conn.Setup{Client: client, Deflate: &deflate.Params{}}

					stream := message(0x01)
					c := newConn(t, stream, setup, nil)
					err := style.read(c, noMessage(t))
					expectFailed(t, c, err, frame.InvalidFramePayloadData)
					expectVerdictAlone(t, client, stream.words(), frame.InvalidFramePayloadData)

					stream = message(0x02)
					c = newConn(t, stream, setup, nil)
					var got []string
					style.read(c, func(_ conn.Type, data []byte) { got = append(got, string(data)) })
					if !slices.Equal(got, []string{text}) || len(stream.words()) > 0 {
						t.Errorf("as a binary message %q arrives, and the peer hears %x", got, stream.words())
					}
					if t.Failed() {
						t.Fatal(name)
					}
				}
			}
		}
	})
}

// The answer comes with the byte that nothing can mend, not with the end of the
// message: each byte is a fragment, or a read of one long frame.
func TestTextFailsAtTheByteThatDecidesK7Row148(t *testing.T) {
	inEitherRole(t, func(t *testing.T, client bool) {
		for _, tc := range hostileTexts {
			text := beforeText + tc.text
			decides := len(beforeText) + tc.decides // the fragment
			fragments := []string{"\x01\x00"}
			for i := range len(text) {
				fragments = append(fragments, asFrame(0x00, text[i:i+1]))
			}
			fragments = append(fragments, "\x80\x00")
			if tc.decides == 0 {
				decides = len(fragments) - 1
			}
			stream := &scripted{lines: lines(client, fragments...)}
			c := newConn(t, stream, conn.Setup{Client: client}, nil)
			_, err := c.Read(bg)
			expectFailed(t, c, err, frame.InvalidFramePayloadData)
			if stream.begunBefore != decides+1 {
				t.Errorf("%s: answered at fragment %d, want %d", tc.name, stream.begunBefore-1, decides)
			}

			if tc.decides == 0 {
				continue
			}
			long := fromPeer(client, asFrame(0x81, text+"and so on"))
			stream = &scripted{lines: [][]byte{long}, atATime: 1}
			c = newConn(t, stream, conn.Setup{Client: client}, nil)
			_, err = c.Read(bg)
			expectFailed(t, c, err, frame.InvalidFramePayloadData)
			head := len(long) - len(text+"and so on")
			if stream.saidBefore != head+decides {
				t.Errorf("%s: answered after %d bytes of the text, want %d", tc.name, stream.saidBefore-head, decides)
			}
		}
	})
}

// Text that is good arrives wherever it is cut, in the middle of a rune too.
func TestGoodTextArrivesWhereverItIsCutK7(t *testing.T) {
	const text = beforeText + "\u0000\u007f\u0080\u07ff\u0800\ud7ff\ue000\uffff\U00010000\U0010ffff"
	inEitherRole(t, func(t *testing.T, client bool) {
		for cut := range len(text) + 1 {
			for _, style := range readStyles {
				stream := &scripted{lines: lines(client, asFrame(0x01, text[:cut]), asFrame(0x80, text[cut:]))}
				c := newConn(t, stream, conn.Setup{Client: client}, nil)
				var got []string
				style.read(c, func(typ conn.Type, data []byte) { got = append(got, typ.String()+" "+string(data)) })
				if !slices.Equal(got, []string{"text " + text}) || len(stream.words()) > 0 {
					t.Errorf("cut after %d bytes, %s: %q arrives, and the peer hears %x", cut, style.name, got, stream.words())
				}
			}
		}
	})
}

// With SkipUTF8 text is not looked at: the option does what it says, and no more.
func TestSkipUTF8LetsTextPassAndNothingElseK7(t *testing.T) {
	inEitherRole(t, func(t *testing.T, client bool) {
		for _, tc := range hostileTexts {
			stream := &scripted{lines: lines(client, asFrame(0x81, tc.text), "\x81\x01a", "\x83\x00")}
			c := newConn(t, stream, conn.Setup{Client: client}, &conn.Options{SkipUTF8: true})
			var got []string
			err := twoStyles[1].read(c, func(_ conn.Type, data []byte) { got = append(got, string(data)) })
			if !slices.Equal(got, []string{tc.text, "a"}) {
				t.Errorf("%s: %q arrives", tc.name, got)
			}
			expectFailed(t, c, err, frame.ProtocolError)
		}
	})
}
