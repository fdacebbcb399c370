package echo

import (
	"fmt"
	"slices"
	"strings"

	"github.com/parleyws/parley/frame"
	"github.com/parleyws/parley/server/bench/internal/texts"
)

// Case is what the clients do.
type Case struct {
	Size        int    `json:"size"`           // bytes of a message
	Connections int    `json:"connections"`    // that are busy at the same time
	InFlight    int    `json:"in_flight"`      // messages that a connection sends in one write; the next when all are back
	Text        string `json:"text,omitempty"` // which text the messages are, or "" for binary
}

// Name returns what tells the case from others, as in
// "echo/size=32/conns=100/inflight=16".
func (c Case) Name() string {
	s := fmt.Sprintf("echo/size=%d/conns=%d/inflight=%d", c.Size, c.Connections, c.InFlight)
	if c.Text != "" {
		s += "/text=" + c.Text
	}
	return s
}

// message returns the type and the payload of every message.
func (c Case) message() (frame.Opcode, []byte, error) {
	payload := make([]byte, c.Size)
	if c.Text == "" {
		for i := range payload {
			payload[i] = byte(i)
		}
		return frame.Binary, payload, nil
	}
	for _, t := range texts.All() {
		if t.Name == c.Text {
			t.Fill(payload, 0)
			return frame.Text, payload, nil
		}
	}
	return 0, nil, fmt.Errorf("no text %q; there are %s", c.Text, strings.Join(Texts(), ", "))
}

// Texts returns the names of the texts that messages can be.
func Texts() []string {
	var names []string
	for _, t := range texts.All() {
		names = append(names, t.Name)
	}
	return names
}

// Check says what cannot be measured.
func (c Case) Check() error {
	switch {
	case c.Size < 0 || c.Size > maxSize:
		return fmt.Errorf("messages of %d bytes: from 0 to %d", c.Size, maxSize)
	case c.Connections < 1:
		return fmt.Errorf("%d connections: at least 1", c.Connections)
	case c.InFlight < 1 || c.InFlight > maxInFlight:
		return fmt.Errorf("%d messages in flight: from 1 to %d", c.InFlight, maxInFlight)
	}
	_, _, err := c.message()
	return err
}

// The limits are those of the servers that are left at their defaults, and of the
// memory of the clients.
const (
	maxSize     = 1 << 20
	maxInFlight = 1 << 10
)

// webSocket are the peers that speak it and are not ours.
var webSocket = []string{"gorilla", "coder", "gws", "gobwas"}

// target returns how many times as many messages as of must send back in the time
// of against; 0 for any.
func (c Case) target(of, against string) float64 {
	if of != "parley" {
		return 0
	}
	small := c.Size <= 1<<10
	peer := slices.Contains(webSocket, against)
	switch {
	case c.Text != "" && c.Text != "ascii":
		// gobwas does not check texts here.
		if c.Size >= 16<<10 && c.InFlight == 1 && peer && against != "gobwas" {
			return 2.5
		}
	case c.InFlight == 16 && small && against == "tcp":
		return 0.85
	case c.InFlight == 16 && small && peer && against != "gobwas":
		return 10
	case c.InFlight == 1 && c.Size <= 16<<10 && against == "tcp":
		return 0.97
	case c.InFlight == 1 && peer:
		return 1
	}
	return 0
}
