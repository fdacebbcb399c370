package conn

import (
	"context"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/parleyws/parley/frame"
)

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
	c.endQueue(ctx, code, reason)
	err := c.sendClose(ctx, code, reason)
	if failed := c.writeFailed.Load(); err == nil || failed != nil && !failed.Remote {
		err = c.awaitClose(ctx) // perhaps of a close frame that sayLast sends
	}
	if err != nil {
		// Nothing more will come of it: cut.
		said := closeFrame{code: frame.AbnormalClosure}
		if sent := c.closeSent.Load(); sent != nil {
			said = *sent // perhaps by another call
		}
		c.finish(CloseError{Code: said.code, Reason: said.reason, Err: err})
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
// for anything, and is safe to call from any goroutine, any number of times. What
// was written and waits to leave together with more (see [Conn.Flush]) leaves, if
// the stream takes it at once.
func (c *Conn) CloseNow() error {
	if c.out.buffered.Load() > 0 && c.wire.try() {
		c.tryFlush()
		c.wire.release()
	}
	c.finish(CloseError{Code: frame.AbnormalClosure})
	return nil
}

// CloseWrite sends a close frame and leaves the rest of the closing handshake to
// whoever reads: messages that the peer sends until its own close frame are still
// delivered, and then the reading call returns the [*CloseError]. That is how to
// say the last word and still hear the peer out. Nothing can be written any more.
//
// When CloseTimeout passes without a byte that is read, because the peer sends
// nothing or because nobody reads, the connection is cut. Of code and reason see [Conn.Close]. On a
// connection that has ended, or is closing, CloseWrite does nothing.
//
// If ctx ends before the frame could be begun, nothing has happened but the error,
// and that what others wrote meanwhile was refused as on a connection that closes.
func (c *Conn) CloseWrite(ctx context.Context, code frame.CloseCode, reason string) error {
	if err := checkClose(code, reason); err != nil {
		return err
	}
	if c.hasEnded() || c.closeSent.Load() != nil {
		return nil
	}
	ctx, cancel := c.closeContext(ctx)
	defer cancel()
	c.endQueue(ctx, code, reason)
	err := c.sendClose(ctx, code, reason)
	switch sent := c.closeSent.Load(); {
	case err == nil:
		c.cutLater(true)
	case sent == nil:
		c.out.queue.reopen()
	case sent.code != code || sent.reason != reason:
		return nil // by another call, which sees to the rest
	default:
		return c.finish(CloseError{Code: frame.AbnormalClosure, Err: err}) // part of it has left
	}
	return err
}
