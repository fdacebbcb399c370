package conn

import (
	"context"
	"slices"

	"github.com/parleyws/parley/frame"
)

// drainQueue sends what is queued, until nothing is.
func (c *Conn) drainQueue() {
	q := c.out.queue
	for {
		q.mu.Lock()
		if len(q.items) == 0 || c.writeError() != nil {
			q.items, q.waiting = nil, load{}
			q.running = false
			q.changed()
			q.mu.Unlock()
			if f := c.opts.Queue.OnDrain; f != nil && c.writeError() == nil {
				f(c)
			}
			return
		}
		batch := q.nextBatch(c.opts.Queue)
		q.mu.Unlock()

		c.sendBatch(batch)

		q.mu.Lock()
		q.sending = load{}
		q.changed()
		q.mu.Unlock()
	}
}

// maxSharedBatch is how many bytes of prepared messages leave together. What leaves
// is a copy, which the peer who does not read keeps of what is shared otherwise.
const maxSharedBatch = 16 << 10

// nextBatch takes out what is to leave together: no more than half of what may
// wait, so that there is always room for more.
func (q *queue) nextBatch(limits *Queue) []outMessage {
	maxSize, maxCount := maxBatch, len(q.items)
	if q.items[0].frame != nil {
		maxSize = maxSharedBatch
	}
	if limits.Bytes > 0 {
		maxSize = int(min(int64(maxSize), limits.Bytes/2))
	}
	if limits.Messages > 0 {
		maxCount = min(maxCount, limits.Messages/2)
	}
	size, n := 0, 0
	for n == 0 || n < maxCount && size < maxSize {
		size += len(q.items[n].data) + frame.MaxHeaderLen
		n++
	}
	// A copy, or the batch would keep all that is dropped meanwhile.
	batch := slices.Clone(q.items[:n])
	clear(q.items[:n])
	q.items = q.items[n:]
	for i := range batch {
		q.waiting.remove(&batch[i])
		q.sending.add(&batch[i])
	}
	return batch
}

// sendBatch sends messages, if possible with one write. Errors show in writeError.
func (c *Conn) sendBatch(batch []outMessage) {
	for i := range batch[:len(batch)-1] {
		c.out.gathering.Store(true) // the Wheel takes it back when that takes long
		c.sendMessage(context.Background(), &batch[i])
	}
	c.out.gathering.Store(false)
	c.sendMessage(context.Background(), &batch[len(batch)-1])
	c.Flush(context.Background())
}
