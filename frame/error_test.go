package frame_test

import (
	"errors"
	"io"
	"testing"

	"github.com/parleyws/parley/frame"
)

func TestErrorsTellReasonSectionAndCause(t *testing.T) {
	for _, c := range []struct {
		err  frame.Error
		want string
	}{
		{frame.Error{Reason: "opcode is reserved", Section: "RFC 6455 5.2"}, "websocket: opcode is reserved (RFC 6455 5.2)"},
		{frame.Error{Reason: "message cannot be inflated", Section: "RFC 7692 7.2.2", Err: io.ErrUnexpectedEOF}, "websocket: message cannot be inflated (RFC 7692 7.2.2): unexpected EOF"},
		{frame.Error{Reason: "no"}, "websocket: no"},
	} {
		if got := c.err.Error(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func TestTheCauseOfAnErrorIsFound(t *testing.T) {
	err := error(&frame.Error{Code: frame.InvalidFramePayloadData, Reason: "no", Err: io.ErrUnexpectedEOF})
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error("the cause is lost")
	}
	if errors.Unwrap(&frame.Error{Reason: "no"}) != nil {
		t.Error("a cause out of nothing")
	}
}
