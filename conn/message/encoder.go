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
// use. It is not safe for concurrent use.
//
// Every method appends whole frames to dst and returns the extended slice; the
// payload is only read. After an error dst is returned as it was.
type Encoder struct {
	FromClient   bool                // a client sends, so frames are masked
	Deflate      *deflate.Compressor // nil if no compression is agreed
	CompressFrom int                 // bytes of the smallest message to compress; 0 for DefaultCompressFrom, -1 for all

	inMessage  bool
	opcode     frame.Opcode // of the message in progress
	compressed bool         // the last whole message was
	closed     bool
}

// AppendMessage appends a whole message. It leaves as one frame, compressed if
// that was agreed, the message is long enough, and the result is smaller. op is
// [frame.Text] or [frame.Binary].
func (e *Encoder) AppendMessage(dst []byte, op frame.Opcode, payload []byte) ([]byte, error) {
	if !e.closed && !e.inMessage && e.Compresses(len(payload)) {
		if out, ok := e.appendCompressed(dst, op, payload); ok {
			e.compressed = true
			return out, nil
		}
	}
	return e.AppendUncompressed(dst, op, payload)
}

// AppendUncompressed appends a whole message as [Encoder.AppendMessage] does,
// but never compresses it. It stays out of the window: later messages do not
// refer to it.
func (e *Encoder) AppendUncompressed(dst []byte, op frame.Opcode, payload []byte) ([]byte, error) {
	e.compressed = false
	if e.closed {
		return dst, ErrClosed
	}
	if e.inMessage {
		return dst, ErrOrder
	}
	var h frame.Header
	e.begin(&h, op, true)
	return h.AppendFrame(dst, payload), nil
}

// Compresses reports whether [Encoder.AppendMessage] would try to compress a
// message of size bytes.
func (e *Encoder) Compresses(size int) bool {
	return e.Deflate != nil && size >= e.compressFrom()
}

// Retract takes back the whole message that was appended last, of which
// nothing has been sent: later messages will not refer to it, nor to what came
// before it.
func (e *Encoder) Retract() {
	if e.compressed {
		e.Deflate.Forget()
		e.compressed = false
	}
}

// AppendFragment appends the next piece of a message, in a frame of its own,
// never compressed; last says that the message ends with it. op is the message's
// type in every call. Control frames may be appended between fragments.
func (e *Encoder) AppendFragment(dst []byte, op frame.Opcode, piece []byte, last bool) ([]byte, error) {
	if e.closed {
		return dst, ErrClosed
	}
	var h frame.Header
	e.begin(&h, op, last)
	if e.inMessage {
		if op != e.opcode {
			return dst, ErrOrder
		}
		h.Opcode = frame.Continuation
	}
	e.opcode, e.inMessage, e.compressed = op, !last, false
	return h.AppendFrame(dst, piece), nil
}

// AppendControl appends a ping or a pong. payload holds at most
// [frame.MaxControlPayload] bytes; the rest is cut off.
func (e *Encoder) AppendControl(dst []byte, op frame.Opcode, payload []byte) ([]byte, error) {
	if e.closed {
		return dst, ErrClosed
	}
	e.compressed = false // whatever it was, it has been sent
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
		h.Masked, h.Key = true, frame.NewKey()
	}
}

// appendCompressed compresses payload straight into dst, behind room for the
// header that a payload of that length would need. The compressed one is
// shorter, so its header fits; it moves down if it leaves a gap.
func (e *Encoder) appendCompressed(dst []byte, op frame.Opcode, payload []byte) ([]byte, bool) {
	start := len(dst)
	var h frame.Header
	e.begin(&h, op, true)
	h.RSV = frame.RSV1
	h.Length = int64(len(payload))
	room := h.Append(dst)
	out, ok := e.Deflate.Append(room, payload)
	if !ok {
		return dst, false
	}
	body := out[len(room):]
	h.Length = int64(len(body))
	head := h.Append(out[:start])
	if h.Masked {
		frame.Mask(body, h.Key, 0)
	}
	return append(head, body...), true
}
