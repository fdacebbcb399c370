package message

import (
	"io"
	"iter"
	"math"

	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
	"github.com/parleyws/parley/utf8check"
)

// Decoder decodes what one endpoint sends. Set its fields before its first
// use. It must not be used by several goroutines at once.
type Decoder struct {
	FromClient bool // a client sends, so frames must be masked

	// MaxMessage is how many bytes the largest message may have, inflated; 0
	// for [DefaultMaxMessage], -1 for no limit. Its compressed form may have
	// 64 KiB more. A frame that is over the limit is refused by its header.
	//
	// MaxFrames is how many frames a message may have, empty ones counted; 0
	// for [DefaultMaxFrames], -1 for no limit. Unless there is none, no more
	// than 64 frames in a row may be empty.
	//
	// Both may be changed between two calls of Next. They hold for what comes
	// from then on: a message in progress that is over the new limit fails
	// with what comes next of it.
	MaxMessage int64
	MaxFrames  int

	// SkipUTF8 leaves text and close reasons unchecked, against RFC 6455
	// section 8.1: only for peers that are trusted to send nothing else.
	SkipUTF8 bool

	Inflate *deflate.Decompressor // nil if no compression is agreed

	started bool
	err     error // sticky
	closed  bool  // a close frame has come; what follows is ignored

	checker frame.Checker
	head    [frame.MaxHeaderLen]byte // of a header that came in pieces
	headLen int

	inFrame bool
	h       frame.Header
	left    int64 // bytes of the frame's payload to come
	pos     int   // in the payload, modulo 4

	control []byte // of a control frame that came in pieces

	opcode     frame.Opcode // of the message in progress
	compressed bool
	inflating  bool // the Inflate has more to give of what it was fed
	text       utf8check.Validator
	size       int64 // of the message so far, inflated
	wire       int64 // of the message so far, as it came
	frames     int64
	empties    int
}

// Next decodes the next event from p and returns how many bytes of p it has
// used. It unmasks them in place, and p is lent until Next has returned the
// zero Event, which means that all of p is used and more is needed.
//
// The error is a [*frame.Error] for a breach of the protocol or a [*LimitError],
// both with the code to close the connection with. It is returned again by every
// later call. After a close frame everything is ignored.
func (d *Decoder) Next(p []byte) (ev Event, n int, err error) {
	n, err = d.NextInto(&ev, p)
	return ev, n, err
}

// NextInto does what [Decoder.Next] does, and sets all of ev to the event: for
// loops to which the copies of an Event weigh as much as the decoding.
func (d *Decoder) NextInto(ev *Event, p []byte) (n int, err error) {
	*ev = Event{}
	if d.err != nil {
		return 0, d.err
	}
	if !d.started {
		d.start()
	}
	if n, err, ok := d.quick(ev, p); ok {
		return n, err
	}
	for {
		if d.inflating {
			if err := d.nextInflated(ev); err != nil || ev.Opcode != 0 {
				return n, d.fail(err)
			}
		}
		if d.closed {
			return len(p), nil
		}
		if !d.inFrame {
			used, ok, err := d.takeHeader(p[n:])
			n += used
			if err != nil || !ok {
				return n, d.fail(err)
			}
		}
		if n == len(p) && d.left > 0 {
			return n, nil
		}
		piece := p[n:]
		if int64(len(piece)) > d.left {
			piece = piece[:d.left]
		}
		n += len(piece)
		d.left -= int64(len(piece))
		if d.h.Masked {
			d.pos = frame.Mask(piece, d.h.Key, d.pos)
		}
		if d.h.Opcode.IsControl() {
			err = d.takeControl(ev, piece)
		} else {
			err = d.takeData(ev, piece)
		}
		if err != nil || ev.Opcode != 0 {
			return n, d.fail(err)
		}
	}
}

// Feed decodes the next bytes of the stream, and yields each event that they
// complete, and last the error, if there is one. It unmasks p in place. To
// break off the loop loses the rest of p, unless the same sequence is ranged
// over again; use [Decoder.Next] to keep it.
func (d *Decoder) Feed(p []byte) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for {
			ev, n, err := d.Next(p)
			if err != nil {
				yield(Event{}, err)
				return
			}
			// Before the yield: what is unmasked must never be fed again.
			p = p[n:]
			if ev.Opcode == 0 || !yield(ev, nil) {
				return
			}
		}
	}
}

// Free gives back what d has borrowed. d must not be used again.
func (d *Decoder) Free() {
	if d.Inflate != nil {
		d.Inflate.Free()
	}
}

func (d *Decoder) start() {
	d.started = true
	d.checker.FromClient = d.FromClient
	if d.Inflate != nil {
		d.checker.Extensions = frame.RSV1
	}
}

func (d *Decoder) fail(err error) error {
	d.err = err
	return err
}

// takeHeader reads a header from the start of p, and judges it. It reports
// false if p ends inside it; d remembers what there is.
func (d *Decoder) takeHeader(p []byte) (used int, ok bool, err error) {
	b := p
	if d.headLen > 0 {
		b = d.head[:d.headLen+copy(d.head[d.headLen:], p)]
	}
	n, err := d.h.Parse(b)
	if err == io.ErrUnexpectedEOF {
		d.headLen = copy(d.head[:], b)
		return len(p), false, nil
	}
	if err != nil {
		return 0, false, err
	}
	if err := d.h.Check(&d.checker); err != nil {
		return 0, false, err
	}
	used = n - d.headLen
	d.headLen = 0
	d.inFrame, d.left, d.pos = true, d.h.Length, 0
	if d.h.Opcode.IsControl() {
		d.control = d.control[:0]
		return used, true, nil
	}
	return used, true, d.beginData()
}

