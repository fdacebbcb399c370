package broadcast

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/parleyws/parley/server/bench/internal/report"
)

// Options say how to measure.
type Options struct {
	Rounds   int    // how often each arm has its turn
	Profiles string // folder for a profile of each arm's server in the last round, or ""
}

// Check says what cannot be done.
func (o Options) Check() error {
	if o.Rounds < 1 {
		return fmt.Errorf("%d rounds: at least 1", o.Rounds)
	}
	return nil
}

// atMost is by how many times those who stall may raise the latency of the others.
const atMost = 1.5

// Measure gives each arm, the readers alone and with those who stall, a turn in each
// round, on a server of its own, and every round begins with the other one.
func Measure(c Case, o Options) (Result, error) {
	if err := errors.Join(c.Check(), o.Check()); err != nil {
		return Result{}, err
	}
	var arms [2][]Turn // without, with
	for round := range o.Rounds {
		for i := range arms {
			with := (i + round) % 2
			profile := ""
			if o.Profiles != "" && round == o.Rounds-1 {
				profile = o.Profiles
			}
			t, err := c.turn(with == 1, profile)
			if err != nil {
				return Result{}, fmt.Errorf("websocket: measure broadcasts: %w", err)
			}
			arms[with] = append(arms[with], t)
		}
	}
	return c.result(arms[0], arms[1]), nil
}

// result sums up the turns of both arms.
func (c Case) result(without, with []Turn) Result {
	ratio := func(value func(Turn) float64) float64 {
		var all []float64
		for round, t := range with {
			all = append(all, value(t)/value(without[round]))
		}
		return report.Median(all)
	}
	return Result{
		Case:    c,
		Without: newArm(without),
		With:    newArm(with),
		P50:     Ratio{ratio(Turn.p50), 0},
		P99:     Ratio{ratio(Turn.p99), atMost},
		Memory:  Grown{median(without, Turn.grown), median(with, Turn.grown), float64(c.limit())},
	}
}

func (t Turn) p50() float64 { return float64(t.P50) }
func (t Turn) p99() float64 { return float64(t.P99) }

func newArm(turns []Turn) Arm {
	return Arm{
		P50:       median(turns, Turn.p50),
		P99:       median(turns, Turn.p99),
		Busy:      median(turns, func(t Turn) float64 { return t.Server.Seconds() / t.Took.Seconds() }),
		Delivered: median(turns, func(t Turn) float64 { return float64(t.Delivered) }),
		Lost:      median(turns, func(t Turn) float64 { return float64(t.Lost) }),
		Dropped:   median(turns, func(t Turn) float64 { return float64(t.Dropped) }),
		Closed:    median(turns, func(t Turn) float64 { return float64(t.Closed) }),
		Rounds:    turns,
	}
}

func median(turns []Turn, value func(Turn) float64) float64 {
	var all []float64
	for _, t := range turns {
		all = append(all, value(t))
	}
	return report.Median(all)
}

// percentile returns the latency within which percent of 100 messages came; it sorts
// latencies, of which there is at least one.
func percentile(latencies []time.Duration, percent int) time.Duration {
	slices.Sort(latencies)
	rank := (len(latencies)*percent + 99) / 100 // the nearest, from 1 on
	return latencies[max(rank, 1)-1]
}
