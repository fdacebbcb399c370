package conn_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
)

// A soak message says of itself who has sent it, which of that sender's it is, and
// how it goes on: with one letter repeated, or with what a seed gives. So if parts
// of two messages are mixed, or bytes are lost, it shows. It is ASCII, to be sent as
// text as well.
type soakMessage struct {
	sender, number int
	size           int  // of the body
	fill           rune // a letter; '?' for a body that is hard to compress
}

// soakHead is the length of a message's head.
const soakHead = 4 + 1 + 6 + 1 + 6 + 1 + 1

func (m soakMessage) text() string {
	head := fmt.Sprintf("%04d %06d %06d %c", m.sender, m.number, m.size, m.fill)
	if m.fill != '?' {
		return head + strings.Repeat(string(m.fill), m.size)
	}
	r := rand.NewPCG(uint64(m.sender), uint64(m.number))
	b := append(make([]byte, 0, soakHead+m.size+8), head...)
	for len(b) < soakHead+m.size {
		b = binary.LittleEndian.AppendUint64(b, r.Uint64()&0x1f1f1f1f1f1f1f1f|0x4040404040404040)
	}
	return string(b[:soakHead+m.size])
}

// parseSoakHead parses the head of a message.
func parseSoakHead(b []byte) (m soakMessage, err error) {
	if len(b) < soakHead {
		return m, fmt.Errorf("%q is too short for a message", b)
	}
	_, err = fmt.Sscanf(string(b[:soakHead]), "%04d %06d %06d %c", &m.sender, &m.number, &m.size, &m.fill)
	return m, err
}

// parseSoakMessage parses a message and compares all of it with what it should be.
func parseSoakMessage(b []byte) (soakMessage, error) {
	m, err := parseSoakHead(b)
	if err != nil {
		return m, err
	}
	if want := m.text(); string(b) != want {
		return m, fmt.Errorf("%+v came with %d bytes instead of %d, the first that differs at %d", m, len(b), len(want), firstDifference(b, want))
	}
	return m, nil
}

func firstDifference(b []byte, want string) int {
	for i := range min(len(b), len(want)) {
		if b[i] != want[i] {
			return i
		}
	}
	return min(len(b), len(want))
}
