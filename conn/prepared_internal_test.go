package conn

import (
	"bytes"
	"sync"
	"testing"

	"github.com/parleyws/parley/deflate"
)

// Row G9: all connections of a kind share one frame, though they ask for it at the
// same time.
func TestAKindOfReceiverSharesOneFrameG9(t *testing.T) {
	p, err := Prepare(Text, bytes.Repeat([]byte("shared "), 1000))
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]struct {
		params *deflate.Params
		level  int
		plain  bool
	}{
		"plain":       {nil, 0, true},
		"takeover":    {&deflate.Params{}, 0, true},
		"no takeover": {&deflate.Params{ServerNoContextTakeover: true}, 0, false},
		"level 9":     {&deflate.Params{ServerNoContextTakeover: true}, 9, false},
		"9 bits":      {&deflate.Params{ServerNoContextTakeover: true, ServerMaxWindowBits: 9}, 0, false},
	}
	for name, kind := range kinds {
		const many = 50
		frames := make([][]byte, many)
		var wg sync.WaitGroup
		for i := range many {
			c, err := New(silence{make(chan struct{})}, Setup{Deflate: kind.params}, &Options{Level: kind.level, PingInterval: -1})
			if err != nil {
				t.Fatal(err)
			}
			defer c.CloseNow()
			wg.Go(func() { frames[i] = p.frameFor(c) })
		}
		wg.Wait()
		for _, f := range frames {
			if &f[0] != &frames[0][0] || len(f) != len(frames[0]) {
				t.Errorf("%s: not one frame", name)
			}
		}
		if isPlain := &frames[0][0] == &p.plain[0]; isPlain != kind.plain {
			t.Errorf("%s: plain %v, want %v", name, isPlain, kind.plain)
		}
	}
	if n := len(p.compressed); n != 3 {
		t.Errorf("compressed %d times for 3 kinds", n)
	}
}
