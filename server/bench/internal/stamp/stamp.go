// Package stamp marks messages with their number and with the moment they were due,
// on a clock that all processes of a machine share.
package stamp

import (
	"encoding/binary"
	"time"
)

// Len is how many bytes at the start of a message are its stamp.
const Len = 16

// Stamp is what a message says about itself.
type Stamp struct {
	Number uint64        // of the message, in the order of sending
	Due    time.Duration // when it was to be sent, by [Now]
}

// Put writes s at the start of payload, which has at least [Len] bytes.
func (s Stamp) Put(payload []byte) {
	binary.BigEndian.PutUint64(payload, s.Number)
	binary.BigEndian.PutUint64(payload[8:], uint64(s.Due))
}

// Of reads the stamp of payload, which has at least [Len] bytes.
func Of(payload []byte) Stamp {
	return Stamp{binary.BigEndian.Uint64(payload), time.Duration(binary.BigEndian.Uint64(payload[8:]))}
}

// Payload returns a payload of the given size, of which all but the stamp, not yet
// set, is the same for all messages.
func Payload(size int) []byte {
	p := make([]byte, size)
	for i := Len; i < size; i++ {
		p[i] = byte(i)
	}
	return p
}
