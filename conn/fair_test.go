package conn_test

import (
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/conn/conntest"
	"github.com/parleyws/parley/frame"
)

// Who is fair has no two messages in a row while another has one; who is not handles
// all that has come. Row 15.
func TestAFairConnectionHandlesOneMessageAtATimeRow15(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	const messages = 50
	for _, fair := range []bool{false, true} {
		var mu sync.Mutex
		var order strings.Builder
		var all sync.WaitGroup
		begin := make(chan struct{})
		for _, name := range []string{"a", "b"} {
			end, peer := conntest.Pipe(&conntest.Options{Window: -1})
			c := newConn(t, end, conn.Setup{}, &conn.Options{Fair: fair, CloseTimeout: time.Millisecond})
			var sent []byte
			for range messages {
				sent = append(sent, fromClient(frame.Binary, name)...)
			}
			peer.Write(append(sent, closeFromClient(frame.NormalClosure, "")...))
			all.Go(func() {
				<-begin
				c.Serve(bg, conn.Handler{OnMessage: func(_ *conn.Conn, m conn.Message) {
					mu.Lock()
					order.Write(m.Data)
					mu.Unlock()
				}})
			})
		}
		close(begin)
		all.Wait()
		// The scheduler may interrupt anybody, but seldom.
		changes := 0
		for i := 1; i < order.Len(); i++ {
			if order.String()[i] != order.String()[i-1] {
				changes++
			}
		}
		if few := changes < messages/2; few == fair || order.Len() != 2*messages {
			t.Errorf("fair %v: %s", fair, order.String())
		}
	}
}

// With ManualPong a ping is the application's to answer. Row 16.
func TestAPingIsTheApplicationsToAnswerWithManualPongRow16(t *testing.T) {
	for _, manual := range []bool{false, true} {
		end, peer := conntest.Pipe(&conntest.Options{Window: -1})
		c := newConn(t, end, conn.Setup{}, &conn.Options{ManualPong: manual, CloseTimeout: time.Millisecond})
		peer.Write(fromClient(frame.Ping, "not this"))
		peer.Write(fromClient(frame.Ping, "this"))
		peer.Write(closeFromClient(frame.NormalClosure, ""))
		want := "\x8a\x08not this\x8a\x04this\x88\x02\x03\xe8"
		if manual {
			want = "\x8a\x07by hand\x88\x02\x03\xe8"
		}
		c.Serve(bg, conn.Handler{OnPing: func(c *conn.Conn, payload []byte) {
			if manual && string(payload) == "this" {
				c.Pong(bg, []byte("by hand"))
			}
		}})
		if got, err := io.ReadAll(peer); string(got) != want || err != nil {
			t.Errorf("manual %v: %q, %v; want %q", manual, got, err, want)
		}
	}
}
