package handshake

import (
	"encoding/binary"
	"io"
	"math/bits"
	"net/http"
)

// fieldKind says which of the fields that the judgement looks at a line is.
type fieldKind uint8

const (
	fieldOther fieldKind = iota
	fieldConnection
	fieldContentLength
	fieldExtensions
	fieldHost
	fieldKey
	fieldOrigin
	fieldProtocol
	fieldTransferEncoding
	fieldUpgrade
	fieldVersion
	fieldKinds
)

// kindOf returns the kind of a field by its name. The length leaves one or two
// candidates.
func kindOf(name string) fieldKind {
	switch len(name) {
	case len("Host"):
		return fieldIf(name, "Host", fieldHost)
	case len("Origin"):
		return fieldIf(name, "Origin", fieldOrigin)
	case len("Upgrade"):
		return fieldIf(name, "Upgrade", fieldUpgrade)
	case len("Connection"):
		return fieldIf(name, "Connection", fieldConnection)
	case len("Content-Length"):
		return fieldIf(name, "Content-Length", fieldContentLength)
	case len("Sec-WebSocket-Key"): // and of Transfer-Encoding
		if lower(name[0]) == 't' {
			return fieldIf(name, "Transfer-Encoding", fieldTransferEncoding)
		}
		return fieldIf(name, "Sec-WebSocket-Key", fieldKey)
	case len("Sec-WebSocket-Version"):
		return fieldIf(name, "Sec-WebSocket-Version", fieldVersion)
	case len("Sec-WebSocket-Protocol"):
		return fieldIf(name, "Sec-WebSocket-Protocol", fieldProtocol)
	case len("Sec-WebSocket-Extensions"):
		return fieldIf(name, "Sec-WebSocket-Extensions", fieldExtensions)
	}
	return fieldOther
}

// fieldIf returns kind if name is known, whatever the case of its letters.
func fieldIf(name, known string, kind fieldKind) fieldKind {
	if equalFold(name, known) {
		return kind
	}
	return fieldOther
}

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

// allow reports whether check has nothing to say.
func (l HeadLimits) allow(start, end int) bool { return end-start <= l.Line && end < l.Bytes-1 }

// check holds a line that begins at start, and whose text goes on to end at
// least, to the limits. What goes over first decides, so that the answer is the
// same however the bytes came.
func (l HeadLimits) check(start, end int) error {
	switch last := l.Bytes - 1; {
	case end-start > l.Line && start+l.Line < last:
		if start == 0 {
			return l.errRequestLine()
		}
		return l.errLine()
	case end >= last: // no room for the CR LF
		return l.errBytes()
	}
	return nil
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

// parseRequestLine parses the first line, RFC 9112 3.
func (h *Head) parseRequestLine(limits HeadLimits) error {
	const (
		section = "RFC 9112 3"
		proto   = " HTTP/1.1"
	)
	text := h.scanned + textLen(h.bytes[h.scanned:])
	if err := h.endLine(text, limits); err != nil {
		return err
	}
	line := h.bytes[:text]
	method := tokenLen(line)
	end := len(line) - len(proto) // of the target
	if method == 0 || end <= method || line[method] != ' ' {
		return badRequest(section, "the request line is not a method, a target and a version")
	}
	major, minor, ok := parseVersion(line[end:])
	if !ok {
		return badRequest("RFC 9112 2.3", "the request line does not end with a version of HTTP")
	}
	if major != 1 {
		return &Error{Status: http.StatusHTTPVersionNotSupported, Reason: "only HTTP/1.1 is spoken here", Section: "RFC 9110 15.6.6"}
	}
	if !isOriginForm(line[method+1 : end]) {
		return badRequest("RFC 9112 3.2.1", "the request target is not a path")
	}
	h.method = span{0, uint32(method)}
	h.target = span{uint32(method + 1), uint32(end)}
	h.major, h.minor = major, minor
	return nil
}

// parseVersion parses the end of a request line, from the space before the
// version.
func parseVersion(b []byte) (major, minor int, ok bool) {
	const form = " HTTP/d.d"
	if len(b) != len(form) || string(b[:6]) != form[:6] || b[7] != '.' {
		return 0, 0, false
	}
	major, minor = int(b[6])-'0', int(b[8])-'0'
	return major, minor, 0 <= major && major <= 9 && 0 <= minor && minor <= 9
}

// isOriginForm reports whether target is a path with or without a query, RFC
// 9112 3.2.1: visible ASCII without "#", which is no part of it, and without a
// second slash in front, which some readers take for the start of a host.
// Bytes that must be escaped but often are not, such as "|", are let pass.
func isOriginForm(target []byte) bool {
	if len(target) == 0 || target[0] != '/' || len(target) > 1 && target[1] == '/' {
		return false
	}
	query := false
	for i, c := range target {
		if isPlainTargetByte[c] {
			continue
		}
		switch {
		case c == '?':
			query = true
		case c == '%' && (query || isEscape(target[i:])):
		default:
			return false
		}
	}
	return true
}

// isPlainTargetByte says which bytes mean nothing more than themselves in a
// target.
var isPlainTargetByte = func() (t [256]bool) {
	for c := '!'; c <= '~'; c++ {
		t[c] = c != '#' && c != '%' && c != '?'
	}
	return t
}()

// isEscape reports whether b begins with a percent sign and two hexadecimal
// digits.
func isEscape(b []byte) bool {
	return len(b) >= 3 && isHex(b[1]) && isHex(b[2])
}

func isHex(c byte) bool {
	c = lower(c)
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f'
}
