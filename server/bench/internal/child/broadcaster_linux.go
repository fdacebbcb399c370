package child

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/server/bench/internal/broadcaster"
)

// Broadcaster is a process that is a [broadcaster.Broadcaster].
type Broadcaster struct{ *Server }

// StartBroadcaster starts the server on its processor, as [Start] does; the other
// arguments are those of [broadcaster.New].
func StartBroadcaster(on *Processors, bytes int64, full conn.QueuePolicy) (Broadcaster, error) {
	s, err := start(on, broadcast, strconv.FormatInt(bytes, 10), strconv.Itoa(int(full)))
	return Broadcaster{s}, err
}

// Await waits until n subscribers are there.
func (b Broadcaster) Await(n int) error { return b.order(await, strconv.Itoa(n)) }

// Fill is [broadcaster.Broadcaster.Fill].
func (b Broadcaster) Fill(n, size int) error {
	return b.order(fill, strconv.Itoa(n), strconv.Itoa(size))
}

// Begin is [broadcaster.Broadcaster.Begin].
func (b Broadcaster) Begin(s broadcaster.Series) (due time.Duration, err error) {
	arg, err := json.Marshal(s)
	if err != nil {
		return 0, fmt.Errorf("websocket: server: %w", err)
	}
	answer, err := b.tell(begin, string(arg))
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(answer, 10, 64)
	return time.Duration(n), err
}

// Stats is [broadcaster.Broadcaster.Stats].
func (b Broadcaster) Stats() (s broadcaster.Stats, err error) {
	answer, err := b.tell(counts)
	if err == nil {
		err = json.Unmarshal([]byte(answer), &s)
	}
	return s, err
}
