package conn

import (
	"errors"
	"net"
	"os"
	"time"

	"github.com/parleyws/parley/conn/message"
	"github.com/parleyws/parley/frame"
)

// LimitError says that the peer went over a limit of this endpoint.
type LimitError = message.LimitError

var (
	// ErrConcurrentRead is returned to the second of two goroutines that read
	// at the same time. The first is not disturbed.
	ErrConcurrentRead = errors.New("websocket: another goroutine is reading")

	// ErrPingTimeout is the cause of a [CloseError] when keepalive gave up.
	ErrPingTimeout = errors.New("websocket: no answer to a ping (options PingInterval, PongTimeout)")

	// ErrCloseTimeout is the cause of a [CloseError] when the peer did not
	// complete the closing handshake in time.
	ErrCloseTimeout = errors.New("websocket: closing handshake timed out (option CloseTimeout)")

	// ErrPartialWrite is the cause of a [CloseError] when a write was
	// abandoned with part of a frame or of a streamed message on its way,
	// after which nothing more can be said on the connection.
	ErrPartialWrite = errors.New("websocket: write abandoned inside a message")

	// ErrReadTimeout is returned by a call that reads when nothing came in
	// time. The connection goes on. It is an [os.ErrDeadlineExceeded].
	ErrReadTimeout error = timeoutError("websocket: nothing to read in time (option ReadTimeout)")

	// ErrWriteTimeout is the cause of a [CloseError] when the peer did not
	// read what was sent. It is an [os.ErrDeadlineExceeded].
	ErrWriteTimeout error = timeoutError("websocket: peer does not read (option WriteTimeout)")

	// ErrMessageTimeout is the cause of a [CloseError] when a message that
	// had begun did not come to its end in time.
	ErrMessageTimeout = errors.New("websocket: message took too long (option MessageTimeout)")

	// ErrNotUTF8 is returned for text to be sent that is not UTF-8, RFC 6455
	// section 8.1.
	ErrNotUTF8 = errors.New("websocket: text to be sent is not UTF-8 (RFC 6455 8.1)")

	// ErrMessageEnded is returned by a [MessageReader] or a [MessageWriter]
	// whose message is over: closed, given up, or, if it reads, followed by
	// another.
	ErrMessageEnded = errors.New("websocket: the message is over")
)

// timeoutError is a net.Error and an os.ErrDeadlineExceeded, as a deadline of the
// net package is.
type timeoutError string

func (e timeoutError) Error() string        { return string(e) }
func (e timeoutError) Timeout() bool        { return true }
func (e timeoutError) Temporary() bool      { return true }
func (e timeoutError) Is(target error) bool { return target == os.ErrDeadlineExceeded }

// CloseError says how a connection ended: which side ended it, the close code
// and reason, and the cause. Once a connection has ended, every call returns
// it. If this endpoint closed on purpose, errors.Is(err, [net.ErrClosed]).
type CloseError struct {
	Remote bool            // the peer ended the connection
	Clean  bool            // close frames were exchanged both ways
	Code   frame.CloseCode // of the close frame that came first, or AbnormalClosure if there was none
	Reason string          // of that close frame
	Err    error           // the cause, such as a *frame.Error, a *LimitError or a network error; nil if closed on purpose

	LastRead time.Time // when the last bytes came from the peer
}

// Error says which side closed, the code, the reason and the cause.
func (e *CloseError) Error() string {
	side := "here"
	if e.Remote {
		side = "by the peer"
	}
	s := "websocket: closed " + side + ": " + e.Code.String()
	if e.Reason != "" {
		s += ": " + e.Reason
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause, or nil.
func (e *CloseError) Unwrap() error { return e.Err }

// Is makes errors.Is(err, [net.ErrClosed]) true after a close on purpose here.
func (e *CloseError) Is(target error) bool {
	return target == net.ErrClosed && !e.Remote && e.Err == nil
}

// normal reports whether the peer left in good order.
func (e *CloseError) normal() bool { return e.Remote && e.normalCode() }

func (e *CloseError) normalCode() bool {
	return e.Code == frame.NormalClosure || e.Code == frame.GoingAway || e.Code == frame.NoStatusReceived
}

// writeClosedError is what a write to an ended connection returns: the end is
// the news for a reader, but for a writer the news is that it came too late.
type writeClosedError struct{ cause *CloseError }

func (e *writeClosedError) Error() string {
	return "websocket: write on a closed connection: " + e.cause.Error()
}
func (e *writeClosedError) Unwrap() error        { return e.cause }
func (e *writeClosedError) Is(target error) bool { return target == net.ErrClosed }
