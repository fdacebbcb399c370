package conn

import "sync/atomic"

// phase says what the holder of reader does, for others to know. It changes as
// seldom as it can: to set it costs as much as to encode a frame.
type phase struct{ now atomic.Int32 }

const (
	resting  = iota
	waiting  // for bytes from the stream, or decoding those that came
	handling // in a function of a Handler, or decoding what comes before the next read
)

// enter is called by the holder of reader.
func (p *phase) enter(next int32) {
	if p.now.Load() != next {
		p.now.Store(next)
	}
}

func (p *phase) is(what int32) bool { return p.now.Load() == what }
