package conn

import (
	"context"
	"errors"
	"iter"

	"github.com/parleyws/parley/conn/message"
)

// Read reads the next message; its Data belongs to the caller. Pings and pongs
// are dealt with meanwhile. If ctx ends first, no byte is lost, and Read may be
// called again. After the end of the connection every call returns the same
// [*CloseError].
func (c *Conn) Read(ctx context.Context) (Message, error) {
	t, data, err := c.ReadInto(ctx, nil)
	return Message{t, data}, err
}

// ReadInto reads the next message into buf[:0], which it grows if it must, and
// returns the slice that holds the message. It does not keep buf. Otherwise it
// is as [Conn.Read].
func (c *Conn) ReadInto(ctx context.Context, buf []byte) (Type, []byte, error) {
	if err := c.beginReading(ctx); err != nil {
		return 0, nil, err
	}
	defer c.doneReading()
	c.leaveStream()
	return c.readMessage(ctx, buf[:0])
}

// Messages yields messages until the connection ends; their Data belongs to the
// caller. It yields one error, last, unless the peer closed normally (1000,
// 1001, or no code). To break off the loop leaves the connection as it is.
func (c *Conn) Messages(ctx context.Context) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		for {
			m, err := c.Read(ctx)
			if err != nil {
				if !closedNormally(err) {
					yield(Message{}, err)
				}
				return
			}
			if !yield(m, nil) {
				return
			}
		}
	}
}

func closedNormally(err error) bool {
	var end *CloseError
	return errors.As(err, &end) && end.normal()
}

// readMessage appends the next message to dst. If it cannot be finished for
// the sake of ctx, what there is of it is kept for the next call.
func (c *Conn) readMessage(ctx context.Context, dst []byte) (Type, []byte, error) {
	u := &c.in.message
	given := cap(dst)
	if u.collected != nil {
		dst = append(dst, *u.collected...)
	}
	var ev message.Event
	for {
		if err := c.nextPiece(ctx, nil, &ev); err != nil {
			c.keep(dst)
			return 0, nil, err
		}
		dst = append(dst, ev.Payload...)
		if ev.Last {
			c.endMessage()
			if dst == nil {
				dst = []byte{}
			}
			return Type(ev.Opcode), dst, nil
		}
		u.beginMessage(ev.Opcode)
		if cap(dst) > given { // the caller's own memory is the caller's affair
			if err := c.hold(cap(dst)); err != nil {
				return 0, nil, err
			}
		}
	}
}

// keep keeps what there is of a message whose reading was cut short.
func (c *Conn) keep(dst []byte) {
	u := &c.in.message
	if u.opcode == 0 || u.skip || c.hasEnded() {
		return
	}
	if u.collected == nil {
		u.collected = getBuffer()
	}
	*u.collected = append((*u.collected)[:0], dst...)
}
