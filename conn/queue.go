package conn

import (
	"errors"
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
