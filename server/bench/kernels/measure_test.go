package kernels

import (
	"errors"
	"flag"
	"slices"
	"testing"
	"time"
)

func TestEveryRoundBeginsWithAnotherContestant(t *testing.T) {
	var order []string
	c := Contest{Kernel: "k", Duels: []Duel{{"a", "b", 1}}}
	for _, name := range []string{"a", "b", "c"} {
		c.Contestants = append(c.Contestants, Contestant{Name: name, Loop: func(b *testing.B) {
			order = append(order, name)
			for b.Loop() {
			}
		}})
	}
	res, err := Measure(&c, 4, time.Nanosecond)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"a", "b", "c", "b", "c", "a", "c", "a", "b", "a", "b", "c"}
	if !slices.Equal(slices.Compact(slices.Clone(order)), slices.Compact(slices.Clone(want))) {
		t.Errorf("order %v, want %v", order, want)
	}
	for _, x := range res.Times {
		if len(x.Rounds) != 4 {
			t.Errorf("%s: %d rounds", x.Name, len(x.Rounds))
		}
	}
}

func TestTheBenchTimeIsSetBack(t *testing.T) {
	restore, err := setBenchTime(1234 * time.Microsecond)
	if err != nil {
		t.Fatal(err)
	}
	defer restore()
	c := NewKey()[0]
	if _, err := Measure(&c, 1, time.Nanosecond); err != nil {
		t.Fatal(err)
	}
	if got := flag.Lookup("test.benchtime").Value.String(); got != "1.234ms" {
		t.Errorf("%s", got)
	}
}

func TestNothingIsTimedThatDisagrees(t *testing.T) {
	timed := false
	c := Contest{Kernel: "k"}
	for _, says := range []string{"a", "b"} {
		c.Contestants = append(c.Contestants, Contestant{
			Name: says,
			Loop: func(b *testing.B) { timed = true },
			Once: func() string { return says },
		})
	}
	if _, err := Measure(&c, 1, time.Nanosecond); err == nil || timed {
		t.Errorf("%v, timed: %v", err, timed)
	}
}

func TestMeasuringSaysWhatItCannotDo(t *testing.T) {
	ok := NewKey()[0]
	if _, err := Measure(&ok, 0, time.Nanosecond); !errors.Is(err, errNoRounds) {
		t.Errorf("no rounds: %v", err)
	}
	if _, err := Measure(&ok, 1, -time.Nanosecond); err == nil {
		t.Error("a time below zero was accepted")
	}
	bad := Contest{Contestants: []Contestant{{Loop: func(b *testing.B) { b.FailNow() }}}}
	if _, err := Measure(&bad, 1, time.Nanosecond); !errors.Is(err, errFailed) {
		t.Errorf("failed benchmark: %v", err)
	}
}

func TestRatiosAreTheMediansOfRounds(t *testing.T) {
	c := Contest{
		Bytes:       100,
		Contestants: []Contestant{{Name: "a", AtMost: 20}, {Name: "b"}},
		Duels:       []Duel{{"a", "b", 2}, {"b", "a", 0.6}},
	}
	// The machine is half as fast in the second round.
	res := c.result([][]float64{{10, 20, 10}, {20, 40, 21}}, [][]float64{{0, 0, 0}, {1, 1, 2}})
	if got := res.Times[0]; got.Nanoseconds != 10 || got.GBps != 10 || got.Allocs != 0 || !got.Met() {
		t.Errorf("a: %+v", got)
	}
	if got := res.Times[1]; got.Nanoseconds != 21 || got.Allocs != 1 || !got.Met() {
		t.Errorf("b: %+v", got)
	}
	if got := res.Ratios[0]; got.Times != 2 || !got.Met() {
		t.Errorf("a : b: %+v", got)
	}
	if got := res.Ratios[1]; got.Times != 0.5 || got.Met() {
		t.Errorf("b : a: %+v", got)
	}
}
