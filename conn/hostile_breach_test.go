package conn_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
	"pgregory.net/rapid"
)

// breach is something that a peer must not send.
type breach struct {
	name    string
	frames  []string      // as a server sends them
	deflate bool          // permessage-deflate was agreed
	opts    *conn.Options // nil for the defaults
	arrive  []string      // messages before it
	code    frame.CloseCode
}

// breaches are in the order of the table of behaviour. Lengths are in
// hostileLengths, texts in hostileTexts, and close codes in receivedCloses.
var breaches = []breach{
	{name: "row 139 RSV2 on a text, RFC 6455 5.2", frames: []string{"\xa1\x00"}, code: 1002},
	{name: "row 139 RSV3 on a text, RFC 6455 5.2", frames: []string{"\x91\x00"}, code: 1002},
	{name: "row 139 RSV2 on a ping, RFC 6455 5.2", frames: []string{"\xa9\x00"}, code: 1002},
	{name: "row 139 RSV3 on a pong, RFC 6455 5.2", frames: []string{"\x9a\x00"}, code: 1002},
	{name: "row 139 RSV2 on a close, RFC 6455 5.2", frames: []string{"\xa8\x02\x03\xe8"}, code: 1002},
	{name: "row 139 RSV2 on a continuation, RFC 6455 5.2", frames: []string{"\x01\x01a", "\xa0\x01b"}, code: 1002},
	{name: "Z9 row 139 RSV2 with compression agreed, RFC 7692 6", deflate: true, frames: []string{"\xa1\x00"}, code: 1002},
	{name: "Z9 row 139 RSV3 with compression agreed, RFC 7692 6", deflate: true, frames: []string{"\x91\x00"}, code: 1002},
	{name: "Z9 row 139 RSV1 and RSV2 with compression agreed, RFC 7692 6", deflate: true, frames: []string{"\xe1\x01\x00"}, code: 1002},

	{name: "Z9 row 140 RSV1 on a text without extension, RFC 6455 5.2", frames: []string{"\xc1\x01\x00"}, code: 1002},
	{name: "Z9 row 140 RSV1 on a binary without extension, RFC 6455 5.2", frames: []string{"\xc2\x01\x00"}, code: 1002},
	{name: "Z9 row 140 RSV1 on a first fragment without extension, RFC 6455 5.2", frames: []string{"\x41\x01\x00"}, code: 1002},
	{name: "Z9 row 140 RSV1 on a ping without extension, RFC 6455 5.2", frames: []string{"\xc9\x00"}, code: 1002},
	{name: "Z9 row 140 RSV1 on a ping, RFC 7692 6.1", deflate: true, frames: []string{"\xc9\x00"}, code: 1002},
	{name: "Z9 row 140 RSV1 on a pong, RFC 7692 6.1", deflate: true, frames: []string{"\xca\x00"}, code: 1002},
	{name: "Z9 row 140 RSV1 on a close, RFC 7692 6.1", deflate: true, frames: []string{"\xc8\x02\x03\xe8"}, code: 1002},
	{name: "Z9 row 140 RSV1 on a last continuation, RFC 7692 6.1", deflate: true, frames: []string{"\x41\x03\xf2\x48\xcd", "\xc0\x04\xc9\xc9\x07\x00"}, code: 1002},
	{name: "Z9 row 140 RSV1 on a continuation, RFC 7692 6.1", deflate: true, frames: []string{"\x41\x03\xf2\x48\xcd", "\x40\x04\xc9\xc9\x07\x00"}, code: 1002},
	{name: "Z9 row 140 RSV1 on a continuation of what is not compressed, RFC 7692 6.1", deflate: true, frames: []string{"\x01\x01a", "\xc0\x01\x00"}, code: 1002},

	{name: "K1 row 141 opcode 3, RFC 6455 5.2", frames: []string{"\x83\x00"}, code: 1002},
	{name: "K1 row 141 opcode 4, RFC 6455 5.2", frames: []string{"\x84\x00"}, code: 1002},
	{name: "K1 row 141 opcode 5, RFC 6455 5.2", frames: []string{"\x85\x00"}, code: 1002},
	{name: "K1 row 141 opcode 6, RFC 6455 5.2", frames: []string{"\x86\x00"}, code: 1002},
	{name: "K1 row 141 opcode 7, RFC 6455 5.2", frames: []string{"\x87\x00"}, code: 1002},
	{name: "K1 row 141 opcode B, RFC 6455 5.2", frames: []string{"\x8b\x00"}, code: 1002},
	{name: "K1 row 141 opcode C, RFC 6455 5.2", frames: []string{"\x8c\x00"}, code: 1002},
	{name: "K1 row 141 opcode D, RFC 6455 5.2", frames: []string{"\x8d\x00"}, code: 1002},
	{name: "K1 row 141 opcode E, RFC 6455 5.2", frames: []string{"\x8e\x00"}, code: 1002},
	{name: "K1 row 141 opcode F, RFC 6455 5.2", frames: []string{"\x8f\x00"}, code: 1002},
	{name: "K1 row 141 opcode 3 without FIN, RFC 6455 5.2", frames: []string{"\x03\x01a"}, code: 1002},
	{name: "K1 row 141 opcode B inside a message, RFC 6455 5.2", frames: []string{"\x01\x01a", "\x8b\x00"}, code: 1002},

	{name: "row 142 continuation of nothing, RFC 6455 5.4", frames: []string{"\x80\x01a"}, code: 1002},
	{name: "row 142 continuation of nothing without FIN, RFC 6455 5.4", frames: []string{"\x00\x01a"}, code: 1002},
	{name: "row 142 continuation of a whole message, RFC 6455 5.4", frames: []string{"\x81\x01a", "\x80\x01b"}, arrive: []string{"a"}, code: 1002},
	{name: "row 142 continuation of a message that has ended, RFC 6455 5.4", frames: []string{"\x01\x01a", "\x80\x01b", "\x80\x01c"}, arrive: []string{"ab"}, code: 1002},
	{name: "row 142 text inside a text, RFC 6455 5.4", frames: []string{"\x01\x01a", "\x81\x01b"}, code: 1002},
	{name: "row 142 binary inside a text, RFC 6455 5.4", frames: []string{"\x01\x01a", "\x82\x01b"}, code: 1002},
	{name: "row 142 first fragment inside a binary, RFC 6455 5.4", frames: []string{"\x02\x01a", "\x02\x01b"}, code: 1002},
	{name: "row 142 text behind a continuation, RFC 6455 5.4", frames: []string{"\x01\x01a", "\x00\x01b", "\x81\x01c"}, code: 1002},

	{name: "K1 row 143 ping without FIN, RFC 6455 5.5", frames: []string{"\x09\x00"}, code: 1002},
	{name: "K1 row 143 pong without FIN, RFC 6455 5.5", frames: []string{"\x0a\x00"}, code: 1002},
	{name: "K1 row 143 close without FIN, RFC 6455 5.5", frames: []string{"\x08\x02\x03\xe8"}, code: 1002},
	{name: "K1 row 143 ping without FIN inside a message, RFC 6455 5.5", frames: []string{"\x01\x01a", "\x09\x01b"}, code: 1002},

	{name: "K1 row 144 ping of 126 bytes, RFC 6455 5.5", frames: []string{asFrame(0x89, strings.Repeat("p", 126))}, code: 1002},
	{name: "K1 row 144 pong of 126 bytes, RFC 6455 5.5", frames: []string{asFrame(0x8A, strings.Repeat("p", 126))}, code: 1002},
	{name: "K1 row 144 close of 126 bytes, RFC 6455 5.5", frames: []string{asFrame(0x88, "\x03\xe8"+strings.Repeat("p", 124))}, code: 1002},
	{name: "K1 row 144 ping of 64 KiB, RFC 6455 5.5", frames: []string{asFrame(0x89, strings.Repeat("p", 1<<16))}, code: 1002},
	{name: "K1 row 144 ping of 2^63-1, RFC 6455 5.5", frames: []string{"\x89\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"}, code: 1002},
	{name: "K5 row 144 close of one byte, RFC 6455 5.5.1", frames: []string{"\x88\x01\x03"}, code: 1002},

	{name: "K5 row 147 close with 1005, RFC 6455 7.4.1", frames: []string{"\x88\x02\x03\xed"}, code: 1002},
	{name: "K7 row 148 text C0 80, RFC 6455 8.1", frames: []string{"\x81\x02\xc0\x80"}, code: 1007},
	{name: "K5 row 149 reason FF, RFC 6455 5.5.1", frames: []string{"\x88\x03\x03\xe8\xff"}, code: 1007},
	{name: "L2 row 150 1 MiB and one byte, RFC 6455 10.4", frames: []string{"\x82\x7f\x00\x00\x00\x00\x00\x10\x00\x01"}, code: 1009},
	{name: "L6 row 150 11 bytes in two frames, RFC 6455 10.4", opts: &conn.Options{MaxMessage: 10}, frames: []string{"\x02\x05aaaaa", "\x80\x06aaaaaa"}, code: 1009},
	{name: "L1 row 151 2^63, RFC 6455 5.2", frames: []string{"\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00"}, code: 1002},
	{name: "L4 row 152 5 in the form of 126, RFC 6455 5.2", frames: []string{"\x82\x7e\x00\x05aaaaa"}, code: 1002},
	{name: "L4 row 152 ping of 5 in the form of 126, RFC 6455 5.2", frames: []string{"\x89\x7e\x00\x05aaaaa"}, code: 1002},
	{name: "F1 row 153 a frame too many, RFC 6455 5.4", opts: &conn.Options{MaxFrames: 2}, frames: []string{"\x02\x01a", "\x00\x01a", "\x80\x01a"}, code: 1008},
	{name: "Z12 row 154 corrupt data, RFC 7692 7.2.2", deflate: true, frames: []string{"\xc1\x05\xff\xff\xff\xff\xff"}, code: 1007},
	{name: "Z1 row 155 11 bytes inflated, RFC 7692 7.2.2", deflate: true, opts: &conn.Options{MaxMessage: 10},
		frames: []string{"\xc2\x11\x00\x0b\x00\xf4\xffaaaaaaaaaaa\x00"}, code: 1009},
}

