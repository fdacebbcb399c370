package message_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"
	"unicode/utf8"

	"github.com/parleyws/parley/frame"
)

// reference decodes what one endpoint sent, all at once, with no thought for
// speed, and stands on no code under test: it reads as the RFC does. It knows
// no compression, and stops at the first thing wrong.
//
// It returns what arrives, and the close code to fail with, or 0.
func reference(sent []byte, fromClient bool, maxMessage int64, maxFrames, maxEmpty int, skipUTF8 bool) (arrived []string, code int) {
	var (
		opcode  byte // of the message in progress, or 0
		payload []byte
		frames  int
		empties int
	)
	names := map[byte]string{1: "text", 2: "binary", 9: "ping", 10: "pong"}
	for {
		// RFC 6455 section 5.2: the header.
		if len(sent) < 2 {
			return arrived, 0
		}
		fin, rsv, op, masked := sent[0]&0x80 != 0, sent[0]&0x70, sent[0]&0x0F, sent[1]&0x80 != 0
		length, rest := uint64(sent[1]&0x7F), sent[2:]
		switch length {
		case 126:
			if len(rest) < 2 {
				return arrived, 0
			}
			length, rest = uint64(binary.BigEndian.Uint16(rest)), rest[2:]
			if length < 126 {
				return arrived, 1002
			}
		case 127:
			if len(rest) < 8 {
				return arrived, 0
			}
			length, rest = binary.BigEndian.Uint64(rest), rest[8:]
			if length < 1<<16 || length >= 1<<63 {
				return arrived, 1002
			}
		}
		var key []byte
		if masked {
			if len(rest) < 4 {
				return arrived, 0
			}
			key, rest = rest[:4], rest[4:]
		}
		// Sections 5.1, 5.2, 5.4 and 5.5: may it be here?
		control := op >= 8
		switch {
		case op > 2 && op < 8 || op > 10, rsv != 0, masked != fromClient,
			control && (!fin || length > 125),
			op == 0 && opcode == 0, (op == 1 || op == 2) && opcode != 0:
			return arrived, 1002
		}
		if !control {
			if op != 0 {
				opcode, payload, frames, empties = op, nil, 0, 0
			}
			frames++
			if frames > maxFrames {
				return arrived, 1008
			}
			if empties++; length > 0 || fin {
				empties = 0
			}
			if empties > maxEmpty {
				return arrived, 1008
			}
			if length > uint64(maxMessage-int64(len(payload))) {
				return arrived, 1009
			}
		}
		// Section 5.3: the payload, as far as it has come.
		here := min(length, uint64(len(rest)))
		piece := bytes.Clone(rest[:here])
		for i := range piece {
			if masked {
				piece[i] ^= key[i%4]
			}
		}
		sent = rest[here:]
		whole := here == length
		if control {
			if !whole {
				return arrived, 0
			}
			if op != 8 {
				arrived = append(arrived, fmt.Sprintf("%s %q", names[op], piece))
				continue
			}
			// Sections 5.5.1 and 7.4.
			n, reason := 1005, ""
			if len(piece) == 1 {
				return arrived, 1002
			}
			if len(piece) > 1 {
				n, reason = int(binary.BigEndian.Uint16(piece)), string(piece[2:])
				if n < 1000 || n > 4999 || n >= 1004 && n <= 1006 || n >= 1015 && n <= 2999 {
					return arrived, 1002
				}
				if !utf8.ValidString(reason) && !skipUTF8 {
					return arrived, 1007
				}
			}
			return append(arrived, fmt.Sprintf("close %d %q", n, reason)), 0
		}
		payload = append(payload, piece...)
		ended := whole && fin
		if opcode == 1 && !skipUTF8 && (ended && !utf8.Valid(payload) || !ended && deciding(string(payload)) >= 0) {
			return arrived, 1007
		}
		if ended {
			arrived = append(arrived, show(frame.Opcode(opcode), payload))
			opcode = 0
		}
		if !whole {
			return arrived, 0
		}
	}
}

// agrees fails unless got is what the reference makes of it, where there is no
// compression.
func agrees(t failer, s settings, fromClient bool, sent []byte, got outcome) {
	t.Helper()
	if s.inflate != nil {
		return
	}
	arrived, code := reference(sent, fromClient, limitOf(s), framesOf(s), maxEmpty, s.skipUTF8)
	fail := ""
	if code != 0 {
		fail = fmt.Sprint(code)
	}
	if len(got.fail) > 4 {
		got.fail = got.fail[:4]
	}
	if diff := difference(outcome{arrived: arrived, open: got.open, fail: fail}, got); diff != "" {
		t.Fatalf("the reference disagrees about % x: %s", sent, diff)
	}
}

func TestReferenceAgreesWithTheTables(t *testing.T) {
	forEachCase(t, func(t *testing.T, c decoderCase, fromClient bool, sent []byte) {
		if c.maxMessage < 0 || c.maxFrames < 0 || len(sent) > 1<<16 {
			return
		}
		agrees(t, c.settings, fromClient, sent, c.outcome())
	})
}
