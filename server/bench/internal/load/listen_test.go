//go:build linux

package load

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/parleyws/parley/frame"
	"github.com/parleyws/parley/server/bench/internal/stamp"
)

// sent returns the frame of message number, due at 100 ns, with two bytes behind the stamp.
func sent(number uint64) []byte {
	p := stamp.Payload(stamp.Len + 2)
	stamp.Stamp{Number: number, Due: 100}.Put(p)
	return append([]byte{0x82, stamp.Len + 2}, p...)
}

func TestMessagesAreHeardHoweverTheyAreCut(t *testing.T) {
	all := slices.Concat(sent(7), sent(8), sent(10))
	for cut := range len(all) + 1 {
		l := newListener(Expected{First: 7, Count: 5, Size: stamp.Len + 2}, 2)
		e := &l.ears[0]
		if err := errors.Join(l.hear(e, all[:cut], 150), l.hear(e, all[cut:], 160)); err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		var want []time.Duration
		for end := 20; end <= 60; end += 20 {
			if end <= cut {
				want = append(want, 50)
			} else {
				want = append(want, 60)
			}
		}
		if got := l.heard; !slices.Equal(got.Latencies, want) || got.Lost != 1 || l.listening != 2 || len(e.part) != 0 {
			t.Errorf("cut at %d: %+v, %d listening", cut, got, l.listening)
		}
		// 9 was lost; 11 is still to come, and all five to the other.
		if got := l.result().Lost; got != 1+1+5 {
			t.Errorf("cut at %d: %d lost", cut, got)
		}
	}
}

func TestTheLastMessageEndsListening(t *testing.T) {
	l := newListener(Expected{First: 0, Count: 2, Size: stamp.Len + 2}, 1)
	if err := l.hear(&l.ears[0], slices.Concat(sent(0), sent(1)), 100); err != nil || l.listening != 0 || l.result().Lost != 0 {
		t.Errorf("%v, %d listening, %+v", err, l.listening, l.heard)
	}
}

func TestWhatIsNoMessageOfTheSeriesIsAnError(t *testing.T) {
	text, wrong := sent(7), sent(7)
	text[0] = 0x81
	wrong[len(wrong)-1]++
	for name, c := range map[string]struct {
		bytes []byte
		want  error // nil for any
	}{
		"text":          {text, nil},
		"other filling": {wrong, nil},
		"too short":     {[]byte{0x82, 2, 1, 2}, nil},
		"a repetition":  {slices.Concat(sent(7), sent(7)), nil},
		"beyond":        {sent(12), nil},
		"not shortest":  {[]byte{0x82, 126, 0, 1, 0}, nil},
		"a close":       {[]byte{0x88, 0}, errClosing},
	} {
		l := newListener(Expected{First: 7, Count: 5, Size: stamp.Len + 2}, 1)
		err := l.hear(&l.ears[0], c.bytes, 100)
		if err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestALateMessageOfTheSeriesBeforeDoesNotCount(t *testing.T) {
	l := newListener(Expected{First: 7, Count: 2, Size: stamp.Len + 2}, 1)
	if err := l.hear(&l.ears[0], slices.Concat(sent(6), sent(7)), 100); err != nil || len(l.heard.Latencies) != 1 {
		t.Errorf("%v, %+v", err, l.heard)
	}
}

func TestABareServerSendsBackTheMaskedFrame(t *testing.T) {
	asked := []byte{0x82, 0x81, 0x37, 0xfa, 0x21, 0x3d, 'A' ^ 0x37}
	for bare, want := range map[bool][]byte{true: asked, false: {0x82, 0x01, 'A'}} {
		b := NewBatch(bare, 2, frame.Binary, []byte("A"))
		if !slices.Equal(b.request, slices.Concat(asked, asked)) || !slices.Equal(b.answer, slices.Concat(want, want)) {
			t.Errorf("bare %v: % x, % x", bare, b.request, b.answer)
		}
	}
}
