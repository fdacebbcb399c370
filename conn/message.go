package conn

import "github.com/parleyws/parley/frame"

// Type is the type of a message, RFC 6455 section 5.6.
type Type uint8

// The types of messages.
const (
	Text   = Type(frame.Text)   // UTF-8
	Binary = Type(frame.Binary) // anything
)

// String returns "text" or "binary".
func (t Type) String() string { return frame.Opcode(t).String() }

// Message is a whole message.
type Message struct {
	Type Type
	Data []byte
}
