package message

import "github.com/parleyws/parley/frame"

// Event is a piece of a message, or a control frame. The zero Event says that
// nothing is complete yet.
type Event struct {
	Opcode  frame.Opcode // Text or Binary for a piece of a message; or Close, Ping, Pong
	Payload []byte       // lent until the next call of the Decoder, and only to be read: later messages may refer to it
	Last    bool         // nothing of the message follows; true for control frames

	Code   frame.CloseCode // of a Close
	Reason string          // of a Close
}
