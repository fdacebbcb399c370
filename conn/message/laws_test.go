package message_test

import (
	"encoding/binary"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/parleyws/parley/conn/message"
	"github.com/parleyws/parley/deflate"
)

// maxEmpty is how many frames in a row may be empty.
const maxEmpty = 64

func limitOf(s settings) int64 {
	if s.maxMessage == 0 {
		return message.DefaultMaxMessage
	}
	return s.maxMessage
}

func framesOf(s settings) int {
	if s.maxFrames == 0 {
		return message.DefaultMaxFrames
	}
	return s.maxFrames
}

// keepsToLimits fails unless got, which came of sent, is within the limits of
// s, which are not "none": property 4.
func keepsToLimits(t failer, s settings, sent []byte, got outcome) {
	t.Helper()
	if int64(got.longest) > limitOf(s) {
		t.Fatalf("a message of %d bytes, with a limit of %d", got.longest, limitOf(s))
	}
	tally := tallied(sent[:got.used])
	most, mostEmpty := framesOf(s), maxEmpty
	switch got.fail {
	case fmt.Sprintf("1008 MaxFrames %d", most):
		most++ // the one that was refused
	case fmt.Sprintf("1008 MaxFrames %d", maxEmpty):
		mostEmpty++
	}
	if tally.frames > most || tally.empty > mostEmpty {
		t.Fatalf("a message of %d frames, %d empty ones in a row, with a limit of %d: %q", tally.frames, tally.empty, most, got.fail)
	}
	slack := int64(0)
	if s.inflate != nil {
		slack = 64 << 10
	}
	if tally.wire > limitOf(s)+slack {
		t.Fatalf("%d bytes of a message were taken, with a limit of %d", tally.wire, limitOf(s))
	}
}

// tally is what the largest messages have of each.
type tally struct {
	frames, empty int   // frames, and those in a row without payload that go on
	wire          int64 // bytes of payload that have come
}

// tallied goes through the frames of what a Decoder has taken. It stands on no
// code under test, and judges nothing.
func tallied(sent []byte) (most tally) {
	var now tally
	for len(sent) >= 2 {
		opcode, fin, length, head := sent[0]&0x0F, sent[0]&0x80 != 0, uint64(sent[1]&0x7F), 2
		switch {
		case length == 126 && len(sent) >= 4:
			length, head = uint64(binary.BigEndian.Uint16(sent[2:])), 4
		case length == 127 && len(sent) >= 10:
			length, head = binary.BigEndian.Uint64(sent[2:]), 10
		case length >= 126:
			return most
		}
		if sent[1]&0x80 != 0 {
			head += 4
		}
		if len(sent) < head {
			return most
		}
		here := min(length, uint64(len(sent)-head))
		sent = sent[head+int(here):]
		switch {
		case opcode == 8 && here == length:
			return most // what follows is ignored
		case opcode >= 8:
			continue
		case opcode > 0:
			now = tally{}
		}
		now.frames++
		now.wire += int64(here)
		if now.empty++; length > 0 || fin {
			now.empty = 0
		}
		most.frames, most.empty, most.wire = max(most.frames, now.frames), max(most.empty, now.empty), max(most.wire, now.wire)
	}
	return most
}

// drawSettings draws limits, small ones often, and what of compression.
func drawSettings(r *rapid.T) settings {
	return settings{
		maxMessage: rapid.SampledFrom([]int64{0, 1, 10, 100, 5000, 70_000}).Draw(r, "largest message"),
		maxFrames:  rapid.SampledFrom([]int{0, 1, 2, 5, 70}).Draw(r, "most frames"),
		skipUTF8:   rapid.Bool().Draw(r, "text is not checked"),
		inflate:    drawDirection(r),
	}
}

// wireMaker draws what an endpoint might send, lawful or not.
type wireMaker struct {
	cases []sentCase // for one role, those that are not long
}

func newWireMaker(fromClient bool) *wireMaker {
	m := &wireMaker{}
	for _, c := range sentCases() {
		if c.fromClient == fromClient && len(c.sent) <= 2048 {
			m.cases = append(m.cases, c)
		}
	}
	return m
}

