package handshake

import (
	"net/http"
	"strconv"
	"strings"
)

// Error is a handshake that failed because of what the other side sent. A
// server answers its client with it, see [Refuse]; a client learns from it
// what the server answered.
type Error struct {
	// Status is the HTTP status to refuse the client with. On the client's
	// side it is the status that the server answered, 0 if none.
	Status int

	// Header has the fields that go with the refusal, such as Allow, or on
	// the client's side those that the server answered with. It may be nil.
	Header http.Header

	// Reason says what is wrong, in words that the other side may read.
	Reason string

	// Section is the section that is broken, such as "RFC 6455 4.2.1", or "".
	Section string

	// Err is the cause, or nil.
	Err error
}

// Error describes e in one line, which begins with "websocket: ".
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("websocket: ")
	b.WriteString(e.Reason)
	if e.Status != 0 {
		b.WriteString(", status ")
		b.WriteString(strconv.Itoa(e.Status))
	}
	if e.Section != "" {
		b.WriteString(" (" + e.Section + ")")
	}
	if e.Err != nil {
		b.WriteString(": ")
		b.WriteString(e.Err.Error())
	}
	return b.String()
}

// Unwrap returns the cause, or nil.
func (e *Error) Unwrap() error { return e.Err }

// badRequest is the refusal of a request that breaks section.
func badRequest(section, reason string) *Error {
	return &Error{Status: http.StatusBadRequest, Section: section, Reason: reason}
}

// ArgumentError is a value of the caller's own that must not go on the wire,
// or cannot be used. Nothing was written.
type ArgumentError struct {
	Argument string // what is wrong, such as `header field "X-Id"`
	Reason   string // what is wrong with it
}

// Error describes e in one line, which begins with "websocket: ".
func (e *ArgumentError) Error() string {
	return "websocket: " + e.Argument + ": " + e.Reason
}

// quote makes text of the other side's safe to show: ASCII on one line, and
// no longer than a person reads.
func quote(s string) string {
	const most = 200
	if len(s) > most {
		return strconv.QuoteToASCII(s[:most]) + "..."
	}
	return strconv.QuoteToASCII(s)
}
