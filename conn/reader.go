package conn

import (
	"context"
	"io"

	"github.com/parleyws/parley/conn/message"
)

// MessageReader reads one message as it comes; see [Conn.NextReader].
type MessageReader struct {
	c      *Conn
	ctx    context.Context
	number uint64 // of the message
	ended  bool
}

// NextReader waits for the next message and returns its type and a reader of it,
// which is fed as the bytes come from the peer: for messages that are larger
// than memory, or wanted early. Until they are wanted they stay with the peer.
//
// ctx is for this call and for all of the reader. The reader serves until the
// next call of a reading method, which passes over what is left of the message.
// One goroutine at a time may use it.
//
// [Options.MaxMessage] holds for streamed messages too; set it to -1 to receive
// messages of any length.
func (c *Conn) NextReader(ctx context.Context) (Type, *MessageReader, error) {
	if err := c.beginReading(ctx); err != nil {
		return 0, nil, err
	}
	defer c.doneReading()
	t, err := c.beginStream(ctx)
	if err != nil {
		return 0, nil, err
	}
	return t, &MessageReader{c: c, ctx: ctx, number: c.in.message.number}, nil
}

// beginStream makes the next message, or the one whose reading a context cut
// short, one that is streamed.
func (c *Conn) beginStream(ctx context.Context) (Type, error) {
	u := &c.in.message
	c.leaveStream()
	switch {
	case u.collected != nil:
		u.piece = *u.collected
	default:
		var ev message.Event
		if err := c.nextPiece(ctx, nil, &ev); err != nil {
			return 0, err
		}
		u.beginMessage(ev.Opcode)
		u.piece, u.last = ev.Payload, ev.Last
	}
	u.stream = true
	return Type(u.opcode), nil
}

// Read reads the next bytes of the message, as many as have come. It returns
// [io.EOF] at the message's end, and the [*CloseError] if the connection ends
// before that. Text has been checked as far as it is returned; it may be cut
// inside a rune.
func (r *MessageReader) Read(p []byte) (int, error) {
	if r.ended {
		return 0, io.EOF
	}
	c := r.c
	if err := c.beginReading(r.ctx); err != nil {
		return 0, err
	}
	defer c.doneReading()
	if u := &c.in.message; !u.stream || u.number != r.number {
		return 0, ErrMessageEnded
	}
	n, err := c.readStreamed(r.ctx, p)
	r.ended = err == io.EOF
	return n, err
}

// readStreamed reads from the message that is streamed.
func (c *Conn) readStreamed(ctx context.Context, p []byte) (int, error) {
	u := &c.in.message
	if len(p) == 0 {
		return 0, nil
	}
	for len(u.piece) == 0 {
		if u.last {
			c.endMessage()
			return 0, io.EOF
		}
		var ev message.Event
		if err := c.nextEvent(ctx, nil, &ev); err != nil {
			return 0, err
		}
		u.piece, u.last = ev.Payload, ev.Last
	}
	n := copy(p, u.piece)
	u.piece = u.piece[n:]
	return n, nil
}
