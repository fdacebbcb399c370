package idle

// Result is what measuring a [Case] gave.
type Result struct {
	Case
	Peers  []Memory `json:"peers"`  // in their order
	Ratios []Ratio  `json:"ratios"` // of the others to the first
}

// Memory is what one peer keeps for a connection.
type Memory struct {
	Name   string  `json:"name"`
	Fresh  float64 `json:"fresh"`             // bytes, just after its message; the median of the rounds
	Idle   float64 `json:"idle"`              // bytes, after its rest; the median
	AtMost float64 `json:"at_most,omitempty"` // the target for Idle, 0 for none
	Rounds []Turn  `json:"rounds"`
}

// Met tells whether m meets its target. Without one there is nothing to miss.
func (m Memory) Met() bool { return m.AtMost == 0 || m.Idle <= m.AtMost }

// Turn is one peer in one round.
type Turn struct {
	Before int64 `json:"before"` // bytes of the server without connections
	Fresh  int64 `json:"fresh"`  // with all, after their message
	Idle   int64 `json:"idle"`   // and after their rest
}

// Ratio is how many times as much as Of Against keeps after the rest.
type Ratio struct {
	Of      string  `json:"of"`
	Against string  `json:"against"`
	Times   float64 `json:"times"` // the median of the rounds' ratios
}
