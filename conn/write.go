package conn

import (
	"context"
	"fmt"
	"os"
	"time"
	"unsafe"

	"github.com/parleyws/parley/frame"
	"github.com/parleyws/parley/utf8check"
)

// Write sends a message, in one frame. data is only read, and not kept. It is
// safe to call from any goroutine; messages leave whole, one after another, and
// while another goroutine streams a message, Write waits for its end. Text that is
// not UTF-8 is refused with [ErrNotUTF8]; see [Options.SkipUTF8Sent].
//
// If ctx ends while nothing of the message has left, Write returns the error of
// ctx and the connection goes on. If part of it has, the connection fails with
// [ErrPartialWrite]. If the stream takes no more, what the peer had sent can
// still be read for as long as CloseTimeout. Once nothing can be written any
// more, errors.Is(err, [net.ErrClosed]), and errors.As finds the [*CloseError].
func (c *Conn) Write(ctx context.Context, t Type, data []byte) error {
	return c.write(ctx, t, data, true)
}

// WriteText sends a string as a text message, as [Conn.Write] does.
func (c *Conn) WriteText(ctx context.Context, text string) error {
	// The bytes are only read, as those of a string must be.
	return c.write(ctx, Text, unsafe.Slice(unsafe.StringData(text), len(text)), true)
}

// WriteUncompressed sends a message as [Conn.Write] does, but never compresses
// it: for what is compressed already, such as pictures, and for secrets, whose
// length after compression would tell how much they have in common with other
// messages.
func (c *Conn) WriteUncompressed(ctx context.Context, t Type, data []byte) error {
	return c.write(ctx, t, data, false)
}

func (c *Conn) write(ctx context.Context, t Type, data []byte, compress bool) error {
	if err := c.checkMessage(t, data); err != nil {
		return err
	}
	return c.dispatch(ctx, &outMessage{t: t, data: data, plain: !compress})
}

func checkType(t Type) error {
	if t != Text && t != Binary {
		return fmt.Errorf("websocket: %d is not a type of message", t)
	}
	return nil
}

// checkMessage judges a message to be sent whole.
func (c *Conn) checkMessage(t Type, data []byte) error {
	if err := checkType(t); err != nil {
		return err
	}
	if t == Text && !c.opts.SkipUTF8Sent && !utf8check.Valid(data) {
		return ErrNotUTF8
	}
	return nil
}

// writePlain sends a message that depends on no other, so it needs wire only.
func (c *Conn) writePlain(ctx context.Context, m *outMessage) error {
	inTurn, err := c.takeWireForMessage(ctx)
	if err != nil {
		return err
	}
	if inTurn {
		defer c.releaseTurn()
	}
	defer c.releaseWire()
	room := c.out.room()
	start := len(*room)
	switch {
	case len(m.data) >= vectorFrom && c.out.raw.vectors() && !c.client && c.opts.WriteTimeout > 0:
		return c.writeVector(ctx, start, m)
	case m.frame != nil:
		*room = append(*room, m.frame...)
	default:
		*room, err = c.out.frames.AppendUncompressed(*room, frame.Opcode(m.t), m.data)
		if err != nil {
			return err
		}
	}
	_, err = c.send(ctx, start)
	c.out.counts.message(len(m.data), err)
	return err
}

// vectorFrom is the size in bytes from which a message is not copied behind its
// header, but written from where it is.
const vectorFrom = 32 << 10

// writeVector sends a message, by the holder of wire, without copying it.
func (c *Conn) writeVector(ctx context.Context, start int, m *outMessage) error {
	data := m.frame
	if data == nil {
		room := c.out.room()
		h := frame.Header{Fin: true, Opcode: frame.Opcode(m.t), Length: int64(len(m.data))}
		*room = h.Append(*room)
		data = m.data
	}
	n, err := c.flushWith(ctx, data)
	if err != nil && n == 0 && m.frame != nil && c.out.buf == nil && !c.hasEnded() && c.writeError() == nil {
		return err // of ctx: only what was held back has left
	}
	if _, err = c.judge(ctx, start, err); err == nil {
		c.out.counts.message(len(m.data), nil)
	}
	return err
}

// takeWireForMessage takes wire when no message is being streamed. To wait for
// the end of one takes turn, which the caller then has to release too.
func (c *Conn) takeWireForMessage(ctx context.Context) (inTurn bool, err error) {
	if err := c.takeWire(ctx); err != nil || !c.out.streaming {
		return false, err
	}
	c.releaseWire()
	if err := c.takeTurn(ctx); err != nil {
		return false, err
	}
	if err := c.takeWire(ctx); err != nil {
		c.releaseTurn()
		return false, err
	}
	return true, nil
}

// writeCompressed sends a message that later ones may refer to. Only turn is
// held while it is compressed, so control frames and plain messages pass.
func (c *Conn) writeCompressed(ctx context.Context, m *outMessage) error {
	if err := c.takeTurn(ctx); err != nil {
		return err
	}
	defer c.releaseTurn()
	wait := c.opts.WriteTimeout
	if m.queued {
		wait = 0 // nobody waits for it, and nobody would hear of it
	}
	if err := c.acquireCompression(ctx, wait); err != nil {
		return err
	}
	room := getBuffer()
	defer putBuffer(room)
	var err error
	*room, err = c.out.messages.AppendMessage(*room, frame.Opcode(m.t), m.data)
	c.opts.CompressLimit.Release()
	if err != nil {
		return err
	}
	return c.sendInTurn(ctx, *room, len(m.data), false)
}

// sendInTurn sends frames that the holder of turn has encoded last, of so many
// bytes of payload. open says that they leave a message unfinished. What has not
// left is taken back.
func (c *Conn) sendInTurn(ctx context.Context, b []byte, payload int, open bool) error {
	if err := c.takeWire(ctx); err != nil {
		c.out.messages.Retract()
		return err
	}
	defer c.releaseWire()
	room := c.out.room()
	start := len(*room)
	*room = append(*room, b...)
	unsent, err := c.send(ctx, start)
	if unsent {
		c.out.messages.Retract()
	}
	if err != nil {
		return err
	}
	if c.out.streaming = open; open {
		c.out.counts.newBytes += uint64(payload)
	} else {
		c.out.counts.message(payload, nil)
	}
	return nil
}

// acquireCompression waits for CompressLimit, until ctx, the connection or the
// timeout, unless it is 0, ends. Nothing has been sent then, so the connection goes
// on.
func (c *Conn) acquireCompression(ctx context.Context, timeout time.Duration) error {
	if c.opts.CompressLimit.TryAcquire() {
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(c.Context(), cancel)()
	if timeout > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeoutCause(ctx, timeout, errNoCompression)
		defer stop()
	}
	err := c.opts.CompressLimit.Acquire(ctx)
	if ended := c.writeError(); ended != nil {
		if err == nil {
			c.opts.CompressLimit.Release()
		}
		return ended
	}
	return err
}

// errNoCompression is a timeout as package os knows them.
var errNoCompression = fmt.Errorf("websocket: others took too long (option CompressLimit): %w", os.ErrDeadlineExceeded)
