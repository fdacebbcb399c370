package message_test

import (
	"bytes"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/parleyws/parley/conn/message"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
)

// script is a list of things to send, and what must arrive of it.
type script struct {
	r    *rapid.T
	e    *message.Encoder
	sent []byte
	want outcome

	// plain may send control frames and whole messages that are not compressed,
	// as a connection has it that compresses while it answers pings.
	plain *message.Encoder
}

func (s *script) sendBy(call func(dst []byte) ([]byte, error), arrives ...string) {
	var err error
	if s.sent, err = call(s.sent); err != nil {
		s.r.Fatalf("%v", err)
	}
	s.want.arrived = append(s.want.arrived, arrives...)
}

// either returns one of the two Encoders.
func (s *script) either() *message.Encoder {
	if rapid.Bool().Draw(s.r, "by the other encoder") {
		return s.plain
	}
	return s.e
}

func (s *script) message(op frame.Opcode, payload []byte) {
	by := s.e.AppendMessage
	if rapid.IntRange(0, 3).Draw(s.r, "uncompressed if 0") == 0 {
		by = s.either().AppendUncompressed
	}
	s.sendBy(func(dst []byte) ([]byte, error) { return by(dst, op, payload) }, show(op, payload))
}

// fragments sends a message in pieces, control frames between them.
func (s *script) fragments(op frame.Opcode, payload []byte) {
	for rest, last := payload, false; !last; {
		n := min(rapid.OneOf(rapid.IntRange(0, 5), rapid.IntRange(0, len(payload))).Draw(s.r, "fragment"), len(rest))
		if n < 6 && len(rest) > 200 {
			n = len(rest) / 2 // or it could go on for ever
		}
		last = n == len(rest) && rapid.Bool().Draw(s.r, "last")
		s.fragment(op, rest[:n], last)
		rest = rest[n:]
		for !last && rapid.Bool().Draw(s.r, "control frame between") {
			s.control()
		}
	}
	s.want.arrived = append(s.want.arrived, show(op, payload))
}

func (s *script) fragment(op frame.Opcode, piece []byte, last bool) {
	by := s.e.AppendFragment
	if rapid.Bool().Draw(s.r, "uncompressed") {
		by = s.e.AppendUncompressedFragment
	}
	start := len(s.sent)
	s.sendBy(func(dst []byte) ([]byte, error) { return by(dst, op, piece, last) })
	if s.e.Deflate != nil && last && s.sent[start]&0x40 != 0 && s.sent[start+1]&0x7F == 0 {
		s.r.Fatalf("a compressed frame without payload")
	}
}

// retracted encodes a message, or the start of one, that is not sent.
func (s *script) retracted(op frame.Opcode, payload []byte) {
	sent, want := len(s.sent), len(s.want.arrived)
	if rapid.Bool().Draw(s.r, "retract a whole message") {
		s.sendBy(func(dst []byte) ([]byte, error) { return s.e.AppendMessage(dst, op, payload) })
	} else {
		ends := rapid.Bool().Draw(s.r, "retract all fragments")
		for i := range rapid.IntRange(1, 3).Draw(s.r, "retracted fragments") {
			if i > 0 && ends {
				break
			}
			s.fragment(op, payload, false)
		}
		if ends {
			s.fragment(op, nil, true)
		}
	}
	s.e.Retract()
	s.sent, s.want.arrived = s.sent[:sent], s.want.arrived[:want]
}

func (s *script) control() {
	op := rapid.SampledFrom([]frame.Opcode{frame.Ping, frame.Pong}).Draw(s.r, "control")
	payload := rapid.SliceOfN(rapid.Byte(), 0, frame.MaxControlPayload).Draw(s.r, "control payload")
	by := s.either()
	s.sendBy(func(dst []byte) ([]byte, error) { return by.AppendControl(dst, op, payload) }, show(op, payload))
}

func (s *script) close() {
	code := rapid.SampledFrom([]frame.CloseCode{1000, 1001, 1002, 1003, 1005, 1007, 1014, 3000, 4999}).Draw(s.r, "close code")
	reason := ""
	if code != frame.NoStatusReceived {
		reason = rapid.StringN(0, -1, frame.MaxReason).Draw(s.r, "reason")
	}
	by := s.either()
	s.sendBy(func(dst []byte) ([]byte, error) { return by.AppendClose(dst, code, reason) },
		fmt.Sprintf("close %d %q", uint16(code), reason))
}

