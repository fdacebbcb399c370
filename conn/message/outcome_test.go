package message_test

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"

	"github.com/parleyws/parley/conn/message"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
)

// failer is what tests, fuzz targets and properties have in common.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// settings are those of a Decoder, so that many equal ones can be made.
type settings struct {
	maxMessage int64
	maxFrames  int
	skipUTF8   bool
	inflate    *deflate.Direction
}

func (s settings) decoder(fromClient bool) *message.Decoder {
	d := &message.Decoder{
		FromClient: fromClient,
		MaxMessage: s.maxMessage,
		MaxFrames:  s.maxFrames,
		SkipUTF8:   s.skipUTF8,
	}
	if s.inflate != nil {
		d.Inflate = deflate.NewDecompressor(*s.inflate)
	}
	return d
}

// outcome is all that an endpoint learns of what the other one sent, the
// pieces of each message joined: how many there are depends on the cuts of the
// input, and nothing else may.
type outcome struct {
	arrived []string // messages and control frames, in order, as show has them
	open    []byte   // what has come of an unfinished message
	fail    string   // the error, as verdict has it
	longest int      // bytes of the longest message, finished or not; not compared
	used    int      // bytes of the input; not compared
}

// show writes down a message or control frame.
func show(op frame.Opcode, payload []byte) string {
	if len(payload) <= 128 {
		return fmt.Sprintf("%v %q", op, payload)
	}
	return fmt.Sprintf("%v of %d bytes, sum %08x", op, len(payload), crc32.ChecksumIEEE(payload))
}

// verdict writes down an error: close code, and the section or the option. It
// fails unless the error is one that the package promises.
func verdict(t failer, err error) string {
	t.Helper()
	if !strings.HasPrefix(err.Error(), "websocket: ") {
		t.Fatalf("error %q does not say where it comes from", err)
	}
	var breach *frame.Error
	var limit *message.LimitError
	switch {
	case errors.As(err, &breach):
		if !breach.Code.OnWire() || breach.Reason == "" || len(breach.Reason) > frame.MaxReason {
			t.Fatalf("%#v cannot be told to the peer", breach)
		}
		return fmt.Sprintf("%d %s", uint16(breach.Code), breach.Section)
	case errors.As(err, &limit):
		if limit.Code != frame.MessageTooBig && limit.Code != frame.PolicyViolation {
			t.Fatalf("%#v has the wrong code", limit)
		}
		return fmt.Sprintf("%d %s %d", uint16(limit.Code), limit.Option, limit.Limit)
	}
	t.Fatalf("%#v is neither a breach nor a limit", err)
	return ""
}

// listener takes events, and holds each to what Event promises.
type listener struct {
	t         failer
	out       outcome
	inMessage bool
	opcode    frame.Opcode // of the message in progress
	closed    bool
}

func (l *listener) take(ev message.Event) {
	if l.closed {
		l.t.Fatalf("%+v after a close frame", ev)
	}
	if ev.Opcode != frame.Close && (ev.Code != 0 || ev.Reason != "") {
		l.t.Fatalf("%+v has what only a close has", ev)
	}
	switch ev.Opcode {
	case frame.Text, frame.Binary:
		if l.inMessage && ev.Opcode != l.opcode {
			l.t.Fatalf("a message of %v goes on as %v", l.opcode, ev.Opcode)
		}
		if len(ev.Payload) == 0 && !ev.Last {
			l.t.Fatalf("%+v says nothing", ev)
		}
		l.inMessage, l.opcode = !ev.Last, ev.Opcode
		l.out.open = append(l.out.open, ev.Payload...)
		l.out.longest = max(l.out.longest, len(l.out.open))
		if ev.Last {
			l.out.arrived = append(l.out.arrived, show(ev.Opcode, l.out.open))
			l.out.open = nil
		}
	case frame.Ping, frame.Pong, frame.Close:
		if !ev.Last || len(ev.Payload) > frame.MaxControlPayload {
			l.t.Fatalf("%+v is no whole control frame", ev)
		}
		s := show(ev.Opcode, ev.Payload)
		if ev.Opcode == frame.Close {
			l.closed = true
			s = fmt.Sprintf("close %d %q", uint16(ev.Code), ev.Reason)
		}
		l.out.arrived = append(l.out.arrived, s)
	default:
		l.t.Fatalf("%+v has no type", ev)
	}
}

const canary = 0xA5

// canaries are only to be read.
var canaries = bytes.Repeat([]byte{canary}, 64<<10)

// overwrite writes canaries over b.
func overwrite(b []byte) {
	for len(b) > 0 {
		b = b[copy(b, canaries):]
	}
}

