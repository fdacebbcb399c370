package frame_test

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/parleyws/parley/frame"
)

func TestFramesAndTheirOrderAreJudged(t *testing.T) {
	for _, c := range vectors[frameCase](t, "frames.json") {
		t.Run(c.Name, func(t *testing.T) {
			same(t, c.Section, readBytes(t, c.checker(), c.wire()), c.want())
			same(t, c.Section+", in place", readInPlace(t, c.checker(), c.wire()), c.want())
		})
	}
}

// What was accepted of the whole is accepted of a part, and nothing is refused
// before it is there.
func TestL8AnyCutOfTheBytesGivesTheSameFrames(t *testing.T) {
	for _, c := range vectors[frameCase](t, "frames.json") {
		t.Run(c.Name, func(t *testing.T) {
			wire, want := c.wire(), c.want()
			for cut := range wire {
				if len(wire) > 512 && 20 < cut && cut < len(wire)-2 {
					continue // amid zeros
				}
				got := readBytes(t, c.checker(), wire[:cut])
				if len(got.Frames) > len(want.Frames) {
					t.Fatalf("%d frames in the first %d bytes", len(got.Frames), cut)
				}
				for i, f := range got.Frames {
					w := want.Frames[i]
					if f.Header != w.Header || len(f.Payload) > len(w.Payload) || string(f.Payload) != string(w.Payload[:len(f.Payload)]) {
						t.Fatalf("frame %d of the first %d bytes: %+v, want %+v", i, cut, f, w)
					}
				}
				if got.Code != 0 && (len(got.Frames) != len(want.Frames) || got.Code != want.Code || got.Section != want.Section) {
					t.Fatalf("the first %d bytes: %v %s after %d frames", cut, got.Code, got.Section, len(got.Frames))
				}
			}
		})
	}
}

// ruling is what RFC 6455 section 5 demands of the next frame, as a list of
// sentences that do not look at each other.
func ruling(h frame.Header, fromClient bool, extensions frame.RSV, inMessage bool) (lawful bool) {
	control := h.Opcode >= 8
	known := h.Opcode <= 2 || h.Opcode >= 8 && h.Opcode <= 10
	first := h.Opcode == 1 || h.Opcode == 2
	unknownBits := h.RSV != 0
	if first {
		unknownBits = h.RSV&^extensions != 0
	}
	return known &&
		h.Masked == fromClient &&
		!unknownBits &&
		!(control && !h.Fin) &&
		!(control && h.Length > 125) &&
		!(first && inMessage) &&
		!(h.Opcode == 0 && !inMessage)
}

func TestCheckAgreesWithTheRulesOneByOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := frame.Checker{
			FromClient: rapid.Bool().Draw(t, "fromClient"),
			Extensions: frame.RSV(rapid.IntRange(0, 7).Draw(t, "extensions")) << 4,
		}
		inPlace, inMessage := c, false
		for range 30 {
			h := drawHeader(t)
			if rapid.IntRange(0, 9).Draw(t, "likely") > 0 { // so that sequences grow
				h.Masked = c.FromClient
				h.RSV &= c.Extensions
				h.Opcode &^= 4
			}
			err := c.Check(h)
			if got := h.Check(&inPlace); got != err || inPlace != c {
				t.Fatalf("%+v, in place: %v, %+v; want %v, %+v", h, got, inPlace, err, c)
			}
			if want := ruling(h, c.FromClient, c.Extensions, inMessage); (err == nil) != want {
				t.Fatalf("%+v, inside a message %v: %v, want lawful %v", h, inMessage, err, want)
			}
			var e *frame.Error
			if err != nil && (!errors.As(err, &e) || e.Code != frame.ProtocolError) {
				t.Fatalf("%+v: %#v", h, err)
			}
			if err == nil && h.Opcode <= 2 {
				inMessage = !h.Fin
			}
		}
	})
}

func TestTheZeroCheckerJudgesAServer(t *testing.T) {
	var c frame.Checker
	if err := c.Check(frame.Header{Fin: true, Opcode: frame.Text}); err != nil {
		t.Error(err)
	}
	if err := c.Check(frame.Header{Fin: true, Opcode: frame.Text, Masked: true}); err == nil {
		t.Error("a masked frame passes (RFC 6455 5.1)")
	}
}

func TestCheckDoesNotAllocate(t *testing.T) {
	var c frame.Checker
	good := frame.Header{Fin: true, Opcode: frame.Text}
	bad := frame.Header{Fin: true, Opcode: 3}
	if n := testing.AllocsPerRun(100, func() { c.Check(good) }); n != 0 {
		t.Errorf("a lawful frame: %v allocations", n)
	}
	if n := testing.AllocsPerRun(100, func() { c.Check(bad) }); n != 0 {
		t.Errorf("an unlawful frame: %v allocations", n)
	}
	if n := testing.AllocsPerRun(100, func() {
		var c frame.Checker
		h := frame.Header{Fin: true, Opcode: frame.Text}
		h.Check(&c)
	}); n != 0 {
		t.Errorf("a frame in place: %v allocations", n)
	}
}

func TestCheckerKnowsWhetherAMessageIsUnfinished(t *testing.T) {
	var c frame.Checker
	for i, step := range []struct {
		h    frame.Header
		want bool
	}{
		{frame.Header{Opcode: frame.Text}, true},
		{frame.Header{Opcode: frame.Ping, Fin: true}, true},
		{frame.Header{Opcode: frame.Continuation}, true},
		{frame.Header{Opcode: frame.Continuation, Fin: true}, false},
		{frame.Header{Opcode: frame.Binary, Fin: true}, false},
	} {
		if err := c.Check(step.h); err != nil {
			t.Fatal(err)
		}
		if c.InMessage() != step.want {
			t.Errorf("after frame %d: %v", i, c.InMessage())
		}
	}
}
