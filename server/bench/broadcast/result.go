package broadcast

import "time"

// Result is what measuring a [Case] gave.
type Result struct {
	Case
	Without Arm   `json:"without"`   // without those who stall
	With    Arm   `json:"with"`      // with them
	P50     Ratio `json:"p50_ratio"` // of the latencies with them to those without
	P99     Ratio `json:"p99_ratio"`
	Memory  Grown `json:"memory"`
}

// Arm is the same readers in all rounds; all but Rounds are medians.
type Arm struct {
	P50       float64 `json:"p50_ns"` // half of the messages came within this time
	P99       float64 `json:"p99_ns"`
	Busy      float64 `json:"busy"`      // share of the time in which the server computed
	Delivered float64 `json:"delivered"` // messages, to all readers
	Lost      float64 `json:"lost"`      // that did not come to readers
	Dropped   float64 `json:"dropped"`   // by the queues of all
	Closed    float64 `json:"closed"`    // subscribers of any kind, by the server
	Rounds    []Turn  `json:"rounds"`
}

// Turn is one arm in one round.
type Turn struct {
	P50       time.Duration `json:"p50_ns"`
	P99       time.Duration `json:"p99_ns"`
	Took      time.Duration `json:"took_ns"`
	Server    time.Duration `json:"server_cpu_ns"`
	Delivered int           `json:"delivered"`
	Lost      int           `json:"lost"`
	Dropped   uint64        `json:"dropped"`
	Closed    int           `json:"closed"`
	Before    int64         `json:"before"` // bytes of the server when all are there
	Full      int64         `json:"full"`   // and when the queues of those who stall are full
	After     int64         `json:"after"`  // and when all has been sent
}

// grown returns how many bytes more the server had than before, when it had most.
func (t Turn) grown() float64 { return float64(max(t.Full, t.After) - t.Before) }

// Ratio is the median of the rounds' ratios.
type Ratio struct {
	Times  float64 `json:"times"`
	AtMost float64 `json:"at_most,omitempty"` // the target, 0 for none
}

// Met tells whether r meets its target. Without one there is nothing to miss.
func (r Ratio) Met() bool { return r.AtMost == 0 || r.Times <= r.AtMost }

// Grown is by how many bytes the server grew; medians.
type Grown struct {
	Without float64 `json:"without"`
	With    float64 `json:"with"`
	AtMost  float64 `json:"at_most"` // the target for With: all that may wait for those who stall
}

// Met tells whether g meets its target.
func (g Grown) Met() bool { return g.With <= g.AtMost }
