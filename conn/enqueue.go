package conn

import (
	"context"

	"github.com/parleyws/parley/frame"
)

// dispatch sends a message, now or by way of the queue.
func (c *Conn) dispatch(ctx context.Context, m *outMessage) error {
	if c.opts.Queue == nil {
		return c.sendMessage(ctx, m)
	}
	if err := c.writeError(); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if m.frame == nil {
		m.data = append([]byte(nil), m.data...)
	}
	m.queued = true
	return c.enqueue(ctx, m)
}

// sendMessage sends a message now.
func (c *Conn) sendMessage(ctx context.Context, m *outMessage) error {
	if m.frame == nil && !m.plain && c.out.messages.Compresses(len(m.data)) {
		return c.writeCompressed(ctx, m)
	}
	return c.writePlain(ctx, m)
}

func (c *Conn) enqueue(ctx context.Context, m *outMessage) error {
	q := c.out.queue
	for {
		if err := c.writeError(); err != nil {
			return err
		}
		q.mu.Lock()
		if err := q.closed; err != nil {
			q.mu.Unlock()
			return err
		}
		if c.roomFor(m) {
			q.push(m)
			if !q.running {
				q.running = true
				go c.drainQueue()
			}
			q.mu.Unlock()
			return nil
		}
		switch c.opts.Queue.Full {
		case DropNewestWhenFull, DropOldestWhenFull: // what is being sent cannot be dropped
			q.dropped++
			q.mu.Unlock()
			return ErrQueueFull
		case CloseWhenFull:
			q.dropped++
			q.mu.Unlock()
			return c.closeSlow()
		}
		change := q.awaitChange()
		q.mu.Unlock()
		select {
		case <-change:
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-c.ended:
			return c.writeError()
		}
	}
}

// roomFor reports whether m may wait, after dropping others if that is the policy
// and helps.
// By the holder of the queue's lock.
func (c *Conn) roomFor(m *outMessage) bool {
	q, limits := c.out.queue, c.opts.Queue
	if limits.fits(m, q.waiting, q.sending) {
		return true
	}
	if limits.Full != DropOldestWhenFull || !limits.fits(m, load{}, q.sending) {
		return false
	}
	for !limits.fits(m, q.waiting, q.sending) {
		q.waiting.remove(&q.items[0])
		q.items[0] = outMessage{} // or the array behind would keep it
		q.items = q.items[1:]
		q.dropped++
	}
	return true
}

// fits reports whether m may wait beside the others.
func (l *Queue) fits(m *outMessage, waiting, sending load) bool {
	count, size := waiting.count+sending.count, int64(len(m.data))
	limit := l.Bytes
	if limit == 0 {
		limit = DefaultQueueBytes
	}
	beside := waiting.count == 0 && l.Full == DropOldestWhenFull
	switch {
	case count == 0:
		return true
	case l.Messages > 0 && count >= l.Messages && !beside:
		return false
	}
	return limit < 0 || waiting.bytes+sending.bytes+size <= limit
}

func (q *queue) push(m *outMessage) {
	q.items = append(q.items, *m)
	q.waiting.add(m)
}

func (q *queue) awaitChange() <-chan struct{} {
	if q.change == nil {
		q.change = make(chan struct{})
	}
	return q.change
}

func (q *queue) changed() {
	if q.change != nil {
		close(q.change)
		q.change = nil
	}
}

// closeSlow closes a connection whose peer does not read fast enough. To say so
// takes its time, for which the caller does not wait.
func (c *Conn) closeSlow() error {
	code := c.opts.Queue.Code
	if code == 0 {
		code = frame.PolicyViolation
	}
	end := &CloseError{Code: code, Reason: "too slow", Err: ErrQueueFull}
	if c.writeFailed.CompareAndSwap(nil, end) {
		c.cutLater(false)
		go c.sayLast(end)
	}
	return c.writeError()
}

// endQueue lets nothing queue any more, for the sake of a close frame, and waits
// until what is queued has been sent, or ctx ends.
func (c *Conn) endQueue(ctx context.Context, code frame.CloseCode, reason string) {
	if c.opts.Queue == nil {
		return
	}
	q := c.out.queue
	q.mu.Lock()
	if q.closed == nil {
		q.closed = &writeClosedError{&CloseError{Code: code, Reason: reason}}
	}
	q.mu.Unlock()
	c.awaitQueue(ctx)
}

// awaitQueue waits until what is queued has been sent, or ctx ends.
func (c *Conn) awaitQueue(ctx context.Context) error {
	if c.opts.Queue == nil {
		return nil
	}
	q := c.out.queue
	for {
		q.mu.Lock()
		if !q.running {
			q.mu.Unlock()
			return nil
		}
		change := q.awaitChange()
		q.mu.Unlock()
		select {
		case <-change:
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-c.ended:
			return c.writeError()
		}
	}
}

// reopen lets messages queue again, because the close frame could not be sent.
func (q *queue) reopen() {
	if q == nil {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = nil
}
