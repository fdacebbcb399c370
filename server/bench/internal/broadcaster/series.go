package broadcaster

import (
	"context"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/server/bench/internal/stamp"
)

// Series is messages at a steady rate.
type Series struct {
	First     uint64  `json:"first"` // number of the first one
	Count     int     `json:"count"`
	Size      int     `json:"size"`       // bytes of each, at least [stamp.Len]
	PerSecond float64 `json:"per_second"` // rate
}

// Begin begins to send a series to all subscribers, and returns when its first
// message is due. A message that is late has the stamp of when it was due: a server
// that falls behind does not hide it.
func (b *Broadcaster) Begin(s Series) (due time.Duration) {
	due = stamp.Now() + time.Millisecond
	b.casts.Add(1)
	go func() {
		defer b.casts.Done()
		payload := stamp.Payload(s.Size)
		for i := range s.Count {
			at := due + time.Duration(float64(i)/s.PerSecond*float64(time.Second))
			time.Sleep(at - stamp.Now())
			stamp.Stamp{Number: s.First + uint64(i), Due: at}.Put(payload)
			b.cast(payload)
		}
	}()
	return due
}

// cast sends a message to all. The lock keeps nobody waiting for a peer: no call
// that queues does.
func (b *Broadcaster) cast(payload []byte) {
	p, err := conn.Prepare(conn.Binary, payload)
	if err != nil {
		panic(err) // for binary there is no error
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.subscribers {
		if c != nil {
			// A message that is not queued is counted, and who is closed for
			// it is removed.
			c.WritePrepared(context.Background(), p)
		}
	}
}
