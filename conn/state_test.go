package conn_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/conn/conntest"
	"github.com/parleyws/parley/frame"
)

// Row 87: the states are those of RFC 6455 section 7 that an opened connection has.
func TestTheStatesHaveNamesRow87(t *testing.T) {
	for state, name := range map[conn.State]string{conn.Open: "open", conn.Closing: "closing", conn.Closed: "closed", 0: "unknown"} {
		if state.String() != name {
			t.Errorf("%d is %q, want %q", state, state.String(), name)
		}
	}
}

// Row 87: from one state to the next, by the close of either side. What another
// goroutine sees of it never goes back.
func TestTheStateOnlyGrowsRow87(t *testing.T) {
	for name, closes := range map[string]func(c *conntest.Conns){
		"the server":     func(c *conntest.Conns) { c.Server.Close(bg, frame.NormalClosure, "") },
		"the client":     func(c *conntest.Conns) { c.Client.Close(bg, frame.NormalClosure, "") },
		"half, then all": func(c *conntest.Conns) { c.Server.CloseWrite(bg, frame.GoingAway, ""); c.Server.Read(bg) },
		"cut":            func(c *conntest.Conns) { c.Client.CloseNow() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, err := conntest.Pair(nil)
				if err != nil {
					t.Fatal(err)
				}
				var served sync.WaitGroup
				for _, end := range []*conn.Conn{c.Server, c.Client} {
					if end.State() != conn.Open {
						t.Errorf("it begins %v", end.State())
					}
					if name != "half, then all" || end == c.Client {
						served.Go(func() { end.Serve(bg, conn.Handler{}) })
					}
					served.Go(func() {
						for state := conn.Open; state != conn.Closed; {
							now := end.State()
							if now < state {
								t.Errorf("from %v to %v", state, now)
							}
							if (now == conn.Closed) != (end.Err() != nil) && end.State() != conn.Closed {
								t.Errorf("%v with %v", now, end.Err())
							}
							state = now
							time.Sleep(time.Millisecond)
						}
					})
				}
				// On this stream the bytes take their time, so that every state lasts.
				c.ServerEnd.Out().SetLatency(30 * time.Millisecond)
				c.ServerEnd.In().SetLatency(30 * time.Millisecond)
				go closes(c)
				time.Sleep(10 * time.Millisecond)
				if s, l := c.Server.State(), c.Client.State(); s == conn.Open && l == conn.Open {
					t.Errorf("both are %v", s)
				}
				<-c.Server.Done()
				<-c.Client.Done()
				for _, end := range []*conn.Conn{c.Server, c.Client} {
					if end.State() != conn.Closed {
						t.Errorf("it ends %v", end.State())
					}
				}
				served.Wait()
			})
		})
	}
}

// Row 87: a message that was broken off, and a stream that takes nothing more, are
// closings too: nothing can be written.
func TestAConnThatCanWriteNoMoreIsClosingRow87(t *testing.T) {
	onEveryStream(t, func(t *testing.T, o rigOptions) {
		r := newRig(t, o)
		r.end.Out().FailWriteAfter(0, errBroken)
		if err := r.WriteText(bg, "x"); err == nil {
			t.Error("written")
		}
		if s := r.State(); s != conn.Closing {
			t.Errorf("it is %v", s)
		}
		<-r.Done()
		if s := r.State(); s != conn.Closed {
			t.Errorf("it is %v", s)
		}
	})
}
