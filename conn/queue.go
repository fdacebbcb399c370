package conn

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/parleyws/parley/frame"
)

// Queue makes writing a matter of a queue: a call that writes a message leaves a
// copy of it and returns, and a goroutine, which lives only while there is
// something to send, sends what is there, as much as possible at a time. So no
// peer that is slow to read holds up the one who writes, to it or to others.
//
// Control frames do not queue. A message that is streamed ([Conn.NextWriter], or
// written to a [NetConn]) waits until what was queued before has left. [Conn.Close] and [Conn.CloseWrite] send what is
// queued before the close frame.
type Queue struct {
	// Bytes and Messages are how much may wait; by default 1 MiB and any
	// number, -1 for no bound. A message that is larger than Bytes may wait if
	// nothing else does.
	Bytes    int64
	Messages int

	// Full says what happens to a message for which there is no room.
	Full QueuePolicy

	// Code is the close code of [CloseWhenFull]; by default 1008, policy
	// violation.
	Code frame.CloseCode

	// OnDrain is called when all that was queued has been taken by the stream;
	// nil for nothing. It runs on a goroutine of the connection and must not
	// wait for long.
	OnDrain func(c *Conn)
}

// DefaultQueueBytes is the default of [Queue.Bytes].
const DefaultQueueBytes = 1 << 20

// QueuePolicy says what happens to a message for which a [Queue] has no room.
type QueuePolicy uint8

// The policies.
const (
	BlockWhenFull      QueuePolicy = iota // the call waits for room, or for its context
	DropNewestWhenFull                    // the call returns ErrQueueFull
	DropOldestWhenFull                    // those that have waited longest are dropped for it; beside what is being sent one may always wait
	CloseWhenFull                         // the connection is closed, for its peer is too slow
)

// ErrQueueFull is returned for a message that was not queued, and is the cause of
// the [CloseError] of a connection that was closed for it.
var ErrQueueFull = errors.New("websocket: send queue is full (option Queue)")

// outMessage is a message on its way out.
type outMessage struct {
	t     Type
	data  []byte
	plain bool   // never to be compressed
	frame []byte // of a Prepared, if not nil

	queued bool // the call that wrote it has returned
}

// queue is the messages that wait. Its memory is nil while there are none.
type queue struct {
	mu      sync.Mutex
	items   []outMessage
	waiting load // items
	sending load // what has been taken out and has not left
	running bool // a goroutine is sending
	dropped uint64
	closed  error         // why no message may queue any more
	change  chan struct{} // closed when there is more room; nil if nobody waits for that
}

// load is some messages.
type load struct {
	bytes int64
	count int
}

func (l *load) add(m *outMessage) {
	l.bytes += int64(len(m.data))
	l.count++
}

func (l *load) remove(m *outMessage) {
	l.bytes -= int64(len(m.data))
	l.count--
}

// QueueStats counts what a [Queue] holds and what it has dropped.
type QueueStats struct {
	Messages int    // that wait or are being sent
	Bytes    int64  // of them
	Dropped  uint64 // messages, since the connection was opened
}

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

// Queue returns what waits to be sent, if there is an [Options.Queue].
func (c *Conn) Queue() QueueStats {
	q := c.out.queue
	if q == nil {
		return QueueStats{}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	return QueueStats{
		Messages: q.waiting.count + q.sending.count,
		Bytes:    q.waiting.bytes + q.sending.bytes,
		Dropped:  q.dropped,
	}
}
