package idle

import (
	"fmt"
	"time"

	"github.com/parleyws/parley/server/bench/internal/peers"
	"github.com/parleyws/parley/server/bench/internal/report"
)

// Case is what the clients do.
type Case struct {
	Connections int           `json:"connections"` // that are idle at the same time
	Size        int           `json:"size"`        // bytes of the message that each exchanges before
	Rest        time.Duration `json:"rest_ns"`     // for which nothing but pings and pongs is sent then
}

// Options say how to measure.
type Options struct {
	Peers    []string // names, as those of package echo
	Rounds   int      // how often each peer has its turn
	Profiles string   // folder for a profile of each server's heap in the last round, or ""
}

// DefaultPeers are those that are measured if nobody says anything else.
func DefaultPeers() []string {
	return []string{"parley", "parley-loop", "gorilla", "coder", "gws", "gobwas"}
}

// atMost is the target of our event style, in bytes.
const atMost = 4.5 * 1024

// maxSize is what every server accepts that is left at its defaults.
const maxSize = 32 << 10

// Check says what cannot be done.
func (c Case) Check() error {
	switch {
	case c.Connections < 1:
		return fmt.Errorf("%d connections: at least 1", c.Connections)
	case c.Rest < 0:
		return fmt.Errorf("a rest of %v: not below 0", c.Rest)
	case c.Size < 0 || c.Size > maxSize:
		return fmt.Errorf("messages of %d bytes: from 0 to %d", c.Size, maxSize)
	}
	return nil
}

// Check says what cannot be done.
func (o Options) Check() error {
	if o.Rounds < 1 {
		return fmt.Errorf("%d rounds: at least 1", o.Rounds)
	}
	_, err := peers.Named(o.Peers)
	return err
}

// Measure gives each peer a turn in each round, and every round begins with another.
func Measure(c Case, o Options) (Result, error) {
	if err := c.Check(); err != nil {
		return Result{}, err
	}
	if err := o.Check(); err != nil {
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
			t, err := c.turn(p, profiles)
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
	fresh := func(t Turn) float64 { return float64(t.Fresh-t.Before) / float64(c.Connections) }
	idle := func(t Turn) float64 { return float64(t.Idle-t.Before) / float64(c.Connections) }
	for _, name := range names {
		median := func(value func(Turn) float64) float64 {
			var all []float64
			for _, t := range turns[name] {
				all = append(all, value(t))
			}
			return report.Median(all)
		}
		m := Memory{Name: name, Fresh: median(fresh), Idle: median(idle), Rounds: turns[name]}
		if name == "parley" {
			m.AtMost = atMost
		}
		res.Peers = append(res.Peers, m)
	}
	for _, against := range names {
		if of := names[0]; of != against {
			var all []float64
			for round, t := range turns[of] {
				// Of few connections nothing may be seen, or less.
				all = append(all, max(idle(turns[against][round]), 1)/max(idle(t), 1))
			}
			res.Ratios = append(res.Ratios, Ratio{of, against, report.Median(all)})
		}
	}
	return res
}
