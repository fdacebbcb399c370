package load

import (
	"bytes"

	"github.com/parleyws/parley/frame"
)

// Batch is messages that a connection sends in one write, and what comes back.
type Batch struct {
	Messages int
	request  []byte
	answer   []byte
}

// key masks every frame: a client that measures has nobody to surprise.
var key = frame.Key{0x37, 0xfa, 0x21, 0x3d}

// NewBatch returns a batch of so many messages of one type and payload. A bare
// server sends back what it got, any other what was meant, RFC 6455 section 5.3.
func NewBatch(bare bool, messages int, op frame.Opcode, payload []byte) Batch {
	asked := frame.AppendFrame(nil, frame.Header{Fin: true, Opcode: op, Masked: true, Key: key}, payload)
	answered := asked
	if !bare {
		answered = frame.AppendFrame(nil, frame.Header{Fin: true, Opcode: op}, payload)
	}
	return Batch{messages, bytes.Repeat(asked, messages), bytes.Repeat(answered, messages)}
}
