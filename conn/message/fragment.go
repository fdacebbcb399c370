package message

import "github.com/parleyws/parley/frame"

// AppendFragment appends the next piece of a message, in a frame of its own
// (RFC 6455 section 5.4); last says that the message ends with it. op is the
// message's type, [frame.Text] or [frame.Binary], in every call. Control frames
// may be appended between fragments, and nothing else.
//
// The message is compressed if that was agreed, however short its pieces are
// (RFC 7692 section 6.1): the receiver can inflate each one as soon as it has
// it, which takes about 5 bytes a piece, so they had better not be small. The
// first call decides for the whole message, and only its first frame has RSV1
// set. A piece that is the first and the last is a whole message, and leaves as
// [Encoder.AppendMessage] would have it.
//
// Nothing is appended for an empty piece of a compressed message that goes on.
// Its last frame is never empty: some receivers would drop it.
//
// Some receivers fail on compressed messages in fragments, against RFC 7692:
// Safari and whatever stands on NSURLSession are known to. For them a message
// is better sent whole, or with [Encoder.AppendUncompressedFragment].
func (e *Encoder) AppendFragment(dst []byte, op frame.Opcode, piece []byte, last bool) ([]byte, error) {
	if last && !e.inMessage {
		return e.AppendMessage(dst, op, piece)
	}
	return e.appendFragment(dst, op, piece, last, e.Deflate != nil)
}

// AppendUncompressedFragment appends the next piece of a message as
// [Encoder.AppendFragment] does, but a message that begins with it is not
// compressed, and stays out of the window. In a message that has begun the two
// do the same.
func (e *Encoder) AppendUncompressedFragment(dst []byte, op frame.Opcode, piece []byte, last bool) ([]byte, error) {
	return e.appendFragment(dst, op, piece, last, false)
}

// appendFragment appends the next piece; compress is for a message that begins.
func (e *Encoder) appendFragment(dst []byte, op frame.Opcode, piece []byte, last, compress bool) ([]byte, error) {
	switch {
	case e.closed:
		return dst, ErrClosed
	case !e.inMessage:
		e.inMessage, e.opcode, e.begun = true, op, false
		e.compressed, e.retractable = compress, true
	case op != e.opcode:
		return dst, ErrOrder
	}
	if e.compressed && len(piece) == 0 && !last {
		return dst, nil
	}
	var h frame.Header
	e.begin(&h, op, last)
	if e.begun {
		h.Opcode = frame.Continuation
	}
	out := dst
	if e.compressed {
		var err error
		if out, err = e.appendPiece(dst, &h, piece, last); err != nil {
			return dst, err
		}
	} else {
		out = h.AppendFrame(dst, piece)
	}
	e.begun, e.inMessage = true, !last
	return out, nil
}

// mostGrown is how many bytes a piece of less than 64 KiB grows by at most when
// it is compressed, as AppendPiece of the Compressor says. A longer one may grow
// by more, but its header does not.
const mostGrown = 6

// appendPiece compresses a piece straight into dst, behind room for the longest
// header that it can need.
func (e *Encoder) appendPiece(dst []byte, h *frame.Header, piece []byte, last bool) ([]byte, error) {
	if !e.begun {
		h.RSV = frame.RSV1
	}
	h.Length = int64(len(piece)) + mostGrown
	room := h.Append(dst)
	out, err := e.Deflate.AppendPiece(room, piece, last)
	if err != nil {
		return dst, err
	}
	return complete(out, len(dst), len(room), h), nil
}
