package deflate

import (
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/parleyws/parley/server/bench/internal/report"
)

// Result is what measuring a [Case] gave.
type Result struct {
	Bytes    int   `json:"bytes"` // of a message
	Takeover bool  `json:"takeover"`
	Rows     []Row `json:"rows"` // one for each way, in their order
}

// Row is what measuring one way gave.
type Row struct {
	Way        string  `json:"way"`
	WindowBits int     `json:"window_bits"`
	Shared     float64 `json:"shared"` // bytes kept for all connections together; the median
	Compress   Side    `json:"compress"`
	Inflate    Side    `json:"inflate"`
	Ratio      float64 `json:"ratio"` // bytes on the wire per byte of the messages
}

// Side is what one direction of a connection takes.
type Side struct {
	Kept        float64   `json:"kept"` // bytes of an idle connection; the median
	Nanoseconds float64   `json:"ns"`   // of a message; the median
	Rounds      []float64 `json:"rounds"`
}

var (
	errNoRounds      = errors.New("websocket: no rounds to measure")
	errNoConnections = errors.New("websocket: no connections to measure")
)

// Measure measures each way once in each of rounds rounds, with connections that
// have seen more than a window full of messages and then take turns, message by
// message: a connection finds its memory as cold as on a server that has others.
// Every round begins with another way. Nothing is measured of a way whose messages
// do not come out as they were.
//
// What is kept is what is left on the heap after the garbage is collected, divided
// by the connections; the program must do nothing else meanwhile.
func Measure(c *Case, ways []Way, rounds, connections int) (Result, error) {
	switch {
	case rounds < 1:
		return Result{}, errNoRounds
	case connections < 1:
		return Result{}, errNoConnections
	}
	res := Result{Bytes: c.Size, Takeover: c.Takeover, Rows: make([]Row, len(ways))}
	for i, w := range ways {
		wire, err := c.Agree(w)
		if err != nil {
			return Result{}, err
		}
		res.Rows[i] = Row{Way: w.Name, WindowBits: w.WindowBits, Ratio: float64(wire) / float64(c.Size*len(c.messages))}
	}
	turns := make([][]turn, len(ways))
	for round := range rounds {
		for i := range ways {
			i = (i + round) % len(ways)
			t, err := c.turn(ways[i], connections)
			if err != nil {
				return Result{}, err
			}
			turns[i] = append(turns[i], t)
		}
	}
	for i := range res.Rows {
		res.Rows[i].sum(turns[i])
	}
	return res, nil
}

// turn is what one turn of a way took.
type turn struct {
	shared                    float64
	keptCompress, keptInflate float64 // bytes of a connection
	compress, inflate         float64 // nanoseconds of a message
}

// turn lets w have its turn.
func (c *Case) turn(w Way, connections int) (t turn, err error) {
	recorded, err := c.record(w.WindowBits)
	if err != nil {
		return t, err
	}
	had := len(c.before)
	scratch := NewScratch()
	empty := heap()
	e, err := w.Open(c.Takeover, scratch)
	if err != nil {
		return t, err
	}
	compress := func(d Compressor, message []byte) error {
		d.Compress(message)
		return nil
	}
	inflate := func(d Decompressor, wire []byte) error {
		_, err := d.Decompress(wire)
		return err
	}
	for range w.Pool {
		err = errors.Join(err, takeAll(e.Compressor(), compress, c.before))
	}
	for range w.Pool {
		err = errors.Join(err, takeAll(e.Decompressor(), inflate, recorded[:had]))
	}
	if err != nil {
		return t, fmt.Errorf("websocket: %s: %w", w.Name, err)
	}
	t.shared = heap() - empty
	if t.keptCompress, t.compress, err = takeTurns(w.Pool, connections, e.Compressor, compress, c.before, c.messages); err != nil {
		return t, fmt.Errorf("websocket: %s: %w", w.Name, err)
	}
	if t.keptInflate, t.inflate, err = takeTurns(w.Pool, connections, e.Decompressor, inflate, recorded[:had], recorded[had:]); err != nil {
		return t, fmt.Errorf("websocket: %s: %w", w.Name, err)
	}
	runtime.KeepAlive(e)
	runtime.KeepAlive(scratch)
	return t, nil
}

// takeTurns opens n connections, one direction of each, has each of them take the
// messages before, and all of them in turns the others. It returns how many bytes
// each keeps before those, and how many nanoseconds each of those takes. What is
// pooled serves as many connections as pool says.
func takeTurns[Conn any](pool, n int, open func() Conn, take func(Conn, []byte) error, before, messages [][]byte) (kept, ns float64, err error) {
	openAll := func(n int) []Conn {
		conns := make([]Conn, n)
		for i := range conns {
			conns[i] = open()
			err = errors.Join(err, takeAll(conns[i], take, before))
		}
		return conns
	}
	// What is shared may hold on to memory of who had it last: to that of a
	// connection which is there before and after.
	others := openAll(pool)
	empty := heap()
	conns := openAll(n)
	kept = (heap() - empty) / float64(n)
	err = errors.Join(err, takeAll(open(), take, before)) // fills the pools again
	if err != nil {
		return 0, 0, err
	}
	start := time.Now()
	for _, m := range messages {
		for _, c := range conns {
			if err := take(c, m); err != nil {
				return 0, 0, err
			}
		}
	}
	ns = float64(time.Since(start).Nanoseconds()) / float64(n*len(messages))
	runtime.KeepAlive(others)
	runtime.KeepAlive(conns)
	return kept, ns, nil
}

func takeAll[Conn any](c Conn, take func(Conn, []byte) error, messages [][]byte) (err error) {
	for _, m := range messages {
		err = errors.Join(err, take(c, m))
	}
	return err
}

// heap returns how many bytes are in use once all garbage is gone. What is in a
// sync.Pool goes with the second collection.
func heap() float64 {
	var m runtime.MemStats
	for range 3 {
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

func (r *Row) sum(turns []turn) {
	of := func(value func(turn) float64) (all []float64) {
		for _, t := range turns {
			all = append(all, value(t))
		}
		return all
	}
	r.Shared = report.Median(of(func(t turn) float64 { return t.shared }))
	r.Compress = newSide(of(func(t turn) float64 { return t.keptCompress }), of(func(t turn) float64 { return t.compress }))
	r.Inflate = newSide(of(func(t turn) float64 { return t.keptInflate }), of(func(t turn) float64 { return t.inflate }))
}

func newSide(kept, ns []float64) Side {
	return Side{Kept: report.Median(kept), Nanoseconds: report.Median(ns), Rounds: ns}
}