// Whatever the breach, the peer reads one close frame with its code and the end
// of the stream, through a real socket with more on its way. What was before it
// arrives, and nothing behind it, be it in order: no message, and no pong.
func TestABreachEndsTheConnectionInEitherRoleRows138To155K1Z9(t *testing.T) {
	inEitherRole(t, func(t *testing.T, client bool) {
		for i, b := range breaches {
			t.Run(b.name, func(t *testing.T) {
				var p *deflate.Params
				if b.deflate {
					p = &deflate.Params{}
				}
				c, peer := overTCP(t, client, p, b.opts)
				send(t, peer, fromPeer(client, b.frames...))
				for range 100 {
					send(t, peer, fromPeer(client, "\x81\x04late", "\x89\x04late", "\x88\x02\x03\xe8"))
				}
				var arrived []string
				failed := make(chan error, 1)
				go func() {
					failed <- readStyles[i%len(readStyles)].read(c, func(_ conn.Type, data []byte) { arrived = append(arrived, string(data)) })
				}()
				expectVerdictAlone(t, client, hear(t, peer), b.code)
				peer.Close()
				expectFailed(t, c, <-failed, b.code)
				if !slices.Equal(arrived, b.arrive) {
					t.Errorf("%q arrives, want %q", arrived, b.arrive)
				}
			})
		}
	})
}

