package message

import (
	"errors"

	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
)

// DefaultCompressFrom is the size in bytes from which an [Encoder] compresses.
// Shorter messages seldom gain what the work costs.
const DefaultCompressFrom = 512

// ErrClosed means that a close frame has ended the stream of messages, RFC 6455
// section 5.5.1.
var ErrClosed = errors.New("websocket: close frame sent")

// ErrOrder means that the caller's fragments do not make a message: another
// message or another type was begun before the last one was finished.
var ErrOrder = errors.New("websocket: message begun before the last one is finished")

// Encoder encodes what one endpoint sends. Set its fields before its first
// use. It must not be used by several goroutines at once; Encoders share
// nothing, so that two may serve one connection, if only one of them compresses.
//
// Every method appends whole frames to dst and returns the extended slice; the
// payload is only read, and lent for the call. After an error dst is returned
// as it was.
type Encoder struct {
	FromClient   bool                // a client sends, so frames are masked
	Deflate      *deflate.Compressor // nil if no compression is agreed
	CompressFrom int                 // bytes of the smallest whole message to compress; 0 for DefaultCompressFrom, -1 for all

	// NewKey returns the masking key of the next frame, nil for
	// [frame.NewKey]: for tests, which want the same bytes each time. RFC 6455
	// section 10.3 wants keys that nobody can predict.
	NewKey func() frame.Key

	closed      bool
	inMessage   bool         // a message in fragments is unfinished
	opcode      frame.Opcode // of the message in progress
	begun       bool         // a frame of the last message has been appended
	compressed  bool         // the last message is, finished or not
	retractable bool         // so is the last message
}

// AppendMessage appends a whole message. It leaves as one frame, compressed if
// that was agreed, the message is long enough, and the result is smaller. op is
// [frame.Text] or [frame.Binary].
func (e *Encoder) AppendMessage(dst []byte, op frame.Opcode, payload []byte) ([]byte, error) {
	return e.appendWhole(dst, op, payload, e.Compresses(len(payload)))
}

// AppendUncompressed appends a whole message as [Encoder.AppendMessage] does,
// but never compresses it. It stays out of the window: later messages do not
// refer to it.
func (e *Encoder) AppendUncompressed(dst []byte, op frame.Opcode, payload []byte) ([]byte, error) {
	return e.appendWhole(dst, op, payload, false)
}

func (e *Encoder) appendWhole(dst []byte, op frame.Opcode, payload []byte, compress bool) ([]byte, error) {
	if e.closed {
		return dst, ErrClosed
	}
	if e.inMessage {
		return dst, ErrOrder
	}
	e.begun, e.compressed, e.retractable = true, false, true
	var h frame.Header
	e.begin(&h, op, true)
	if compress {
		if out, ok := e.appendCompressed(dst, &h, payload); ok {
			e.compressed = true
			return out, nil
		}
		h.RSV = 0
	}
	return h.AppendFrame(dst, payload), nil
}

// Compresses reports whether [Encoder.AppendMessage] would try to compress a
// message of size bytes.
func (e *Encoder) Compresses(size int) bool {
	return e.Deflate != nil && size >= e.compressFrom()
}

// Retract takes back the message that was appended last, whole or as far as it
// has come, of which nothing has been sent: it is not in progress any more, and
// no later message refers to it, nor to what came before it. It does nothing
// if a control frame was appended after the message, which is taken to have
// been sent with it.
func (e *Encoder) Retract() {
	if !e.retractable {
		return
	}
	if e.compressed {
		e.Deflate.Forget()
	}
	e.inMessage = false
}

// AppendControl appends a ping or a pong. payload holds at most
// [frame.MaxControlPayload] bytes; the rest is cut off.
func (e *Encoder) AppendControl(dst []byte, op frame.Opcode, payload []byte) ([]byte, error) {
	if e.closed {
		return dst, ErrClosed
	}
	if e.begun {
		e.retractable = false
	}
	payload = payload[:min(len(payload), frame.MaxControlPayload)]
	var h frame.Header
	e.begin(&h, op, true)
	return h.AppendFrame(dst, payload), nil
}

// AppendClose appends a close frame, which [frame.AppendClose] describes.
// Nothing may follow it: every later call returns [ErrClosed].
func (e *Encoder) AppendClose(dst []byte, code frame.CloseCode, reason string) ([]byte, error) {
	if e.closed {
		return dst, ErrClosed
	}
	e.closed = true
	var payload [frame.MaxControlPayload]byte
	var h frame.Header
	e.begin(&h, frame.Close, true)
	return h.AppendFrame(dst, frame.AppendClose(payload[:0], code, reason)), nil
}

// Free gives back what e has borrowed. e must not be used again.
func (e *Encoder) Free() {
	if e.Deflate != nil {
		e.Deflate.Free()
	}
}

func (e *Encoder) compressFrom() int {
	switch {
	case e.CompressFrom < 0:
		return 0
	case e.CompressFrom == 0:
		return DefaultCompressFrom
	}
	return e.CompressFrom
}

// begin fills in what every frame's header has. h is zero, and stays where it
// is: see [frame.Header] for what a copy costs.
func (e *Encoder) begin(h *frame.Header, op frame.Opcode, fin bool) {
	h.Fin, h.Opcode = fin, op
	if e.FromClient {
		h.Masked, h.Key = true, e.newKey()
	}
}

func (e *Encoder) newKey() frame.Key {
	if e.NewKey != nil {
		return e.NewKey()
	}
	return frame.NewKey()
}

// appendCompressed compresses payload straight into dst, behind room for the
// header that a payload of that length would need: the compressed one is
// shorter, so its header fits.
func (e *Encoder) appendCompressed(dst []byte, h *frame.Header, payload []byte) ([]byte, bool) {
	h.RSV = frame.RSV1
	h.Length = int64(len(payload))
	room := h.Append(dst)
	out, ok := e.Deflate.Append(room, payload)
	if !ok {
		return dst, false
	}
	return complete(out, len(dst), len(room), h), true
}

// complete completes the frame at the end of out: its payload begins at
// payload, behind room for its header h, which begins at start. The payload is
// masked, and moves down if the header leaves a gap.
func complete(out []byte, start, payload int, h *frame.Header) []byte {
	body := out[payload:]
	h.Length = int64(len(body))
	head := h.Append(out[:start])
	if h.Masked {
		frame.Mask(body, h.Key, 0)
	}
	if len(head) == payload {
		return out
	}
	return append(head, body...)
}
