package conn_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/conn/conntest"
	"github.com/parleyws/parley/frame"
)

// What came on the heels of the opening handshake may be more than any read buffer
// holds, and what follows it on the stream comes after it.
func TestAllThatCameWithTheHandshakeIsReadFirst(t *testing.T) {
	for _, size := range []int{1, 4 << 10, 64<<10 - 20, 64 << 10, 300_000} {
		synctest.Test(t, func(t *testing.T) {
			end, peer := conntest.Pipe(nil)
			big := strings.Repeat("b", size)
			early := append(fromClient(frame.Text, big), fromClient(frame.Text, "second")...)
			half := len(early) - 3 // the rest comes by the stream
			c := newConn(t, end, conn.Setup{Buffered: early[:half]}, &conn.Options{PingInterval: -1})
			send(t, peer, append(early[half:], fromClient(frame.Text, "third")...))
			for _, want := range []string{big, "second", "third"} {
				if m, err := c.Read(bg); err != nil || string(m.Data) != want {
					t.Errorf("Read returns %.20q of %d bytes, %v, want %.20q", m.Data, len(m.Data), err, want)
				}
			}
		})
	}
}
