package frame_test

import (
	"testing"

	"github.com/parleyws/parley/frame"
)

func TestOpcodesAreThoseOfTheRFC(t *testing.T) {
	for _, c := range []struct {
		opcode            frame.Opcode
		number            uint8
		control, reserved bool
		name, section     string
	}{
		{frame.Continuation, 0x0, false, false, "continuation", "RFC 6455 5.4"},
		{frame.Text, 0x1, false, false, "text", "RFC 6455 5.6"},
		{frame.Binary, 0x2, false, false, "binary", "RFC 6455 5.6"},
		{3, 0x3, false, true, "opcode 0x3", "RFC 6455 5.2"},
		{4, 0x4, false, true, "opcode 0x4", "RFC 6455 5.2"},
		{5, 0x5, false, true, "opcode 0x5", "RFC 6455 5.2"},
		{6, 0x6, false, true, "opcode 0x6", "RFC 6455 5.2"},
		{7, 0x7, false, true, "opcode 0x7", "RFC 6455 5.2"},
		{frame.Close, 0x8, true, false, "close", "RFC 6455 5.5.1"},
		{frame.Ping, 0x9, true, false, "ping", "RFC 6455 5.5.2"},
		{frame.Pong, 0xA, true, false, "pong", "RFC 6455 5.5.3"},
		{11, 0xB, true, true, "opcode 0xb", "RFC 6455 5.2"},
		{12, 0xC, true, true, "opcode 0xc", "RFC 6455 5.2"},
		{13, 0xD, true, true, "opcode 0xd", "RFC 6455 5.2"},
		{14, 0xE, true, true, "opcode 0xe", "RFC 6455 5.2"},
		{15, 0xF, true, true, "opcode 0xf", "RFC 6455 5.2"},
	} {
		if uint8(c.opcode) != c.number {
			t.Errorf("%s: %v is number %#x", c.section, c.opcode, uint8(c.opcode))
		}
		if c.opcode.IsControl() != c.control || c.opcode.IsReserved() != c.reserved {
			t.Errorf("%s: %v: control %v, reserved %v", c.section, c.opcode, c.opcode.IsControl(), c.opcode.IsReserved())
		}
		if got := c.opcode.String(); got != c.name {
			t.Errorf("%s: %#x is named %q, want %q", c.section, c.number, got, c.name)
		}
	}
}
