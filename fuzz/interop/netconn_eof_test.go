package interop

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/synctest"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
)

func TestAStreamEndsByEOFAfterANormalClosureOnlyG19(t *testing.T) {
	const hello = "828500000000" + "68656c6c6f"
	for _, c := range []struct {
		name   string
		wire   string // what the client sends after hello, before it ends its half
		answer string // how the payload of the server's close frame begins, or none
		code   frame.CloseCode
		eof    bool
	}{
		{"1000, RFC 6455 7.4.1", "888200000000" + "03e8", "03e8", 1000, true},
		{"1001, RFC 6455 7.4.1", "888200000000" + "03e9", "03e9", 1001, true},
		{"no code, RFC 6455 7.1.5", "888000000000", "", 1005, true},
		{"1000 and a reason, RFC 6455 5.5.1", "888500000000" + "03e8627965", "03e8627965", 1000, true},
		{"1000 after an empty message, RFC 6455 5.6", "828000000000" + "888200000000" + "03e8", "03e8", 1000, true},

		{"1002, RFC 6455 7.4.1", "888200000000" + "03ea", "03ea", 1002, false},
		{"1003, RFC 6455 7.4.1", "888200000000" + "03eb", "03eb", 1003, false},
		{"1008, RFC 6455 7.4.1", "888200000000" + "03f0", "03f0", 1008, false},
		{"1011, RFC 6455 7.4.1", "888200000000" + "03f3", "03f3", 1011, false},
		{"1012, RFC 6455 7.4.1", "888200000000" + "03f4", "03f4", 1012, false},
		{"3000, RFC 6455 7.4.2", "888200000000" + "0bb8", "0bb8", 3000, false},
		{"4999, RFC 6455 7.4.2", "888200000000" + "1387", "1387", 4999, false},
		{"no close frame, RFC 6455 7.1.5", "", "none", 1006, false},
		{"no close frame, inside a message, RFC 6455 7.1.5", "028100000000" + "21", "none", 1006, false},
		{"no close frame, inside a frame, RFC 6455 7.1.5", "828200000000" + "21", "none", 1006, false},
		{"text, RFC 6455 7.4.1", "818100000000" + "21", "03eb", 1003, false},
		{"an unmasked frame, RFC 6455 5.1", "820121", "03ea", 1002, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n, under, peer := netConnAndPeer(t, nil, nil)
				peer.send(hello + c.wire)
				peer.CloseWrite()

				got := make([]byte, 100)
				k, err := io.ReadFull(n, got)
				if want := "hello"; !bytes.HasPrefix(got[:k], []byte(want)) || k > len("hello!") {
					t.Errorf("read %q, want %q", got[:k], want)
				}
				if c.eof && err != io.ErrUnexpectedEOF { // as io.ReadFull has EOF after some bytes
					t.Errorf("read %v, want the end", err)
				}
				for range 3 { // the end stays the end
					k, err := n.Read(got)
					var end *conn.CloseError
					if k > 0 || c.eof && err != io.EOF || !c.eof && (!errors.As(err, &end) || end.Code != c.code) {
						t.Errorf("read %d bytes and %v", k, err)
					}
				}
				var end *conn.CloseError
				if !errors.As(under.Err(), &end) || end.Code != c.code {
					t.Errorf("the connection ended by %v, want %v", under.Err(), c.code)
				}
				if c.answer != "none" {
					peer.expectClose(c.answer)
				}
				peer.expectEnd()
			})
		})
	}
}

// RFC 7692 section 7.2.3.1: "Hello" in one compressed frame, and in two.
func TestAStreamIsInflatedAsItComes(t *testing.T) {
	for name, wire := range map[string]string{
		"one frame":  "c28700000000" + "f248cdc9c90700",
		"two frames": "428300000000" + "f248cd" + "808400000000" + "c9c90700",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n, _, peer := netConnAndPeer(t, nil, &deflate.Params{})
				for i := 0; i < len(wire); i += 2 {
					peer.send(wire[i:][:2])
				}
				peer.send("888200000000" + "03e8")
				peer.CloseWrite()
				if got, err := io.ReadAll(n); string(got) != "Hello" || err != nil {
					t.Errorf("read %q, %v", got, err)
				}
			})
		})
	}
}