// drawMessage draws a message, often one that can be compressed and that
// refers back beyond the smaller windows.
func drawMessage(r *rapid.T) (frame.Opcode, []byte) {
	op := rapid.SampledFrom([]frame.Opcode{frame.Text, frame.Binary}).Draw(r, "type")
	var unit []byte
	if op == frame.Text {
		unit = []byte(rapid.StringN(0, 60, -1).Draw(r, "text"))
	} else {
		unit = rapid.SliceOfN(rapid.Byte(), 0, 600).Draw(r, "binary")
	}
	times := rapid.OneOf(rapid.Just(1), rapid.IntRange(0, 20), rapid.IntRange(0, 500)).Draw(r, "times")
	return op, bytes.Repeat(unit, times)
}

// drawDirection draws parameters of the compression, or nil for none.
func drawDirection(r *rapid.T) *deflate.Direction {
	if !rapid.Bool().Draw(r, "compressed") {
		return nil
	}
	return &deflate.Direction{
		WindowBits:      rapid.IntRange(8, 15).Draw(r, "window bits"),
		ContextTakeover: rapid.Bool().Draw(r, "takeover"),
	}
}

// drawKeys draws where masking keys come from.
func drawKeys(r *rapid.T) func() frame.Key {
	if rapid.Bool().Draw(r, "random keys") {
		return nil
	}
	keys := rapid.SliceOfN(rapid.SampledFrom([]frame.Key{{}, {0xFF, 0xFF, 0xFF, 0xFF}, {1, 2, 3, 4}, testKey}), 1, 4).Draw(r, "keys")
	next := 0
	return func() frame.Key {
		next++
		return keys[next%len(keys)]
	}
}

// What is encoded is decoded, in whichever way it is fragmented, interleaved,
// masked and compressed, taken back and cut: property 1.
func TestWhatIsSentArrivesProperty1(t *testing.T) {
	for _, fromClient := range []bool{true, false} {
		t.Run(fmt.Sprintf("client %v", fromClient), func(t *testing.T) {
			rapid.Check(t, func(r *rapid.T) { sendsAndReceives(r, fromClient) })
		})
	}
}

func sendsAndReceives(r *rapid.T, fromClient bool) {
	direction, keys := drawDirection(r), drawKeys(r)
	s := &script{
		r:     r,
		e:     &message.Encoder{FromClient: fromClient, NewKey: keys},
		plain: &message.Encoder{FromClient: fromClient, NewKey: keys},
	}
	if direction != nil {
		level := rapid.SampledFrom([]int{-2, -1, 0, 1, 6, 7, 9}).Draw(r, "level")
		s.e.Deflate = compressor(r, *direction, level)
		s.e.CompressFrom = rapid.SampledFrom([]int{-1, 0, 100}).Draw(r, "compress from")
	}
	defer s.e.Free()
	for range rapid.IntRange(0, 6).Draw(r, "things to send") {
		switch rapid.IntRange(0, 7).Draw(r, "what") {
		case 0, 1, 2:
			s.message(drawMessage(r))
		case 3, 4, 5:
			s.fragments(drawMessage(r))
		case 6:
			s.retracted(drawMessage(r))
		case 7:
			s.control()
		}
	}
	if rapid.Bool().Draw(r, "close at the end") {
		s.close()
	}
	d := settings{maxMessage: -1, maxFrames: -1, inflate: direction}.decoder(fromClient)
	if diff := difference(s.want, decode(r, d, drawPieces(r, s.sent))); diff != "" {
		r.Fatal(diff)
	}
}

// Others compress messages that they stream, RFC 7692 section 7.2.1.
func TestCompressedFragmentsOfOthersArrive(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var messages [][]byte
		var want outcome
		for range rapid.IntRange(1, 4).Draw(r, "messages") {
			_, m := drawMessage(r)
			messages = append(messages, m)
			want.arrived = append(want.arrived, show(frame.Binary, m))
		}
		var sent []byte
		for _, payload := range deflated(r, rapid.IntRange(-2, 9).Draw(r, "level"), messages...) {
			size := rapid.IntRange(max(1, len(payload)/100), max(1, len(payload))).Draw(r, "fragment")
			sent = append(sent, fragmentsOf(false, 0x42, payload, size)...)
		}
		s := settings{inflate: &deflate.Direction{ContextTakeover: true}}
		if diff := difference(want, decode(r, s.decoder(false), drawPieces(r, sent))); diff != "" {
			r.Fatal(diff)
		}
	})
}
