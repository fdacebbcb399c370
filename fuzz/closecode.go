package fuzz

import (
	"errors"
	"fmt"

	"github.com/parleyws/parley/testdata"
)

// CloseCoder is an error that knows the code to close the connection with,
// RFC 6455 section 7.4. The checks hold a codec to the code if its error is a
// CloseCoder or wraps one, and ask for no more than an error if not.
type CloseCoder interface {
	error

	// CloseCode returns the code, or 0 if the error knows none after all.
	CloseCode() int
}

// WithCloseCode wraps err, which is not nil, in a [CloseCoder], for codecs whose
// errors know their code in another way.
func WithCloseCode(err error, code int) error { return &codedError{err, code} }

type codedError struct {
	error
	code int
}

func (e *codedError) Unwrap() error  { return e.error }
func (e *codedError) CloseCode() int { return e.code }

// judgeRefusal compares how a codec judged, err, with how it must.
func judgeRefusal(want *testdata.Breach, err error) string {
	switch {
	case want == nil && err != nil:
		return fmt.Sprintf("refused (%v), but it is lawful", err)
	case want == nil:
		return ""
	case err == nil:
		return fmt.Sprintf("not refused, but it breaks %s: close with %d", want.Section, want.Code)
	}
	var known CloseCoder
	if errors.As(err, &known) && known.CloseCode() != 0 && known.CloseCode() != want.Code {
		return fmt.Sprintf("refused with %d (%v), but it breaks %s: close with %d",
			known.CloseCode(), err, want.Section, want.Code)
	}
	return ""
}