// beginData holds a data frame's header against the limits, before a byte of
// its payload is waited for.
func (d *Decoder) beginData() error {
	if d.h.Opcode != frame.Continuation {
		d.opcode = d.h.Opcode
		d.compressed = d.h.RSV&frame.RSV1 != 0
		d.size, d.wire, d.frames, d.empties = 0, 0, 0, 0
	}
	d.frames++
	if max, limited := limit(int64(d.MaxFrames), DefaultMaxFrames); limited && d.frames > max {
		return &LimitError{frame.PolicyViolation, "MaxFrames", max, "frames in a message"}
	}
	if d.h.Length == 0 && !d.h.Fin {
		d.empties++
		if d.MaxFrames >= 0 && d.empties > maxEmptyFrames {
			return &LimitError{frame.PolicyViolation, "MaxFrames", maxEmptyFrames, "empty frames in a row"}
		}
	} else {
		d.empties = 0
	}
	if max, limited := limit(d.MaxMessage, DefaultMaxMessage); limited {
		if d.compressed {
			max += min(wireSlack, math.MaxInt64-max)
		}
		// Not wire+Length > max: the sum of two lengths may overflow.
		if d.h.Length > max-d.wire {
			return d.tooBig()
		}
	}
	d.wire += d.h.Length
	return nil
}

func (d *Decoder) tooBig() error {
	max, _ := limit(d.MaxMessage, DefaultMaxMessage)
	return &LimitError{frame.MessageTooBig, "MaxMessage", max, "bytes in a message"}
}

// takeData handles a piece of a data frame's payload, unmasked.
func (d *Decoder) takeData(ev *Event, piece []byte) error {
	last := false
	if d.left == 0 {
		d.inFrame = false
		last = d.h.Fin
	}
	if d.compressed {
		d.Inflate.Feed(piece, last)
		d.inflating = true
		return d.nextInflated(ev)
	}
	return d.data(ev, piece, last)
}

// nextInflated makes ev the next bytes of a compressed message, or leaves it zero
// if the piece that was fed last is used up and is not the message's last.
func (d *Decoder) nextInflated(ev *Event) error {
	out, err := d.Inflate.Next()
	switch {
	case err == io.EOF:
		d.inflating = false
		return d.data(ev, nil, !d.inFrame && d.h.Fin)
	case err != nil:
		return &frame.Error{
			Code:    frame.InvalidFramePayloadData,
			Section: "RFC 7692 7.2.2",
			Reason:  "compressed message is corrupt",
			Err:     err,
		}
	}
	return d.data(ev, out, false)
}

// data makes ev the event of a message's next bytes, inflated.
func (d *Decoder) data(ev *Event, p []byte, last bool) error {
	if len(p) == 0 && !last {
		return nil
	}
	over := false
	if most, limited := limit(d.MaxMessage, DefaultMaxMessage); limited && int64(len(p)) > most-d.size {
		// What is wrong before the limit comes first, however much was
		// inflated at once: the answer must not hang on the cut of the input.
		p, over = p[:max(0, most-d.size)], true
	}
	d.size += int64(len(p))
	if !d.checkText(p, last && !over) {
		return errNotUTF8
	}
	if over {
		return d.tooBig()
	}
	ev.Opcode, ev.Payload, ev.Last = d.opcode, p, last
	return nil
}

// checkText takes the message's next bytes, and reports whether they can be,
// or with the last of them are, a text, if it is to be one.
func (d *Decoder) checkText(p []byte, last bool) bool {
	if d.opcode != frame.Text || d.SkipUTF8 {
		return true
	}
	if !last {
		return d.text.Feed(p)
	}
	ok := d.text.Feed(p) && d.text.Complete()
	d.text.Reset()
	return ok
}

// takeControl handles a piece of a control frame's payload, unmasked. It
// leaves ev zero until the payload is whole.
func (d *Decoder) takeControl(ev *Event, piece []byte) error {
	if d.left > 0 || len(d.control) > 0 {
		if d.control == nil {
			d.control = make([]byte, 0, frame.MaxControlPayload)
		}
		d.control = append(d.control, piece...)
		piece = d.control
	}
	if d.left > 0 {
		return nil
	}
	d.inFrame = false
	if d.h.Opcode == frame.Close {
		var err error
		if ev.Code, ev.Reason, err = d.parseClose(piece); err != nil {
			return err
		}
		d.closed = true
	}
	ev.Opcode, ev.Payload, ev.Last = d.h.Opcode, piece, true
	return nil
}

func (d *Decoder) parseClose(payload []byte) (frame.CloseCode, string, error) {
	code, reason, err := frame.ParseClose(payload)
	if err == nil || !d.SkipUTF8 {
		return code, reason, err
	}
	// Only the reason may be let pass: judge the code by itself.
	if len(payload) > 2 {
		if code, _, err = frame.ParseClose(payload[:2]); err == nil {
			return code, string(payload[2:]), nil
		}
	}
	return 0, "", err
}

var errNotUTF8 = &frame.Error{
	Code:    frame.InvalidFramePayloadData,
	Section: "RFC 6455 8.1",
	Reason:  "text is not UTF-8",
}
