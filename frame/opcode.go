package frame

import "strconv"

// Opcode says what a frame carries, RFC 6455 section 5.2.
type Opcode uint8

// The opcodes of RFC 6455 section 11.8.
const (
	Continuation Opcode = 0x0
	Text         Opcode = 0x1
	Binary       Opcode = 0x2
	Close        Opcode = 0x8
	Ping         Opcode = 0x9
	Pong         Opcode = 0xA
)

// IsControl reports whether o is in the range of control frames, known or
// reserved, RFC 6455 section 5.5.
func (o Opcode) IsControl() bool { return o&0x8 != 0 }

// IsReserved reports whether RFC 6455 gives o no meaning.
func (o Opcode) IsReserved() bool { return o > Pong || o > Binary && o < Close }

// String returns the opcode's name as the RFC has it, in lower case, or
// "opcode 0x3" and the like for one that is reserved.
func (o Opcode) String() string {
	switch o {
	case Continuation:
		return "continuation"
	case Text:
		return "text"
	case Binary:
		return "binary"
	case Close:
		return "close"
	case Ping:
		return "ping"
	case Pong:
		return "pong"
	}
	return "opcode 0x" + strconv.FormatUint(uint64(o), 16)
}
