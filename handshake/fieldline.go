package handshake

import (
	"encoding/binary"
	"io"
	"math/bits"
)

// parseField parses a field line, RFC 9112 5, or the empty line that ends the
// head, and reports whether more lines follow.
func (h *Head) parseField(limits HeadLimits) (more bool, err error) {
	b, start := h.bytes, h.at
	if h.colon == 0 {
		i := h.scanned + tokenLen(b[h.scanned:])
		switch {
		case i < len(b) && b[i] == ':' && i > start && len(h.fields) < limits.Fields:
			h.colon, h.scanned = i, i+1
		case i == start && i < len(b) && b[i] == '\r':
			return false, h.endLine(i, limits)
		default:
			return false, h.noName(i, limits)
		}
	}
	to := h.scanned + textLen(b[h.scanned:])
	if to+1 < len(b) && b[to] == '\r' && b[to+1] == '\n' && limits.allow(start, to) {
		h.at, h.scanned = to+2, to+2 // endLine would do the same, and is called too often to be
	} else if err := h.endLine(to, limits); err != nil {
		return false, err
	}
	from := h.colon + 1
	for from < to && isBlank(b[from]) {
		from++
	}
	for from < to && isBlank(b[to-1]) {
		to--
	}
	name := span{uint32(start), uint32(h.colon)}
	h.fields = append(h.fields, field{name, span{uint32(from), uint32(to)}, kindOf(h.text(name))})
	h.colon = 0
	return true, nil
}

// noName says what is wrong with a field line whose name goes on to i, and has
// no colon there or is one line too many.
func (h *Head) noName(i int, limits HeadLimits) error {
	if err := limits.check(h.at, i); err != nil {
		return err
	}
	switch {
	case i == len(h.bytes):
		return h.wantMore(i)
	case len(h.fields) == limits.Fields:
		return limits.errFields()
	case isBlank(h.bytes[h.at]):
		return badRequest("RFC 9112 5.2", "a folded field line")
	}
	return badRequest("RFC 9112 5.1", "a field line that is not a token and a colon")
}

// endLine wants the line that begins at h.at to end at i, where its text does,
// and goes on to the next.
func (h *Head) endLine(i int, limits HeadLimits) error {
	if err := limits.check(h.at, i); err != nil {
		return err
	}
	b := h.bytes
	switch {
	case i == len(b) || b[i] == '\r' && i+1 == len(b):
		return h.wantMore(i)
	case b[i] == '\n' || b[i] == '\r' && b[i+1] != '\n':
		return badRequest("RFC 9112 2.2", "a line that does not end with CR LF")
	case b[i] != '\r':
		return badRequest("RFC 9110 5.5", "a control byte")
	}
	h.at, h.scanned = i+2, i+2
	return nil
}

// wantMore leaves a line unfinished that is good up to i.
func (h *Head) wantMore(i int) error {
	h.scanned = i
	return io.ErrUnexpectedEOF
}

// textLen returns how many bytes of b come before the first control byte that
// is no tab. Bytes from 0x80 are obs-text (RFC 9110 5.5), which old software
// may send in fields that are none of our business.
func textLen(b []byte) int {
	const (
		ones  = 0x0101010101010101
		highs = 0x8080808080808080
	)
	n := 0
	for len(b)-n >= 8 {
		w := binary.LittleEndian.Uint64(b[n:])
		// Of a byte below 0x80, less 0x20 or plus 1 sets the high bit if it is
		// below 0x20 or 0x7F. A borrow or a carry may set that of a byte above
		// too, so the one that is found needs a closer look.
		found := ((w - ones*0x20) | (w + ones)) &^ w & highs
		if found == 0 {
			n += 8
			continue
		}
		n += bits.TrailingZeros64(found) / 8
		if isControl(b[n]) {
			return n
		}
		n++
	}
	for n < len(b) && !isControl(b[n]) {
		n++
	}
	return n
}

// isControl reports whether c is a control byte other than a tab.
func isControl(c byte) bool { return c < ' ' && c != '\t' || c == 0x7F }
