package echo

import "time"

// Result is what measuring a [Case] gave.
type Result struct {
	Case
	Rates  []Rate  `json:"rates"`  // one for each peer, in their order
	Ratios []Ratio `json:"ratios"` // of ours to the others
}

// Rate is how fast one peer is.
type Rate struct {
	Name      string  `json:"name"`
	PerSecond float64 `json:"per_second"` // messages; the median of Rounds
	CPU       float64 `json:"cpu_ns"`     // processor time of the server for a message, in nanoseconds; the median
	Busy      float64 `json:"busy"`       // share of the time in which the server computed; the median
	Clients   float64 `json:"clients"`    // share of the time in which the clients did; the median
	Rounds    []Turn  `json:"rounds"`
}

// Turn is one peer in one round.
type Turn struct {
	Messages int           `json:"messages"`
	Took     time.Duration `json:"took_ns"`
	Server   time.Duration `json:"server_cpu_ns"`
	Clients  time.Duration `json:"clients_cpu_ns"`
}

// A turn in which nothing happened counts as one with a little: a ratio needs
// something to divide by.
func (t Turn) perSecond() float64 { return float64(max(t.Messages, 1)) / t.Took.Seconds() }

func (t Turn) cpu() float64 { return float64(max(t.Server, 1)) / float64(max(t.Messages, 1)) }

// Ratio is how many times as fast as Against Of is.
type Ratio struct {
	Of      string  `json:"of"`
	Against string  `json:"against"`
	Times   float64 `json:"times"`              // the median of the rounds' ratios of messages per second
	CPU     float64 `json:"cpu"`                // the median of the rounds' ratios of messages per processor time of the server
	AtLeast float64 `json:"at_least,omitempty"` // the target for Times, 0 for none
}

// Met tells whether r meets its target. Without one there is nothing to miss.
func (r Ratio) Met() bool { return r.Times >= r.AtLeast }
