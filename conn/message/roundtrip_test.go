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
}

func (s *script) sendBy(call func(dst []byte) ([]byte, error), arrives ...string) {
	var err error
	if s.sent, err = call(s.sent); err != nil {
		s.r.Fatalf("%v", err)
	}
	s.want.arrived = append(s.want.arrived, arrives...)
}

func (s *script) message(op frame.Opcode, payload []byte) {
	s.sendBy(func(dst []byte) ([]byte, error) { return s.e.AppendMessage(dst, op, payload) }, show(op, payload))
}

// fragments sends a message in pieces, control frames between them.
func (s *script) fragments(op frame.Opcode, payload []byte) {
	for rest := payload; ; {
		n := min(rapid.OneOf(rapid.IntRange(0, 5), rapid.IntRange(0, len(payload))).Draw(s.r, "fragment"), len(rest))
		last := n == len(rest) && rapid.Bool().Draw(s.r, "last")
		appendNext := s.e.AppendFragment
		if rapid.Bool().Draw(s.r, "uncompressed") {
			appendNext = s.e.AppendUncompressedFragment
		}
		s.sendBy(func(dst []byte) ([]byte, error) { return appendNext(dst, op, rest[:n], last) })
		rest = rest[n:]
		if last {
			break
		}
		if len(rest) > 0 && n == 0 {
			n++ // or it could go on for ever
			s.sendBy(func(dst []byte) ([]byte, error) { return s.e.AppendFragment(dst, op, rest[:n], false) })
			rest = rest[n:]
		}
		if rapid.Bool().Draw(s.r, "control frame between") {
			s.control()
		}
	}
	s.want.arrived = append(s.want.arrived, show(op, payload))
}

func (s *script) control() {
	op := rapid.SampledFrom([]frame.Opcode{frame.Ping, frame.Pong}).Draw(s.r, "control")
	payload := rapid.SliceOfN(rapid.Byte(), 0, frame.MaxControlPayload).Draw(s.r, "control payload")
	s.sendBy(func(dst []byte) ([]byte, error) { return s.e.AppendControl(dst, op, payload) }, show(op, payload))
}

func (s *script) close() {
	code := rapid.SampledFrom([]frame.CloseCode{1000, 1001, 1002, 1003, 1005, 1007, 1014, 3000, 4999}).Draw(s.r, "close code")
	reason := ""
	if code != frame.NoStatusReceived {
		reason = rapid.StringN(0, -1, frame.MaxReason).Draw(s.r, "reason")
	}
	s.sendBy(func(dst []byte) ([]byte, error) { return s.e.AppendClose(dst, code, reason) },
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

func TestWhatIsSentArrives(t *testing.T) {
	for _, fromClient := range []bool{true, false} {
		t.Run(fmt.Sprintf("client %v", fromClient), func(t *testing.T) {
			rapid.Check(t, func(r *rapid.T) {
				direction := drawDirection(r)
				s := &script{r: r, e: &message.Encoder{FromClient: fromClient}}
				if direction != nil {
					level := rapid.SampledFrom([]int{-2, -1, 0, 1, 6, 9}).Draw(r, "level")
					s.e.Deflate = compressor(r, *direction, level)
					s.e.CompressFrom = rapid.SampledFrom([]int{-1, 0, 100}).Draw(r, "compress from")
				}
				defer s.e.Free()
				for range rapid.IntRange(0, 6).Draw(r, "things to send") {
					switch rapid.IntRange(0, 3).Draw(r, "what") {
					case 0, 1:
						s.message(drawMessage(r))
					case 2:
						s.fragments(drawMessage(r))
					case 3:
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
			})
		})
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
			sent = append(sent, fragmentsOf(0x42, payload, size)...)
		}
		s := settings{inflate: &deflate.Direction{ContextTakeover: true}}
		if diff := difference(want, decode(r, s.decoder(false), drawPieces(r, sent))); diff != "" {
			r.Fatal(diff)
		}
	})
}
