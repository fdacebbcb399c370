package handshake

import (
	"net/http"
	"strconv"
)

// HeadLimits bound the head of a request: its request line and its header
// fields. In each, 0 means the default and -1 no limit but the 1 GiB that no
// head may be over. What is over a limit is refused with an [*Error] of status
// 431, or 414 for the request line.
type HeadLimits struct {
	// Bytes is the length of the whole head, with the ends of its lines; 16 KiB
	// by default.
	Bytes int

	// Line is the length in bytes of one line without its end; 8 KiB by
	// default.
	Line int

	// Fields is the number of field lines; 100 by default.
	Fields int
}

// The defaults of HeadLimits.
const (
	DefaultHeadBytes  = 16 << 10
	DefaultHeadLine   = 8 << 10
	DefaultHeadFields = 100
)

// mostHeadBytes bounds heads without a limit, so that offsets fit 32 bits.
const mostHeadBytes = 1 << 30

// effective returns l with every default filled in.
func (l HeadLimits) effective() HeadLimits {
	return HeadLimits{
		Bytes:  effectiveLimit(l.Bytes, DefaultHeadBytes),
		Line:   effectiveLimit(l.Line, DefaultHeadLine),
		Fields: effectiveLimit(l.Fields, DefaultHeadFields),
	}
}

func effectiveLimit(limit, byDefault int) int {
	switch {
	case limit == 0:
		return byDefault
	case limit < 0 || limit > mostHeadBytes:
		return mostHeadBytes
	}
	return limit
}

// Check holds a request that net/http has read to the limits, so that every
// door has the same ones. Over HTTP/2 and HTTP/3 the lines are those that
// HTTP/1.1 would have. net/http itself has only [http.Server.MaxHeaderBytes],
// 1 MiB if not set, and has used that much memory when it calls a handler.
func (l HeadLimits) Check(r *http.Request) error {
	l = l.effective()
	line := len(r.Method) + len(r.RequestURI) + len("  HTTP/1.1")
	if line > l.Line {
		return l.errRequestLine()
	}
	bytes, fields := line+len("\r\n\r\n"), 0
	if r.Host != "" {
		line := len("Host: ") + len(r.Host)
		if line > l.Line {
			return l.errLine()
		}
		bytes += line + len("\r\n")
		fields++
	}
	for name, values := range r.Header {
		for _, value := range values {
			line := len(name) + len(": ") + len(value)
			if line > l.Line {
				return l.errLine()
			}
			bytes += line + len("\r\n")
		}
		fields += len(values)
	}
	switch {
	case fields > l.Fields:
		return l.errFields()
	case bytes > l.Bytes:
		return l.errBytes()
	}
	return nil
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

func (l HeadLimits) errRequestLine() error {
	return &Error{
		Status:  http.StatusRequestURITooLong,
		Reason:  "request line of more than " + strconv.Itoa(l.Line) + " bytes (HeadLimits.Line)",
		Section: "RFC 9112 3",
	}
}

func (l HeadLimits) errLine() error {
	return tooLarge("a field line of more than " + strconv.Itoa(l.Line) + " bytes (HeadLimits.Line)")
}

func (l HeadLimits) errFields() error {
	return tooLarge("more than " + strconv.Itoa(l.Fields) + " field lines (HeadLimits.Fields)")
}

func (l HeadLimits) errBytes() error {
	return tooLarge("a head of more than " + strconv.Itoa(l.Bytes) + " bytes (HeadLimits.Bytes)")
}

func tooLarge(reason string) error {
	return &Error{Status: http.StatusRequestHeaderFieldsTooLarge, Reason: reason, Section: "RFC 6585 5"}
}
