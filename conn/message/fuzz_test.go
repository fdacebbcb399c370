package message_test

import (
	"testing"

	"github.com/parleyws/parley/conn/message"
	"github.com/parleyws/parley/deflate"
)

// The bits of a fuzz target's option byte; the lowest five are the size of the
// pieces that the input comes in, less one.
const (
	optDeflate = 1 << 5
	optSmall   = 1 << 6 // small limits
	optOther   = 1 << 7 // no takeover, a small window, and text is not checked
)

func fuzzSettings(options byte) (s settings, size int) {
	if options&optDeflate != 0 {
		s.inflate = &deflate.Direction{ContextTakeover: true}
	}
	if options&optSmall != 0 {
		s.maxMessage, s.maxFrames = 100, 4
	}
	if options&optOther != 0 {
		s.skipUTF8 = true
		if s.inflate != nil {
			*s.inflate = deflate.Direction{WindowBits: 9}
		}
	}
	return s, int(options&31) + 1
}

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

// fuzzDecode: whatever comes, the answer is the same in pieces of any size,
// every failure can be told to the peer, and no message is over its limit.
func fuzzDecode(f *testing.F, fromClient bool) {
	for _, c := range decoderCases() {
		sent := wire(f, fromClient, c.row)
		if len(sent) > 2048 {
			continue
		}
		var options byte = 2
		if c.inflate != nil {
			options |= optDeflate
		}
		if c.maxMessage > 0 {
			options |= optSmall
		}
		if c.skipUTF8 {
			options |= optOther
		}
		f.Add(sent, options)
	}
	f.Fuzz(func(t *testing.T, sent []byte, options byte) {
		s, size := fuzzSettings(options)
		want := decode(t, s.decoder(fromClient), [][]byte{sent})
		if int64(want.longest) > limitOf(s) {
			t.Errorf("a message of %d bytes, with a limit of %d", want.longest, limitOf(s))
		}
		for _, n := range []int{size, 1} {
			if diff := difference(want, decode(t, s.decoder(fromClient), chunks(sent, n))); diff != "" {
				t.Errorf("in pieces of %d: %s", n, diff)
			}
		}
		if diff := difference(want, decodeByFeed(t, s.decoder(fromClient), chunks(sent, size))); diff != "" {
			t.Errorf("by Feed: %s", diff)
		}
		agrees(t, s, fromClient, sent, want)
	})
}

// FZ2: what a server hears.
func FuzzDecodeFromClient(f *testing.F) { fuzzDecode(f, true) }

// FZ3: what a client hears.
func FuzzDecodeFromServer(f *testing.F) { fuzzDecode(f, false) }
