package conn

import (
	"sync/atomic"

	"github.com/parleyws/parley/conn/message"
)

// Stats counts what has gone over a connection since it was opened. Messages that
// are being dealt with may be missing.
type Stats struct {
	Read, Written Counts
	Queue         QueueStats
}

// Counts counts one direction.
type Counts struct {
	Messages uint64 // whole ones
	Bytes    uint64 // of messages, uncompressed
	Wire     uint64 // bytes on the wire, frame headers and control frames included
}

// Ratio returns how many bytes on the wire a byte of a message takes: less than 1
// where compression gains something, and 0 for no messages.
func (c Counts) Ratio() float64 {
	if c.Bytes == 0 {
		return 0
	}
	return float64(c.Wire) / float64(c.Bytes)
}

// Stats returns the counts of this moment. It may be called from any goroutine.
func (c *Conn) Stats() Stats {
	if c.wire.try() {
		c.out.counts.publish()
		c.releaseWire()
	}
	return Stats{Read: c.in.counts.load(), Written: c.out.counts.load(), Queue: c.Queue()}
}

// counts counts one direction, by the goroutine that has the right to it, which
// publishes now and then: a count that others can read costs as much as a frame's
// header does.
type counts struct {
	newMessages, newBytes uint64 // not published yet

	messages, bytes, wire atomic.Uint64
}

func (n *counts) load() Counts {
	return Counts{Messages: n.messages.Load(), Bytes: n.bytes.Load(), Wire: n.wire.Load()}
}

// piece counts a piece of a message.
func (n *counts) piece(ev *message.Event) {
	n.newBytes += uint64(len(ev.Payload))
	if ev.Last && ev.Opcode != 0 {
		n.newMessages++
	}
}

// message counts a message that was sent, if it was.
func (n *counts) message(bytes int, err error) {
	if err == nil {
		n.newBytes += uint64(bytes)
		n.newMessages++
	}
}

func (n *counts) publish() {
	if n.newBytes > 0 || n.newMessages > 0 {
		n.messages.Add(n.newMessages)
		n.bytes.Add(n.newBytes)
		n.newMessages, n.newBytes = 0, 0
	}
}
