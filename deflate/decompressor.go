package deflate

import (
	"errors"
	"io"
)

// ErrTooBig means that a message exceeds the limit once it is inflated.
var ErrTooBig = errors.New("websocket: message is too big once inflated")

// ErrMisused means that a [Decompressor] was used after Free, or fed before it
// had used up what it was fed.
var ErrMisused = errors.New("websocket: decompressor used out of turn")

// Decompressor restores the messages of one direction, in order (RFC 7692
// 7.2.2). Between messages it holds nothing but the window, and no window at
// all without context takeover. It must not be used by several goroutines at
// once.
//
// An error is final: the direction cannot be made sense of any more.
type Decompressor struct {
	window   history
	maxDist  int // how far back a match may reach, in bytes
	inflater *inflater
	last     bool  // the piece that was fed ends the message
	err      error // ends all use
}

// NewDecompressor returns a Decompressor. A window that is out of range counts
// as the largest, 15 bits.
func NewDecompressor(d Direction) *Decompressor {
	bits := windowOrLargest(d.WindowBits)
	if !validOrUnnamed(bits) {
		bits = maxWindowBits
	}
	z := &Decompressor{maxDist: 1 << bits}
	if d.ContextTakeover {
		z.window.size = z.maxDist
	}
	return z
}

// Feed gives the next piece of a message's payload, which may be empty; last
// says that the message ends with it. piece is lent until Next has returned
// [io.EOF] or another error. A piece that is fed before makes Next fail with
// [ErrMisused].
func (d *Decompressor) Feed(piece []byte, last bool) {
	if d.err != nil {
		return
	}
	if d.inflater == nil {
		d.inflater = getInflater(d.window.bytes, d.maxDist)
	}
	if d.last || len(d.inflater.in) > 0 {
		d.fail(ErrMisused)
		return
	}
	d.inflater.feed(piece)
	d.last = last
}

// Next returns the next inflated bytes, at least 1 and at most 32 KiB of them,
// lent until the following call of any method. It inflates no more than it
// returns.
//
// [io.EOF] means that all that was fed is used up; after the last piece also
// that the message is whole, so that what is fed next begins another. Any
// other error is final: [ErrMisused], or a [*CorruptError] if the message is
// no DEFLATE data, reaches back beyond the window or ends too early.
func (d *Decompressor) Next() ([]byte, error) {
	if d.err != nil {
		return nil, d.err
	}
	if d.inflater == nil {
		return nil, io.EOF
	}
	out, err := d.inflater.next()
	switch {
	case err != nil:
		d.fail(err)
		return nil, err
	case len(out) > 0:
		return out, nil
	case d.last:
		return nil, d.end()
	}
	return nil, io.EOF
}

// end ends the message.
func (d *Decompressor) end() error {
	if err := d.inflater.end(); err != nil {
		d.fail(err)
		return err
	}
	if d.window.size > 0 {
		d.window.replace(d.inflater.window())
	}
	d.release()
	return io.EOF
}

// Append appends a whole message, inflated, to dst. It returns dst as it was,
// and [ErrTooBig], rather than append more than limit bytes; a limit below 0
// is none. The other errors are those of Next. message is lent for the call
// only.
func (d *Decompressor) Append(dst, message []byte, limit int64) ([]byte, error) {
	if d.inflater != nil {
		d.fail(ErrMisused)
	}
	d.Feed(message, true)
	out := dst
	for {
		piece, err := d.Next()
		switch {
		case err == io.EOF:
			return out, nil
		case err != nil:
			return dst, err
		case limit >= 0 && int64(len(piece)) > limit-int64(len(out)-len(dst)):
			d.fail(ErrTooBig)
			return dst, ErrTooBig
		}
		out = append(out, piece...)
	}
}

// Free gives the memory back, also in the middle of a message. After it Next
// and Append only return [ErrMisused]. It may be called again.
func (d *Decompressor) Free() {
	d.fail(ErrMisused)
}

// fail ends all use, for the reason that came first.
func (d *Decompressor) fail(err error) {
	if d.err == nil {
		d.err = err
	}
	d.window = history{}
	d.release()
}

// release gives the inflater back, if there is one.
func (d *Decompressor) release() {
	if d.inflater != nil {
		putInflater(d.inflater)
	}
	d.inflater = nil
	d.last = false
}
