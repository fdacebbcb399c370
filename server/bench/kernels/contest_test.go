package kernels

import (
	"slices"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/parleyws/parley/frame"
	"github.com/parleyws/parley/server/bench/internal/texts"
)

// What is compared does the same work.
func TestContestantsAgreeOnEveryInput(t *testing.T) {
	for _, c := range All() {
		if err := c.Agree(); err != nil {
			t.Error(err)
		}
		comparable := 0
		for _, x := range c.Contestants {
			if x.Once != nil {
				comparable++
			}
		}
		if comparable < 2 && c.Kernel != "new key" {
			t.Errorf("%s: %d results to compare", c.Name(), comparable)
		}
	}
}

// RFC 6455 section 5.7 gives the bytes.
func TestContestantsMaskAsTheRFCSays(t *testing.T) {
	c := mask([][]byte{[]byte("Hello")})
	for _, x := range c.Contestants {
		if x.Once == nil {
			continue
		}
		if got := x.Once(); got != "\x7f\x9f\x4d\x51\x58" {
			t.Errorf("%s: % X", x.Name, got)
		}
	}
}

func TestContestantsAgreeOnMaskingAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := mask([][]byte{rapid.SliceOfN(rapid.Byte(), 1, 600).Draw(t, "payload")})
		if err := c.Agree(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestContestantsAgreeOnTextsThatAreBroken(t *testing.T) {
	broken := 0
	for _, s := range texts.All() {
		for _, size := range validSizes {
			if size > 1<<10 {
				continue
			}
			for at := range min(size, 100) {
				for _, b := range []byte{0x80, 0xc1, 0xed, 0xff} {
					p := make([]byte, size)
					s.Fill(p, 0)
					p[at] = b
					if !utf8.Valid(p) {
						broken++
					}
					c := valid([][]byte{p})
					if err := c.Agree(); err != nil {
						t.Fatalf("%s: %02X at %d of %d: %v", s.Name, b, at, size, err)
					}
				}
			}
		}
	}
	if broken == 0 {
		t.Error("no text was broken")
	}
}

func TestContestantsAgreeOnAnyHeader(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := frame.Header{
			Fin:    rapid.Bool().Draw(t, "fin"),
			RSV:    frame.RSV(rapid.ByteMax(7).Draw(t, "rsv") << 4),
			Opcode: frame.Opcode(rapid.ByteMax(15).Draw(t, "opcode")),
			Masked: rapid.Bool().Draw(t, "masked"),
			Length: rapid.Int64Min(0).Draw(t, "length"),
		}
		if h.Masked {
			h.Key = frame.Key(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "key"))
		}
		in := headers{"any", []frame.Header{h}}
		for _, c := range []Contest{parseHeader(in), appendHeader(in)} {
			if err := c.Agree(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestADisagreementIsFound(t *testing.T) {
	say := func(s string) func() string { return func() string { return s } }
	for _, c := range []struct {
		name string
		once []func() string
		ok   bool
	}{
		{"all the same", []func() string{say("a"), say("a"), say("a")}, true},
		{"one has nothing to say", []func() string{nil, say("a"), say("a")}, true},
		{"none has", []func() string{nil, nil}, true},
		{"the first differs", []func() string{say("b"), say("a"), say("a")}, false},
		{"the last differs", []func() string{say("a"), nil, say("b")}, false},
	} {
		contest := Contest{Kernel: "k"}
		for _, once := range c.once {
			contest.Contestants = append(contest.Contestants, Contestant{Once: once})
		}
		if err := contest.Agree(); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// A duel of which no contestant is the name would be measured as nothing.
func TestDuelsAreOfContestants(t *testing.T) {
	names := make(map[string]bool)
	for _, c := range All() {
		if names[c.Name()] {
			t.Errorf("%s is there twice", c.Name())
		}
		names[c.Name()] = true
		has := make(map[string]bool)
		for _, x := range c.Contestants {
			if has[x.Name] {
				t.Errorf("%s: two are called %s", c.Name(), x.Name)
			}
			has[x.Name] = true
		}
		for _, d := range c.Duels {
			if !has[d.Of] || !has[d.Against] || d.Of == d.Against {
				t.Errorf("%s: %s : %s", c.Name(), d.Of, d.Against)
			}
		}
	}
}

// The loops take turns of their texts by masking a counter.
func TestInputsThatTakeTurnsAreAPowerOfTwo(t *testing.T) {
	for _, in := range headerInputs() {
		if n := len(in.ours); n == 0 || n&(n-1) != 0 {
			t.Errorf("%s: %d headers", in.payload, n)
		}
	}
	for _, size := range slices.Concat(maskSizes, validSizes) {
		if n := turns(size); n == 0 || n&(n-1) != 0 {
			t.Errorf("%d turns of %d bytes", n, size)
		}
	}
}
