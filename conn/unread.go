package conn

import (
	"context"

	"github.com/parleyws/parley/conn/message"
	"github.com/parleyws/parley/frame"
)

// unread is what the holder of reader knows of a message that has begun and
// has not been read to its end. It makes every style of reading go on where
// another has left off.
type unread struct {
	opcode frame.Opcode // 0 while there is no such message
	number uint64       // how many messages have been begun so far
	skip   bool         // nobody wants the rest

	collected *[]byte // of a message that is to be handed over whole; borrowed
	lent      int     // how large collected was when it was borrowed, in bytes
	held      int64   // bytes of Options.Budget

	stream bool   // a MessageReader reads the message
	piece  []byte // what it has not been given yet: lent by the Decoder, or collected
	last   bool   // nothing follows piece
}

// nextPiece sets ev to the next piece of a message that somebody wants. Those of
// one that nobody does are passed over.
func (c *Conn) nextPiece(ctx context.Context, h *Handler, ev *message.Event) error {
	for {
		err := c.nextEvent(ctx, h, ev)
		if err != nil || !c.in.message.skip {
			return err
		}
		if ev.Last {
			c.endMessage()
		}
	}
}

// beginMessage notes that a message has begun with a piece that is not all.
func (u *unread) beginMessage(op frame.Opcode) {
	if u.opcode == 0 {
		u.opcode = op
		u.number++
	}
}

// endMessage forgets the message.
func (c *Conn) endMessage() {
	u := &c.in.message
	if u.opcode == 0 {
		return
	}
	c.freeCollected()
	*u = unread{number: u.number}
	c.in.MaxMessage, c.in.MaxFrames = c.opts.MaxMessage, c.opts.MaxFrames // see NetConn
}

// leaveStream gives up the rest of a message that a MessageReader reads, for
// another style of reading.
func (c *Conn) leaveStream() {
	u := &c.in.message
	switch {
	case !u.stream:
	case u.last:
		c.endMessage()
	default:
		c.freeCollected()
		u.stream, u.piece, u.skip = false, nil, true
	}
}

// freeCollected gives back what was collected of the message.
func (c *Conn) freeCollected() {
	u := &c.in.message
	if u.collected != nil {
		putBuffer(u.collected)
		u.collected = nil
	}
	c.opts.Budget.release(u.held)
	u.held = 0
}

// collect keeps a piece of a message that is to be handed over whole. The error
// says that it is too much for all messages that share the Budget.
func (c *Conn) collect(ev *message.Event) error {
	u := &c.in.message
	u.beginMessage(ev.Opcode)
	if u.collected == nil {
		u.collected = getBuffer()
		u.lent = cap(*u.collected)
	}
	*u.collected = append(*u.collected, ev.Payload...)
	if cap(*u.collected) == u.lent {
		return c.hold(len(*u.collected)) // what it was for others before is not this one's
	}
	return c.hold(cap(*u.collected))
}

// hold accounts for a message in progress that takes size bytes.
func (c *Conn) hold(size int) error {
	u := &c.in.message
	more := int64(size) - uncounted - u.held
	if c.opts.Budget == nil || more <= 0 {
		return nil
	}
	if !c.opts.Budget.acquire(more) {
		c.freeCollected() // at once: others need it
		return c.fail(&LimitError{
			Code:   frame.TryAgainLater,
			Option: "Budget",
			Limit:  c.opts.Budget.size,
			What:   "bytes in the unfinished messages of all connections",
		})
	}
	u.held += more
	return nil
}
