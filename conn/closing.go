package conn

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/parleyws/parley/conn/message"
	"github.com/parleyws/parley/frame"
)

// maxDrain is how many bytes a peer may still send after the closing handshake
// before the connection is cut.
const maxDrain = 64 << 10

// lingerTime is how long the peer has to end the stream when all is said; or
// CloseTimeout, if that is shorter.
const lingerTime = time.Second

// closeFrame is what a close frame says.
type closeFrame struct {
	code   frame.CloseCode
	reason string
}

// closeContext bounds ctx by CloseTimeout.
func (c *Conn) closeContext(ctx context.Context) (context.Context, context.CancelFunc) {
	if c.opts.CloseTimeout == 0 {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, c.opts.CloseTimeout, ErrCloseTimeout)
}

// sendClose sends our close frame, unless one has left already.
func (c *Conn) sendClose(ctx context.Context, code frame.CloseCode, reason string) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if ok, err := c.wire.take(ctx, c.ended); !ok {
		c.leftQueue(&c.wire)
		return err
	}
	defer c.releaseWire()
	if c.closeSent.Load() != nil || c.hasEnded() {
		return nil
	}
	if err := c.writeError(); err != nil {
		return err
	}
	return c.sendCloseFrame(ctx, code, reason)
}

// sendCloseFrame sends our close frame, by the holder of wire. If ctx ends before
// any of it has left, nothing has happened but the error, and closeSent stays nil.
// After any other error the caller ends the connection.
func (c *Conn) sendCloseFrame(ctx context.Context, code frame.CloseCode, reason string) error {
	room := c.out.room()
	start := len(*room)
	b, err := c.out.frames.AppendClose(*room, code, reason)
	if err != nil {
		return err
	}
	*room = b
	c.out.note(0)
	c.closeSent.Store(&closeFrame{code, reason})
	err = c.flush(ctx)
	if err != nil && !c.streamIsDead() && c.out.unsent(start) {
		c.out.truncate(start)
		c.out.frames = message.Encoder{FromClient: c.client}
		c.closeSent.Store(nil)
	}
	return err
}

// awaitClose waits for the end of the connection, and reads for it if nobody
// else does.
func (c *Conn) awaitClose(ctx context.Context) error {
	if c.phase.is(handling) {
		// Perhaps this is the goroutine that reads: it cannot wait for itself.
		c.cutLater(false)
		return nil
	}
	ok, err := c.reader.take(ctx, c.ended)
	if !ok {
		c.leftQueue(&c.reader)
		return err
	}
	defer c.doneReading()
	// Nothing is kept of what comes, so there is nothing to limit.
	c.in.MaxMessage, c.in.MaxFrames = -1, -1
	var ev message.Event
	for !c.hasEnded() {
		if err := c.nextEvent(ctx, nil, &ev); err != nil && !c.hasEnded() {
			return err
		}
	}
	return nil
}

// peerClosed deals with the peer's close frame, by the holder of reader: it is
// answered, unless it is itself the answer, and the stream is closed.
func (c *Conn) peerClosed(code frame.CloseCode, reason string) error {
	ctx, cancel := c.closeContext(context.Background())
	defer cancel()
	sent := c.closeSent.Load()
	err := c.sendClose(ctx, code, reason) // or waits until ours has left
	c.linger(ctx, !c.client)
	if sent != nil && sent == c.closeSent.Load() {
		end := CloseError{Code: sent.code, Reason: sent.reason}
		if failed := c.writeFailed.Load(); failed != nil {
			end = *failed
		}
		end.Clean = err == nil && !c.streamFailed.Load()
		return c.finish(end)
	}
	// The answer has the peer's code and reason: browsers show those, not their own.
	return c.finish(CloseError{Remote: true, Clean: err == nil, Code: code, Reason: reason})
}

// fail ends the connection for what the peer did, RFC 6455 section 7.1.7, by the
// holder of reader.
func (c *Conn) fail(cause error) error {
	ctx, cancel := c.closeContext(context.Background())
	defer cancel()
	why := closeFrame{frame.InternalError, ""}
	var broken *frame.Error
	var over *LimitError
	switch {
	case errors.As(cause, &broken):
		why = closeFrame{broken.Code, broken.Reason}
	case errors.As(cause, &over):
		why = closeFrame{over.Code, over.What + " over the limit"}
	case cause == ErrMessageTimeout:
		why = closeFrame{frame.PolicyViolation, "message took too long"}
	}
	if c.sendClose(ctx, why.code, why.reason) == nil {
		c.linger(ctx, true)
	}
	return c.finish(CloseError{Code: why.code, Reason: why.reason, Err: cause})
}

// lost ends the connection because the stream has ended.
func (c *Conn) lost(err error) error {
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if failed := c.writeFailed.Load(); failed != nil && !failed.Remote {
		return c.finish(*failed)
	}
	if sent := c.closeSent.Load(); sent != nil {
		return c.finish(CloseError{Code: sent.code, Reason: sent.reason, Err: err})
	}
	return c.finish(CloseError{Remote: true, Code: frame.AbnormalClosure, Err: err})
}

// linger waits, by the holder of reader, for the peer to end the stream, so that
// our close frame is read before the stream goes: to close a TCP connection on
// which bytes are unread resets it, and takes along what the peer has not read.
//
// RFC 6455 section 7.1.1 wants the server to end it first. A stream without
// halves is closed at once by the end that would have ended its half.
func (c *Conn) linger(ctx context.Context, endFirst bool) {
	ctx, cancel := context.WithTimeout(ctx, lingerTime)
	defer cancel()
	if endFirst {
		half, ok := c.rw.(halfCloser)
		if !ok || half.CloseWrite() != nil {
			return
		}
	}
	for drained, empty := 0, 0; drained < maxDrain && empty < maxEmptyReads; {
		n, err := c.readStream(ctx, time.Time{})
		if err != nil {
			return
		}
		if drained += n; n == 0 {
			empty++
		}
	}
}
