package kernels

import (
	"errors"
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/parleyws/parley/server/bench/internal/report"
)

// Result is what measuring a [Contest] gave.
type Result struct {
	Kernel string  `json:"kernel"`
	Input  []Field `json:"input,omitempty"`
	Bytes  int     `json:"bytes,omitempty"` // handled by one operation
	Times  []Time  `json:"times"`           // one for each contestant, in their order
	Ratios []Ratio `json:"ratios"`          // one for each duel, in their order
}

// Time is what one operation took a contestant.
type Time struct {
	Name        string    `json:"name"`
	Nanoseconds float64   `json:"ns"`                // the median of Rounds
	Rounds      []float64 `json:"rounds"`            // nanoseconds, one for each round
	GBps        float64   `json:"gbps,omitempty"`    // 10⁹ bytes in a second, at the median
	Allocs      float64   `json:"allocs"`            // the median
	AtMost      float64   `json:"at_most,omitempty"` // the target in nanoseconds, 0 for none
}

// Met tells whether t meets its target. Without one there is nothing to miss.
func (t Time) Met() bool { return t.AtMost == 0 || t.Nanoseconds <= t.AtMost }

// Ratio is how many times as fast as Against Of is.
type Ratio struct {
	Of      string  `json:"of"`
	Against string  `json:"against"`
	Times   float64 `json:"times"`              // the median of the rounds' ratios
	AtLeast float64 `json:"at_least,omitempty"` // the target, 0 for none
}

// Met tells whether r meets its target. Without one there is nothing to miss.
func (r Ratio) Met() bool { return r.Times >= r.AtLeast }

var (
	errNoRounds = errors.New("websocket: no rounds to measure")
	errFailed   = errors.New("websocket: the benchmark failed")
)

// Measure runs each contestant of c once in each of rounds rounds, for about d.
// Every round begins with another contestant, and a ratio compares times of one
// round only, so that a drift of the machine falls on all alike. Nothing is timed
// unless the contestants agree.
//
// It sets the flag test.benchtime while it runs, so one call at a time; and it
// waits for ever inside a Go benchmark, which runs alone.
func Measure(c *Contest, rounds int, d time.Duration) (Result, error) {
	if rounds < 1 {
		return Result{}, errNoRounds
	}
	if err := c.Agree(); err != nil {
		return Result{}, err
	}
	restore, err := setBenchTime(d)
	if err != nil {
		return Result{}, err
	}
	defer restore()

	ns := make([][]float64, len(c.Contestants))
	allocs := make([][]float64, len(c.Contestants))
	for round := range rounds {
		for turn := range c.Contestants {
			i := (turn + round) % len(c.Contestants)
			r := testing.Benchmark(func(b *testing.B) { c.Bench(b, i) })
			if r.N == 0 {
				return Result{}, fmt.Errorf("%w: %s, %s", errFailed, c.Name(), c.Contestants[i].Name)
			}
			ns[i] = append(ns[i], float64(r.T.Nanoseconds())/float64(r.N))
			allocs[i] = append(allocs[i], float64(r.AllocsPerOp()))
		}
	}
	return c.result(ns, allocs), nil
}

// setBenchTime tells package testing how long a benchmark takes, which it leaves to
// a flag. restore sets it back.
func setBenchTime(d time.Duration) (restore func(), err error) {
	testing.Init()
	f := flag.Lookup("test.benchtime")
	before := f.Value.String()
	if err := f.Value.Set(d.String()); err != nil {
		return nil, fmt.Errorf("websocket: time of a benchmark: %w", err)
	}
	return func() { f.Value.Set(before) }, nil
}

// result makes a Result of the nanoseconds and allocations of each contestant in
// each round.
func (c *Contest) result(ns, allocs [][]float64) Result {
	res := Result{Kernel: c.Kernel, Input: c.Input, Bytes: c.Bytes}
	rounds := make(map[string][]float64)
	for i, x := range c.Contestants {
		t := Time{Name: x.Name, Nanoseconds: report.Median(ns[i]), Rounds: ns[i], Allocs: report.Median(allocs[i]), AtMost: x.AtMost}
		if t.Nanoseconds > 0 {
			t.GBps = float64(c.Bytes) / t.Nanoseconds
		}
		rounds[x.Name] = ns[i]
		res.Times = append(res.Times, t)
	}
	for _, duel := range c.Duels {
		var times []float64
		for round, of := range rounds[duel.Of] {
			times = append(times, rounds[duel.Against][round]/of)
		}
		res.Ratios = append(res.Ratios, Ratio{duel.Of, duel.Against, report.Median(times), duel.AtLeast})
	}
	return res
}