func (m *wireMaker) draw(r *rapid.T, fromClient bool) (sent []byte) {
	for range rapid.IntRange(1, 6).Draw(r, "parts") {
		switch rapid.IntRange(0, 5).Draw(r, "part") {
		case 0:
			sent = append(sent, rapid.SampledFrom(m.cases).Draw(r, "case").sent...)
		case 1:
			sent = append(sent, rapid.SliceOfN(rapid.Byte(), 0, 50).Draw(r, "bytes")...)
		case 2:
			b0 := rapid.Byte().Draw(r, "first byte")
			sent = append(sent, frameFrom(fromClient, b0, rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(r, "payload"))...)
		case 3:
			_, payload := drawMessage(r)
			sent = append(sent, m.fragments(r, fromClient, 0x01, payload)...)
		default:
			_, payload := drawMessage(r)
			for _, payload := range deflated(r, rapid.IntRange(-2, 9).Draw(r, "level"), payload, payload) {
				sent = append(sent, m.fragments(r, fromClient, 0x41, payload)...)
			}
		}
	}
	for range rapid.IntRange(0, 2).Draw(r, "faults") {
		if len(sent) > 0 {
			sent[rapid.IntRange(0, len(sent)-1).Draw(r, "fault at")] ^= rapid.Byte().Draw(r, "fault")
		}
	}
	return sent
}

func (m *wireMaker) fragments(r *rapid.T, fromClient bool, b0 byte, payload []byte) []byte {
	b0 += rapid.SampledFrom([]byte{0, 1}).Draw(r, "type")
	size := rapid.IntRange(max(1, len(payload)/20), len(payload)+1).Draw(r, "fragment")
	return fragmentsOf(fromClient, b0, payload, size)
}

// Any chunking of any wire is equivalent: property 2. And whatever comes, no
// limit is passed: property 4.
func TestAnyWireIsHeardTheSameInAnyPiecesAndWithinTheLimitsProperty2Property4(t *testing.T) {
	for _, fromClient := range []bool{true, false} {
		m := newWireMaker(fromClient)
		t.Run(fmt.Sprintf("client %v", fromClient), func(t *testing.T) {
			rapid.Check(t, func(r *rapid.T) {
				s, sent := drawSettings(r), m.draw(r, fromClient)
				want := decode(r, s.decoder(fromClient), [][]byte{sent})
				keepsToLimits(r, s, sent, want)
				pieces := drawPieces(r, sent)
				if diff := difference(want, decode(r, s.decoder(fromClient), pieces)); diff != "" {
					r.Fatalf("by Next: %s", diff)
				}
				if diff := difference(want, decodeByFeed(r, s.decoder(fromClient), pieces)); diff != "" {
					r.Fatalf("by Feed: %s", diff)
				}
				if s.inflate == nil {
					agrees(r, s, fromClient, sent, want)
				}
			})
		})
	}
}

// Z1, for every wire: a compressed message that is long enough ends at any limit.
func TestAnyCompressedMessageOverTheLimitIsRefusedProperty4(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		fromClient := rapid.Bool().Draw(r, "client")
		_, payload := drawMessage(r)
		limit := rapid.IntRange(1, len(payload)+2).Draw(r, "limit")
		compressed := deflated(r, rapid.IntRange(-2, 9).Draw(r, "level"), payload)[0]
		size := rapid.IntRange(max(1, len(compressed)/50), len(compressed)).Draw(r, "fragment")
		sent := fragmentsOf(fromClient, 0x42, compressed, size)
		s := settings{maxMessage: int64(limit), inflate: &deflate.Direction{}}
		want := outcome{arrived: []string{show(2, payload)}}
		if len(payload) > limit {
			want = outcome{open: payload[:limit], fail: fmt.Sprintf("1009 MaxMessage %d", limit)}
		}
		got := decode(r, s.decoder(fromClient), drawPieces(r, sent))
		if diff := difference(want, got); diff != "" {
			r.Fatal(diff)
		}
		keepsToLimits(r, s, sent, got)
	})
}