// However the stream is cut, a breach has the same answer.
func TestNoCutOfTheStreamChangesTheAnswerToABreachL8(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		b := rapid.SampledFrom(breaches).Draw(rt, "breach")
		client := rapid.Bool().Draw(rt, "client")
		style := rapid.SampledFrom(readStyles).Draw(rt, "style")
		var p *deflate.Params
		if b.deflate {
			p = &deflate.Params{}
		}
		said := append(fromPeer(client, b.frames...), fromPeer(client, "\x81\x04late")...)
		stream := &scripted{}
		for len(said) > 0 {
			n := rapid.IntRange(1, min(len(said), 20)).Draw(rt, "cut")
			if len(said) > 1000 {
				n = len(said) - 1000
			}
			stream.lines = append(stream.lines, said[:n])
			said = said[n:]
		}
		c, err := conn.New(stream, conn.Setup{Client: client, Deflate: p}, b.opts)
		if err != nil {
			rt.Fatal(err)
		}
		defer c.CloseNow()
		var arrived []string
		err = style.read(c, func(_ conn.Type, data []byte) { arrived = append(arrived, string(data)) })
		if end, ok := err.(*conn.CloseError); !ok || end.Code != b.code || end.Remote {
			rt.Errorf("ended by %v, want a failure with %v", err, b.code)
		}
		if !slices.Equal(arrived, b.arrive) {
			rt.Errorf("%q arrives, want %q", arrived, b.arrive)
		}
		expectVerdictAlone(rt, client, stream.words(), b.code)
	})
}

// A client's frames are masked and a server's are not, RFC 6455 section 5.1.
func TestAFrameMaskedAgainstItsRoleIsRefusedRows145And146C3(t *testing.T) {
	inEitherRole(t, func(t *testing.T, client bool) {
		for _, masked := range []string{"\x81\x81\x00\x00\x00\x00a", "\x81\x80\x00\x00\x00\x00", "\x89\x80\x01\x02\x03\x04", "\x88\x82\x00\x00\x00\x00\x03\xe8", "\x01\x81\x00\x00\x00\x00a"} {
			said := []byte(masked)
			if !client {
				said = append([]byte{said[0], said[1] &^ 0x80}, said[6:]...)
			}
			c, peer := overTCP(t, client, nil, nil)
			send(t, peer, append(said, "more that is on its way"...))
			failed := make(chan error, 1)
			go func() { failed <- twoStyles[1].read(c, noMessage(t)) }()
			expectVerdictAlone(t, client, hear(t, peer), frame.ProtocolError)
			peer.Close()
			expectFailed(t, c, <-failed, frame.ProtocolError)
		}
	})
}
