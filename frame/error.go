package frame

// Error is a breach of RFC 6455 or RFC 7692 by the peer. Those of this package
// are made once and returned to all who ask: they are only for reading.
type Error struct {
	Code    CloseCode // to close the connection with
	Section string    // that is broken, such as "RFC 6455 5.5"
	Reason  string    // what is wrong, short enough for a close frame
	Err     error     // the cause, or nil
}

// Error returns the reason, the section and the cause.
func (e *Error) Error() string {
	s := "websocket: " + e.Reason
	if e.Section != "" {
		s += " (" + e.Section + ")"
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause, or nil.
func (e *Error) Unwrap() error { return e.Err }

// Breaches without details are made once: a peer that breaks the protocol
// should not also cost an allocation.
var (
	errLengthForm        = &Error{Code: ProtocolError, Section: "RFC 6455 5.2", Reason: "payload length is not in its shortest form"}
	errLengthTopBit      = &Error{Code: ProtocolError, Section: "RFC 6455 5.2", Reason: "payload length has its top bit set"}
	errReservedOpcode    = &Error{Code: ProtocolError, Section: "RFC 6455 5.2", Reason: "opcode is reserved"}
	errRSV               = &Error{Code: ProtocolError, Section: "RFC 6455 5.2", Reason: "reserved bit is set without an extension that uses it"}
	errNotMasked         = &Error{Code: ProtocolError, Section: "RFC 6455 5.1", Reason: "frame from the client is not masked"}
	errMasked            = &Error{Code: ProtocolError, Section: "RFC 6455 5.1", Reason: "frame from the server is masked"}
	errControlFragmented = &Error{Code: ProtocolError, Section: "RFC 6455 5.5", Reason: "control frame is fragmented"}
	errControlTooLong    = &Error{Code: ProtocolError, Section: "RFC 6455 5.5", Reason: "control frame is longer than 125 bytes"}
	errNothingToContinue = &Error{Code: ProtocolError, Section: "RFC 6455 5.4", Reason: "continuation frame without a message to continue"}
	errMessageUnfinished = &Error{Code: ProtocolError, Section: "RFC 6455 5.4", Reason: "new message before the last one is finished"}
	errCloseShort        = &Error{Code: ProtocolError, Section: "RFC 6455 5.5.1", Reason: "close frame with half a close code"}
	errCloseCode         = &Error{Code: ProtocolError, Section: "RFC 6455 7.4", Reason: "close code may not stand in a close frame"}
	errCloseReason       = &Error{Code: InvalidFramePayloadData, Section: "RFC 6455 5.5.1", Reason: "close reason is not UTF-8"}
)
