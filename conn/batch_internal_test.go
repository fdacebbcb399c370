package conn

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyws/parley/frame"
)

// A batch that the Wheel comes to send while somebody else has the right to write
// is left to that one. It must not be forgotten if the reader says meanwhile that
// there is more to come.
func TestAnybodyWhoHoldsBackIsWatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, peer := net.Pipe()
		defer peer.Close()
		c, err := New(a, Setup{}, &Options{PingInterval: -1})
		if err != nil {
			t.Fatal(err)
		}
		defer c.CloseNow()
		bg := context.Background()

		c.more.Store(true) // the reader is about to deliver another message
		if err := c.takeWire(bg); err != nil {
			t.Fatal(err)
		}
		start := c.appendControl(frame.Ping, nil)
		c.send(bg, start) // is held back, and watched
		time.Sleep(flushDelay)
		synctest.Wait()    // the Wheel has come, and found that somebody writes
		c.more.Store(true) // the reader delivers the next message, and its handler waits
		c.releaseWire()

		peer.SetReadDeadline(time.Now().Add(time.Second))
		if n, err := peer.Read(make([]byte, 2)); n == 0 {
			t.Errorf("what was held back is forgotten: %v", err)
		}
	})
}
