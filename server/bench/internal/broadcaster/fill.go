package broadcaster

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/server/bench/internal/stamp"
)

// What is stuck is known by nothing happening for a while.
const (
	look = 5 * time.Millisecond
	calm = 20 // looks at which there was nothing to do
)

// Fill sends messages of size bytes to the first n subscribers, who do not read,
// until the kernel takes no more and their queues have no room for another one. If
// they do read it gives up after a while.
func (b *Broadcaster) Fill(n, size int) error {
	b.mu.Lock()
	stalled := slices.Clone(b.subscribers[:min(n, len(b.subscribers))])
	b.mu.Unlock()
	late := time.Now().Add(20 * time.Second)
	for still := 0; still < calm; still++ {
		p, err := conn.Prepare(conn.Binary, stamp.Payload(size))
		if err != nil {
			return err
		}
		for _, c := range stalled {
			if c == nil || c.Queue().Bytes+int64(size) > b.queue.Bytes {
				continue
			}
			still = 0
			if err := c.WritePrepared(context.Background(), p); err != nil {
				return err
			}
		}
		if time.Now().After(late) {
			return fmt.Errorf("websocket: a subscriber that should not read does")
		}
		if still > 0 {
			time.Sleep(look)
		}
	}
	return nil
}
