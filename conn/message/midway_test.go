package message_test

import (
	"testing"

	"github.com/parleyws/parley/conn/message"
)

// Every byte of a message but the last leaves the Decoder midway, in the header,
// in the payload, and between fragments.
func TestMidwayIsEverywhereButBetweenMessages(t *testing.T) {
	wire := []byte("\x01\x02he" + "\x89\x01p" + "\x80\x01y")
	var d message.Decoder
	if d.Midway() {
		t.Error("before the first byte")
	}
	for i := range wire {
		for _, err := range d.Feed(wire[i : i+1]) {
			if err != nil {
				t.Fatal(err)
			}
		}
		if want := i < len(wire)-1; d.Midway() != want {
			t.Errorf("after byte %d: %v", i, d.Midway())
		}
	}
}
