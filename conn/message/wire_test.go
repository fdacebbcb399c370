package message_test

import (
	"bytes"
	"encoding/hex"
	"strconv"
	"strings"
	"testing"
)

// testKey is the masking key of every frame from a client in the tables; the
// one of the examples in RFC 6455 section 5.7.
var testKey = [4]byte{0x37, 0xFA, 0x21, 0x3D}

// wire turns a row of a table into what a client or a server sends. A row is
// hexadecimal digits, with these marks for what depends on who sends it:
//
//	m05     a length byte, with the mask bit if a client sends it
//	K       the masking key, if a client sends it
//	(…)     payload, masked if a client sends it
//	41*125  the bytes 125 times
//
// It knows nothing of frames, so a row can be as unlawful as it likes.
func wire(tb failer, fromClient bool, row string) []byte {
	tb.Helper()
	var out []byte
	payload := -1 // where the payload begins, or -1 outside of one
	for _, token := range strings.Fields(strings.NewReplacer("(", " ( ", ")", " ) ").Replace(row)) {
		switch {
		case token == "K":
			if fromClient {
				out = append(out, testKey[:]...)
			}
		case token == "(":
			payload = len(out)
		case token == ")":
			if fromClient {
				for i := range out[payload:] {
					out[payload+i] ^= testKey[i%4]
				}
			}
			payload = -1
		case token[0] == 'm':
			b := unhex(tb, token[1:])
			if fromClient {
				b[0] |= 0x80
			}
			out = append(out, b...)
		default:
			digits, times, found := strings.Cut(token, "*")
			n := 1
			if found {
				var err error
				if n, err = strconv.Atoi(times); err != nil {
					tb.Fatalf("%q: %v", token, err)
				}
			}
			out = append(out, bytes.Repeat(unhex(tb, digits), n)...)
		}
	}
	return out
}

// unhex decodes hexadecimal digits.
func unhex(tb failer, digits string) []byte {
	tb.Helper()
	b, err := hex.DecodeString(digits)
	if err != nil {
		tb.Fatalf("%q: %v", digits, err)
	}
	return b
}

func TestRowsOfTheTablesAreWhatTheyLookLike(t *testing.T) {
	const row = "81 m05 K(48656c6c6f) 8a m00 K 41*3"
	if got := hex.EncodeToString(wire(t, false, row)); got != "810548656c6c6f"+"8a00"+"414141" {
		t.Errorf("from a server: %s", got)
	}
	// RFC 6455 section 5.7 has these bytes.
	if got := hex.EncodeToString(wire(t, true, row)); got != "818537fa213d7f9f4d5158"+"8a8037fa213d"+"414141" {
		t.Errorf("from a client: %s", got)
	}
}