// cage holds one piece of input after another, with canaries around it.
type cage struct {
	t     failer
	bytes []byte
	n     int // bytes of the piece
}

const bars = 16

// put returns a copy of piece, lent until the next.
func (c *cage) put(piece []byte) []byte {
	c.n = len(piece)
	c.bytes = append(c.bytes[:0], canaries[:bars]...)
	c.bytes = append(c.bytes, piece...)
	c.bytes = append(c.bytes, canaries[:bars]...)
	return c.bytes[bars:][:c.n]
}

// check fails if a canary is gone, and writes over the piece: it is lent no
// more.
func (c *cage) check() { // no Helper: it would take most of the time
	if !bytes.Equal(c.bytes[:bars], canaries[:bars]) || !bytes.Equal(c.bytes[bars+c.n:], canaries[:bars]) {
		c.t.Fatalf("bytes outside of the input were written")
	}
	overwrite(c.bytes)
}

// decode decodes what comes in pieces, by Next, and holds Next to its doc
// comment on the way. Each piece is overwritten once it is lent no more.
func decode(t failer, d *message.Decoder, pieces [][]byte) outcome {
	t.Helper()
	defer d.Free()
	l, input := &listener{t: t}, &cage{t: t}
	for _, piece := range pieces {
		p := input.put(piece)
		for {
			ev, n, err := d.Next(p)
			if n < 0 || n > len(p) {
				t.Fatalf("%d bytes of %d were used", n, len(p))
			}
			p = p[n:]
			l.out.used += n
			if err != nil {
				l.out.fail = verdict(t, err)
				holdsToItsError(t, d, ev, err, p)
				input.check()
				return l.out
			}
			if ev.Opcode == 0 {
				if len(p) > 0 || ev.Payload != nil || ev.Last {
					t.Fatalf("%+v, but %d bytes are left", ev, len(p))
				}
				break
			}
			l.take(ev)
		}
		input.check()
	}
	return l.out
}

// holdsToItsError fails unless err is the last word of d.
func holdsToItsError(t failer, d *message.Decoder, ev message.Event, err error, rest []byte) {
	t.Helper()
	if ev.Opcode != 0 || ev.Payload != nil {
		t.Fatalf("%+v comes with the error %v", ev, err)
	}
	before := bytes.Clone(rest)
	for _, p := range [][]byte{rest, nil, []byte("\x81\x00"), []byte("\x81\x80abcd")} {
		ev, n, again := d.Next(p)
		if ev.Opcode != 0 || n != 0 || again != err {
			t.Fatalf("after the error %v: %+v, %d, %v", err, ev, n, again)
		}
	}
	if !bytes.Equal(before, rest) {
		t.Fatalf("after the error %v the input is written to", err)
	}
}

// decodeByFeed does what decode does, by Feed.
func decodeByFeed(t failer, d *message.Decoder, pieces [][]byte) outcome {
	t.Helper()
	defer d.Free()
	l, input := &listener{t: t}, &cage{t: t}
	for _, piece := range pieces {
		p := input.put(piece)
		for ev, err := range d.Feed(p) {
			if l.out.fail != "" {
				t.Fatalf("%+v, %v after the error", ev, err)
			}
			if err != nil {
				l.out.fail = verdict(t, err)
				continue
			}
			l.take(ev)
		}
		input.check()
		if l.out.fail != "" {
			break
		}
	}
	return l.out
}

// difference tells two outcomes apart. How much of an unfinished message comes
// before an error depends on the cuts, but not what.
func difference(want, got outcome) string {
	if !slices.Equal(want.arrived, got.arrived) {
		return "what arrived (-want +got):\n" + cmp.Diff(want.arrived, got.arrived)
	}
	if want.fail != got.fail {
		return fmt.Sprintf("failed with %q, want %q", got.fail, want.fail)
	}
	n := len(want.open)
	if want.fail != "" {
		n = min(n, len(got.open))
	} else if len(got.open) != n {
		return fmt.Sprintf("%d bytes of an unfinished message, want %d", len(got.open), n)
	}
	if !bytes.Equal(want.open[:n], got.open[:n]) {
		return fmt.Sprintf("of an unfinished message %.64q, want %.64q", got.open[:n], want.open[:n])
	}
	return ""
}

// chunks cuts b into pieces of n bytes; the last may be shorter.
func chunks(b []byte, n int) [][]byte {
	var pieces [][]byte
	for len(b) > n {
		pieces = append(pieces, b[:n])
		b = b[n:]
	}
	return append(pieces, b)
}
