package conn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/parleyws/parley/frame"
)

// maxDrain is how many bytes a peer may still send after the closing handshake
// before the connection is cut.
const maxDrain = 64 << 10

// closeFrame is what a close frame says.
type closeFrame struct {
	code   frame.CloseCode
	reason string
}

// Close performs the closing handshake, RFC 6455 section 7.1.2, and closes the
// connection. It sends the close frame, waits for the peer's until ctx ends or
// CloseTimeout passes, and returns nil if it came. Messages that arrive
// meanwhile are discarded, or go to the goroutine that is reading.
//
// code must be one that may stand in a close frame, or
// [frame.NoStatusReceived] for a frame without code; reason must be UTF-8 of at
// most [frame.MaxReason] bytes. Otherwise nothing happens but the error. Close is
// safe to call from any goroutine, and on a connection that has ended it does
// nothing and returns nil. While a function of a [Handler] runs, Close returns as
// soon as the close frame has left, and [Conn.Serve] does the rest.
func (c *Conn) Close(ctx context.Context, code frame.CloseCode, reason string) error {
	if err := checkClose(code, reason); err != nil {
		return err
	}
	ctx, cancel := c.closeContext(ctx)
	defer cancel()
	if c.hasEnded() {
		return nil
	}
	c.closing.Store(true)
	err := c.sendClose(ctx, code, reason)
	if err == nil {
		err = c.awaitClose(ctx)
	}
	if err != nil {
		// Nothing more will come of it: cut.
		c.finish(CloseError{Code: code, Reason: reason, Err: err})
	}
	if end := c.Err(); end != nil && !c.end.Clean {
		return end
	}
	return nil
}

func checkClose(code frame.CloseCode, reason string) error {
	switch {
	case !code.OnWire() && code != frame.NoStatusReceived:
		return fmt.Errorf("websocket: close code %d may not be sent (RFC 6455 7.4)", uint16(code))
	case code == frame.NoStatusReceived && reason != "":
		return errors.New("websocket: a close frame without code has no reason (RFC 6455 5.5.1)")
	case len(reason) > frame.MaxReason:
		return fmt.Errorf("websocket: close reason of %d bytes is longer than %d (RFC 6455 5.5)", len(reason), frame.MaxReason)
	case !utf8.ValidString(reason):
		return errors.New("websocket: close reason is not UTF-8 (RFC 6455 5.5.1)")
	}
	return nil
}

// CloseNow ends the connection without a closing handshake. It does not wait
// for anything, and is safe to call from any goroutine, any number of times.
func (c *Conn) CloseNow() error {
	c.finish(CloseError{Code: frame.AbnormalClosure})
	return nil
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
	if ok, err := c.wire.take(ctx, c.ended); !ok {
		return err
	}
	defer c.releaseWire()
	if c.closeSent.Load() != nil || c.hasEnded() {
		return nil
	}
	if err := c.writeError(); err != nil {
		return err
	}
	var room [frame.MaxHeaderLen + frame.MaxControlPayload]byte
	b, err := c.out.AppendClose(room[:0], code, reason)
	if err != nil {
		return err
	}
	c.closeSent.Store(&closeFrame{code, reason})
	return c.send(ctx, b, false)
}

// awaitClose waits for the end of the connection, and reads for it if nobody
// else does.
func (c *Conn) awaitClose(ctx context.Context) error {
	if c.inHandler.Load() {
		// Perhaps this is the goroutine that reads: it cannot wait for itself.
		c.cutLater()
		return nil
	}
	ok, err := c.reader.take(ctx, c.ended)
	if !ok {
		return err
	}
	defer c.doneReading()
	for !c.hasEnded() {
		if _, err := c.nextEvent(ctx, nil); err != nil && !c.hasEnded() {
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
	if sent := c.closeSent.Load(); sent != nil {
		c.linger(ctx, !c.client)
		return c.finish(CloseError{Clean: true, Code: sent.code, Reason: sent.reason})
	}
	err := c.sendClose(ctx, code, reason) // browsers show the answer's, not their own
	c.linger(ctx, !c.client)
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
	if endFirst {
		half, ok := c.rw.(halfCloser)
		if !ok || half.CloseWrite() != nil {
			return
		}
	}
	if cap(c.buf) == 0 {
		c.buf = make([]byte, smallBuffer)
	}
	for drained := 0; drained < maxDrain; {
		n, err := c.readStream(ctx, c.buf[:cap(c.buf)])
		drained += n
		if n == 0 || err != nil {
			return
		}
	}
}
