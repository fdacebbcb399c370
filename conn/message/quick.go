package message

import (
	"encoding/binary"

	"github.com/parleyws/parley/frame"
	"github.com/parleyws/parley/utf8check"
)

// quick decodes a message in one frame of less than 64 KiB, not compressed, all of
// which is at the start of p: nearly every message of most connections. For
// anything else it reports false and has done nothing, and the long way, to which
// this one must not differ, says what it is. It takes less than half the time.
func (d *Decoder) quick(ev *Event, p []byte) (n int, err error, ok bool) {
	if len(p) < 2 || d.inFrame || d.headLen > 0 || d.inflating || d.closed || d.checker.InMessage() {
		return 0, nil, false
	}
	const fin, masked = 0x80, 0x80
	op := frame.Opcode(p[0] &^ fin)
	if p[0]&fin == 0 || op != frame.Text && op != frame.Binary || (p[1]&masked != 0) != d.FromClient {
		return 0, nil, false
	}
	head, size := 2, int(p[1]&^masked)
	if size >= 126 {
		if size == 127 || len(p) < 4 {
			return 0, nil, false
		}
		head, size = 4, int(binary.BigEndian.Uint16(p[2:]))
		if size < 126 {
			return 0, nil, false
		}
	}
	if max, limited := limit(d.MaxMessage, DefaultMaxMessage); limited && int64(size) > max {
		return 0, nil, false
	}
	if d.FromClient {
		head += len(frame.Key{})
	}
	n = head + size
	if len(p) < n {
		return 0, nil, false
	}
	payload := p[head:n]
	if d.FromClient {
		frame.Mask(payload, frame.Key(p[head-len(frame.Key{}):head]), 0)
	}
	if op == frame.Text && !d.SkipUTF8 && !utf8check.Valid(payload) {
		return n, d.fail(errNotUTF8), true
	}
	ev.Opcode, ev.Payload, ev.Last = op, payload, true
	return n, nil, true
}
