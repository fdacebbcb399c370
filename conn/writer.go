package conn

import (
	"context"
	"io"
	"slices"
	"unsafe"

	"github.com/parleyws/parley/frame"
	"github.com/parleyws/parley/utf8check"
)

// Sizes of the fragments of a streamed message, in bytes.
const (
	// writerBuffer is how much a MessageWriter collects: what is shorter than
	// that leaves as one frame.
	writerBuffer = 16 << 10

	// maxFragment bounds how long a control frame may have to wait.
	maxFragment = 64 << 10
)

// MessageWriter writes one message, piece by piece; see [Conn.NextWriter].
type MessageWriter struct {
	c        *Conn
	ctx      context.Context
	op       frame.Opcode
	compress bool
	text     utf8check.Validator
	room     *[]byte // borrowed; what is to leave next
	begun    bool    // a fragment has left
	err      error   // the message is over: why
}

// NextWriter begins a message and returns a writer of it. Closing the writer
// ends the message. What is written is collected and leaves in fragments of
// 16 KiB or more; a message shorter than that leaves as one frame. Until the
// message has ended, other messages wait; pings, pongs and the close frame pass
// between its fragments.
//
// ctx is for this call and for the whole message. If it ends while nothing of the
// message has left, the message is given up and the connection goes on. If part of
// it has left, the connection fails with [ErrPartialWrite], because a message that
// has begun cannot be broken off. Either is noticed by the next call of the
// writer. To give up a message on purpose, end ctx and close the writer.
//
// One goroutine at a time may use the writer. It must be closed, whatever happens.
//
// Compressed messages in several fragments are lawful (RFC 7692 section 6.1) but
// some browsers fail on them: to those, send messages whole, with [Conn.Write], or
// use [Conn.NextWriterUncompressed].
func (c *Conn) NextWriter(ctx context.Context, t Type) (*MessageWriter, error) {
	return c.nextWriter(ctx, t, true)
}

// NextWriterUncompressed is as [Conn.NextWriter], but the message is never
// compressed; see [Conn.WriteUncompressed].
func (c *Conn) NextWriterUncompressed(ctx context.Context, t Type) (*MessageWriter, error) {
	return c.nextWriter(ctx, t, false)
}

func (c *Conn) nextWriter(ctx context.Context, t Type, compress bool) (*MessageWriter, error) {
	if err := checkType(t); err != nil {
		return nil, err
	}
	if err := c.awaitQueue(ctx); err != nil {
		return nil, err
	}
	if err := c.takeTurn(ctx); err != nil {
		return nil, err
	}
	return &MessageWriter{c: c, ctx: ctx, op: frame.Opcode(t), compress: compress, room: getBuffer()}, nil
}

// Write appends p to the message. It is only read, and not kept. Text that is not
// UTF-8 is refused with [ErrNotUTF8], which gives the message up.
func (w *MessageWriter) Write(p []byte) (n int, err error) {
	if err := w.check(p); err != nil {
		return 0, err
	}
	// Something is always kept back until more comes, so that the last
	// fragment is not an empty one, which not every receiver expects.
	for n < len(p) {
		collected, left := len(*w.room), len(p)-n
		switch {
		case collected == 0 && left >= 2*writerBuffer:
			k := min(left-writerBuffer, maxFragment)
			err = w.send(p[n:n+k], false)
			n += k
		case collected == writerBuffer:
			err = w.Flush()
		default:
			k := min(left, writerBuffer-collected)
			*w.room = append(*w.room, p[n:n+k]...)
			n += k
		}
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// WriteString is as [MessageWriter.Write], for a string.
func (w *MessageWriter) WriteString(s string) (n int, err error) {
	// The bytes are only read, as those of a string must be.
	return w.Write(unsafe.Slice(unsafe.StringData(s), len(s)))
}

// ReadFrom appends what r yields until its end. An error of r is returned, and
// leaves the message as it is.
func (w *MessageWriter) ReadFrom(r io.Reader) (n int64, err error) {
	for idle := 0; idle < maxEmptyReads; {
		if err := w.check(nil); err != nil {
			return n, err
		}
		*w.room = slices.Grow(*w.room, 2*writerBuffer-len(*w.room))
		collected := len(*w.room)
		k, err := r.Read((*w.room)[collected : 2*writerBuffer])
		*w.room = (*w.room)[:collected+k]
		if err := w.check((*w.room)[collected:]); err != nil {
			return n, err
		}
		n += int64(k)
		if collected+k > writerBuffer {
			if err := w.send((*w.room)[:writerBuffer], false); err != nil {
				return n, err
			}
			*w.room = append((*w.room)[:0], (*w.room)[writerBuffer:]...)
		}
		switch {
		case err == io.EOF:
			return n, nil
		case err != nil:
			return n, err
		case k > 0:
			idle = 0
		default:
			idle++
		}
	}
	return n, io.ErrNoProgress
}

// Flush sends what is collected as a fragment, without waiting for more.
func (w *MessageWriter) Flush() error {
	if err := w.check(nil); err != nil || len(*w.room) == 0 {
		return err
	}
	err := w.send(*w.room, false)
	if err == nil {
		*w.room = (*w.room)[:0]
	}
	return err
}

// Close ends the message and sends what is left of it. A second call returns
// [ErrMessageEnded].
func (w *MessageWriter) Close() error {
	if err := w.check(nil); err != nil {
		return err
	}
	if !w.text.Complete() {
		return w.giveUp(ErrNotUTF8)
	}
	err := w.send(*w.room, true)
	if err == nil {
		w.over(ErrMessageEnded)
	}
	return err
}

// check reports whether the message can go on, with p.
func (w *MessageWriter) check(p []byte) error {
	if w.err != nil {
		return w.err
	}
	if w.ctx.Err() != nil {
		return w.giveUp(context.Cause(w.ctx))
	}
	if w.op == frame.Text && !w.c.opts.SkipUTF8Sent && !w.text.Feed(p) {
		return w.giveUp(ErrNotUTF8)
	}
	return nil
}

// send sends a fragment, which with the last one may be the whole message.
func (w *MessageWriter) send(piece []byte, last bool) error {
	room := getBuffer()
	defer putBuffer(room)
	var err error
	*room, err = w.encode(*room, piece, last)
	if err == nil {
		err = w.c.sendInTurn(w.ctx, *room, len(piece), !last)
	}
	if err != nil {
		return w.giveUp(err)
	}
	w.begun = true
	return nil
}

func (w *MessageWriter) encode(dst, piece []byte, last bool) ([]byte, error) {
	out := &w.c.out.messages
	if w.compress && out.Deflate != nil {
		if err := w.c.acquireCompression(w.ctx, w.c.opts.WriteTimeout); err != nil {
			return dst, err
		}
		defer w.c.opts.CompressLimit.Release()
	}
	if w.compress {
		return out.AppendFragment(dst, w.op, piece, last)
	}
	return out.AppendUncompressedFragment(dst, w.op, piece, last)
}

// giveUp ends the message for err. If part of it has left, that is the end of
// the connection as well.
func (w *MessageWriter) giveUp(err error) error {
	if w.begun {
		err = w.c.breakOff(err)
	}
	w.over(err)
	return err
}

// over lets others have their turn.
func (w *MessageWriter) over(why error) {
	w.err = why
	putBuffer(w.room)
	w.room = nil
	w.c.releaseTurn()
}
