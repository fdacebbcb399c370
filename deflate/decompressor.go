package deflate

import (
	"errors"
	"io"
)

// ErrTooBig means that a message exceeds the limit once it is inflated.
var ErrTooBig = errors.New("websocket: message is too big once inflated")

// ErrMisused means that a [Compressor] or [Decompressor] was used after Free,
// that a Decompressor was fed before it had used up what it was fed, or that a
// whole message was given to either in the middle of another. It is final.
var ErrMisused = errors.New("websocket: compression used out of turn")

// Decompressor restores the messages of one direction, in order (RFC 7692
// 7.2.2). Between messages it holds nothing but the window, as far as it has
// been filled, and no window at all without context takeover; see
// [Decompressor.Retained]. For the time of a message it borrows about 50 KiB,
// with context takeover 16 KiB. It must not be used by several goroutines at
// once.
//
// An error is final: the direction cannot be made sense of any more.
type Decompressor struct {
	takeover bool
	window   ring // with takeover; while there is an inflater, it has it
	maxDist  int  // how far back a match may reach, in bytes
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
	z := &Decompressor{takeover: d.ContextTakeover, maxDist: 1 << bits}
	z.window.size = ringSize(z.maxDist)
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
		if !d.takeover {
			d.window = borrowRing()
		}
		d.inflater = getInflater(d.window, d.maxDist)
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
// returns. They must not be changed: they are the window itself, which later
// matches refer to. How many there are at once is up to it.
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
	d.release()
	return io.EOF
}

// Append appends a whole message, inflated, to dst. It returns dst as it was,
// and [ErrTooBig], rather than append more than limit bytes; a limit below 0
// is none. The other errors are those of Next. message is lent for the call
// only.
//
// A message that is too big takes no more memory than limit and 128 KiB, also
// if dst has no room.
func (d *Decompressor) Append(dst, message []byte, limit int64) ([]byte, error) {
	if d.inflater != nil {
		d.fail(ErrMisused)
	}
	d.Feed(message, true)
	out, rest := dst, spill{}
	for {
		piece, err := d.Next()
		switch {
		case err == io.EOF:
			return rest.appendTo(out), nil
		case err != nil:
			return dst, err
		case limit >= 0 && int64(len(piece)) > limit-int64(len(out)-len(dst)+rest.n):
			d.fail(ErrTooBig)
			return dst, ErrTooBig
		}
		n := len(out) + len(piece)
		if rest.n == 0 && (n <= cap(out) || n-len(dst) <= maxGrown) {
			out = append(out, piece...)
		} else {
			rest.add(piece)
		}
	}
}

// Retained returns how many bytes of memory d holds between messages, beside
// itself: at most twice as many as the window has been filled with, and at most
// the window and 1 KiB.
func (d *Decompressor) Retained() int {
	if !d.takeover {
		return 0
	}
	if d.inflater != nil {
		return len(d.inflater.ring.bytes)
	}
	return len(d.window.bytes)
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
	d.release()
	d.window = ring{}
}

// release gives the inflater back, if there is one.
func (d *Decompressor) release() {
	if d.inflater == nil {
		return
	}
	d.window = d.inflater.ring
	if !d.takeover {
		giveBackRing(&d.window)
	}
	putInflater(d.inflater)
	d.inflater = nil
	d.last = false
}
