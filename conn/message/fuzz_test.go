package message_test

import (
	"bytes"
	"testing"

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

// fuzzSizes are the pieces to try: all, unless that would take long.
func fuzzSizes(n, size int) []int {
	if n > 512 {
		return []int{size, 1}
	}
	sizes := make([]int, 32)
	for i := range sizes {
		sizes[i] = i + 1
	}
	return sizes
}

// fuzzReadMessages: whatever comes, the events are the same in pieces of any
// size, every failure can be told to the peer, no limit is passed, and memory is
// for what has come.
func fuzzReadMessages(f *testing.F, fromClient bool) {
	addSeeds(f, fromClient)
	f.Fuzz(func(t *testing.T, sent []byte, options byte) {
		s, size := fuzzSettings(options)
		want := decode(t, s.decoder(fromClient), [][]byte{sent})
		keepsToLimits(t, s, sent, want)
		for _, n := range fuzzSizes(len(sent), size) {
			if diff := difference(want, decode(t, s.decoder(fromClient), chunks(sent, n))); diff != "" {
				t.Errorf("in pieces of %d: %s", n, diff)
			}
		}
		if diff := difference(want, decodeByFeed(t, s.decoder(fromClient), chunks(sent, size))); diff != "" {
			t.Errorf("by Feed: %s", diff)
		}
		agrees(t, s, fromClient, sent, want)
		costsNoMore(t, s, fromClient, sent)
	})
}

// costsNoMore fails if more is allocated than the largest message and 64 KiB.
func costsNoMore(t *testing.T, s settings, fromClient bool, sent []byte) {
	t.Helper()
	sent = bytes.Clone(sent)
	got := allocated(func() {
		d := s.decoder(fromClient)
		for range d.Feed(sent) {
		}
		d.Free()
	})
	if got > uint64(limitOf(s))+64<<10 {
		t.Errorf("%d bytes were allocated", got)
	}
}

// addSeeds adds the cases of the tables, and what is too long for them.
func addSeeds(f *testing.F, fromClient bool) {
	add := func(sent []byte, s settings) {
		var options byte = 2
		if s.inflate != nil {
			options |= optDeflate
		}
		if s.maxMessage > 0 {
			options |= optSmall
		}
		if s.skipUTF8 || s.inflate != nil && !s.inflate.ContextTakeover {
			options |= optOther
		}
		f.Add(sent, options)
	}
	for _, c := range sentCases() {
		if c.fromClient == fromClient && len(c.sent) <= 2048 {
			add(c.sent, c.settings)
		}
	}
	inflating, small := settings{inflate: &deflate.Direction{ContextTakeover: true}}, settings{maxMessage: 100}
	smallInflating := settings{maxMessage: 100, inflate: inflating.inflate}
	under := bomb(f, 1) // of the default limit: Z3
	over := bomb(f, 2)  // Z1, Z2
	add(frameFrom(fromClient, 0xC2, under), inflating)
	add(frameFrom(fromClient, 0xC2, over), inflating)
	add(frameFrom(fromClient, 0xC2, over), smallInflating)
	add(fragmentsOf(fromClient, 0x42, over, 100), inflating)
	add(repeat(string(wire(f, fromClient, nothing)), 100), settings{})                                            // F2
	add(append(wire(f, fromClient, "02 m00 K"), repeat(string(wire(f, fromClient, more+nothing)), 40)...), small) // F3
	add(append(wire(f, fromClient, first), repeat(string(wire(f, fromClient, more+"89 m00 K")), 5)...), small)    // F7
}

// FZ2: what a server hears.
func FuzzDecodeFromClient(f *testing.F) { fuzzReadMessages(f, true) }

// FZ3: what a client hears.
func FuzzDecodeFromServer(f *testing.F) { fuzzReadMessages(f, false) }
