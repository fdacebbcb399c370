package echo

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/parleyws/parley/server/bench/internal/peers"
	"github.com/parleyws/parley/server/bench/internal/report"
)

// Options say how to measure.
type Options struct {
	Peers    []string      // names; see [Peers]
	Rounds   int           // how often each peer has its turn
	Duration time.Duration // of one turn, after a fifth of it to warm up
	Profiles string        // folder for a profile of each server in the last round, or ""
}

// Peers returns the names of those that can be measured.
func Peers() []string {
	var names []string
	for _, p := range peers.All() {
		names = append(names, p.Name)
	}
	return names
}

// Check says what cannot be done.
func (o Options) Check() error {
	switch {
	case o.Rounds < 1:
		return fmt.Errorf("%d rounds: at least 1", o.Rounds)
	case o.Duration <= 0:
		return fmt.Errorf("turns of %v: must be above 0", o.Duration)
	}
	_, err := peers.Named(o.Peers)
	return err
}

// Measure gives each peer a turn in each round, and every round begins with another.
// A ratio compares turns of one round only, so that a drift of the machine falls on
// all alike. Nothing is timed of a peer that does not send back what it got.
func Measure(c Case, o Options) (Result, error) {
	if err := errors.Join(c.Check(), o.Check()); err != nil {
		return Result{}, err
	}
	list, _ := peers.Named(o.Peers) // whom Check knows
	turns := make(map[string][]Turn)
	for round := range o.Rounds {
		for i := range list {
			p := list[(i+round)%len(list)]
			profiles := ""
			if round == o.Rounds-1 {
				profiles = o.Profiles
			}
			t, err := c.turn(p, o.Duration, profiles)
			if err != nil {
				return Result{}, fmt.Errorf("websocket: measure %s: %w", p.Name, err)
			}
			turns[p.Name] = append(turns[p.Name], t)
		}
	}
	return c.result(o.Peers, turns), nil
}

// result sums up the turns of the peers in all rounds.
func (c Case) result(names []string, turns map[string][]Turn) Result {
	res := Result{Case: c}
	for _, name := range names {
		rounds := turns[name]
		median := func(value func(Turn) float64) float64 {
			var all []float64
			for _, t := range rounds {
				all = append(all, value(t))
			}
			return report.Median(all)
		}
		res.Rates = append(res.Rates, Rate{
			Name:      name,
			PerSecond: median(Turn.perSecond),
			CPU:       median(Turn.cpu),
			Busy:      median(func(t Turn) float64 { return t.Server.Seconds() / t.Took.Seconds() }),
			Clients:   median(func(t Turn) float64 { return t.Clients.Seconds() / t.Took.Seconds() }),
			Rounds:    rounds,
		})
	}
	first := "" // of ours, which is compared with all others
	if i := slices.IndexFunc(names, isOurs); i >= 0 {
		first = names[i]
	}
	for _, of := range names {
		for _, against := range names {
			if isOurs(of) && (of == first || against == "tcp") && !isOurs(against) {
				res.Ratios = append(res.Ratios, c.ratio(of, against, turns))
			}
		}
	}
	return res
}

func isOurs(name string) bool { return strings.HasPrefix(name, "parley") }

func (c Case) ratio(of, against string, turns map[string][]Turn) Ratio {
	var times, cpu []float64
	for round, t := range turns[of] {
		other := turns[against][round]
		times = append(times, t.perSecond()/other.perSecond())
		cpu = append(cpu, other.cpu()/t.cpu())
	}
	return Ratio{of, against, report.Median(times), report.Median(cpu), c.target(of, against)}
}
