package broadcast

import (
	"fmt"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/server/bench/internal/stamp"
)

// Case is what the server and its subscribers do.
type Case struct {
	Subscribers int           `json:"subscribers"` // in all
	Stalled     int           `json:"stalled"`     // of those, that never read
	Size        int           `json:"size"`        // bytes of a message
	PerSecond   float64       `json:"per_second"`  // messages
	Duration    time.Duration `json:"duration_ns"` // of a turn, after a fifth of it to warm up
	Queue       int64         `json:"queue"`       // bytes that may wait for one subscriber
	Full        Policy        `json:"full"`        // what happens when they do
}

// Policy is what happens to a message for which a queue has no room: a policy of
// package conn that does not wait.
type Policy string

// The policies.
const (
	DropOldest Policy = "drop-oldest"
	DropNewest Policy = "drop-newest"
	Close      Policy = "close"
)

func (p Policy) policy() (conn.QueuePolicy, error) {
	switch p {
	case DropOldest:
		return conn.DropOldestWhenFull, nil
	case DropNewest:
		return conn.DropNewestWhenFull, nil
	case Close:
		return conn.CloseWhenFull, nil
	}
	return 0, fmt.Errorf("no policy %q; there are %s, %s, %s", string(p), DropOldest, DropNewest, Close)
}

// maxSize is what a queue can well have several of.
const maxSize = 1 << 20

// Check says what cannot be measured.
func (c Case) Check() error {
	switch {
	case c.Stalled < 1 || c.Stalled >= c.Subscribers:
		return fmt.Errorf("%d stalled of %d subscribers: at least 1 of each kind", c.Stalled, c.Subscribers)
	case c.Size < stamp.Len || c.Size > maxSize:
		return fmt.Errorf("messages of %d bytes: from %d to %d", c.Size, stamp.Len, maxSize)
	case !(c.PerSecond > 0 && c.PerSecond <= 1e6):
		return fmt.Errorf("%v messages a second: above 0, and a million at most", c.PerSecond)
	case c.Duration <= 0:
		return fmt.Errorf("turns of %v: must be above 0", c.Duration)
	case c.Queue < int64(c.Size):
		return fmt.Errorf("queues of %d bytes: no room for a message of %d", c.Queue, c.Size)
	}
	_, err := c.Full.policy()
	return err
}

// messages returns how many are due in d, at least one.
func (c Case) messages(d time.Duration) int {
	return max(1, int(c.PerSecond*d.Seconds()))
}

// limit returns how many bytes may wait for all who stall.
func (c Case) limit() int64 { return int64(c.Stalled) * c.Queue }
