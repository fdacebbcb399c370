package conntest_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/conn/conntest"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
)

func pair(t testing.TB, opts *conntest.PairOptions) *conntest.Conns {
	t.Helper()
	c, err := conntest.Pair(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseNow)
	return c
}

// send sends s and wants it to arrive whole.
func send(t testing.TB, from, to *conn.Conn, s string) {
	t.Helper()
	sent := make(chan error, 1)
	go func() { sent <- from.Write(timeout(t), conn.Text, []byte(s)) }()
	m, err := to.Read(timeout(t))
	if err != nil || m.Type != conn.Text || string(m.Data) != s {
		t.Errorf("a message of %d bytes arrived as one of %d, %v", len(s), len(m.Data), err)
	}
	if err := <-sent; err != nil {
		t.Errorf("Write: %v", err)
	}
}

// closes wants the closing handshake to succeed.
func closes(t testing.TB, by, other *conn.Conn) {
	t.Helper()
	read := make(chan error, 1)
	go func() {
		_, err := other.Read(timeout(t))
		read <- err
	}()
	if err := by.Close(timeout(t), frame.NormalClosure, "bye"); err != nil {
		t.Errorf("Close: %v", err)
	}
	var end *conn.CloseError
	if err := <-read; !errors.As(err, &end) || end.Code != frame.NormalClosure || end.Reason != "bye" {
		t.Errorf("the other end reads %v", err)
	}
}

func TestAPairTalksAndCloses(t *testing.T) {
	streams := map[string]func(*conntest.End) io.ReadWriteCloser{
		"End":   nil,
		"Plain": (*conntest.End).Plain,
	}
	for name, stream := range streams {
		for compression, p := range map[string]*deflate.Params{"plain": nil, "compressed": {}} {
			t.Run(name+"/"+compression, func(t *testing.T) {
				c := pair(t, &conntest.PairOptions{Deflate: p, Subprotocol: "chat", ServerStream: stream, ClientStream: stream})
				for _, s := range []string{"", "hello", strings.Repeat("long ", 20_000)} {
					send(t, c.Client, c.Server, s)
					send(t, c.Server, c.Client, s)
				}
				for _, one := range []*conn.Conn{c.Server, c.Client} {
					if _, ok := one.Deflate(); ok != (p != nil) || one.Subprotocol() != "chat" {
						t.Errorf("compression %v, subprotocol %q", ok, one.Subprotocol())
					}
				}
				if n := c.ClientEnd.Out().Stats().BytesWritten; (n < 10_000) != (p != nil) {
					t.Errorf("the client sent %d bytes", n)
				}
				closes(t, c.Client, c.Server)
			})
		}
	}
}

func TestAPairNeedsNoOptions(t *testing.T) {
	c := pair(t, nil)
	send(t, c.Client, c.Server, "hello")
	if a := c.Server.RemoteAddr(); a != c.ClientEnd.LocalAddr() {
		t.Errorf("the server talks to %v", a)
	}
	if c.ServerEnd.Out() != c.ClientEnd.In() {
		t.Error("the ends are not of one pipe")
	}
	closes(t, c.Server, c.Client)
}

func TestAConnectionRunsOverTheStreamThatTheOptionsMake(t *testing.T) {
	c := pair(t, &conntest.PairOptions{
		ServerStream: func(e *conntest.End) io.ReadWriteCloser { return e.HTTP2() },
		ClientStream: (*conntest.End).Plain,
	})
	if c.Client.RemoteAddr() != nil || c.Server.RemoteAddr() != nil {
		t.Errorf("the streams have addresses: %v, %v", c.Client.RemoteAddr(), c.Server.RemoteAddr())
	}
	send(t, c.Client, c.Server, "hello")
	send(t, c.Server, c.Client, "hello")
	c.ServerEnd.SetReadDeadline(time.Unix(1, 0))
	c.ServerEnd.SetReadDeadline(time.Time{}) // too late
	if _, err := c.Server.Read(timeout(t)); err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("after a read deadline that passed: %v", err)
	}
}

func TestOptionsOfAPairReachWhomTheyAreFor(t *testing.T) {
	for name, opts := range map[string]*conntest.PairOptions{
		"server": {Server: &conn.Options{MaxMessage: 10}},
		"client": {Client: &conn.Options{MaxMessage: 10}},
	} {
		t.Run(name, func(t *testing.T) {
			c := pair(t, opts)
			limited, free := c.Server, c.Client
			if name == "client" {
				limited, free = free, limited
			}
			send(t, limited, free, "more than ten bytes")
			var other sync.WaitGroup
			other.Go(func() {
				free.Write(bg, conn.Text, []byte("more than ten bytes"))
				free.Read(timeout(t)) // the answer, which is a close frame
			})
			var limit *conn.LimitError
			if _, err := limited.Read(timeout(t)); !errors.As(err, &limit) {
				t.Errorf("Read: %v", err)
			}
			other.Wait()
		})
	}
	c := pair(t, &conntest.PairOptions{Pipe: &conntest.Options{Window: 7}})
	write(t, c.ServerEnd, "1234567")
	c.ServerEnd.SetWriteDeadline(time.Now())
	if s := c.ServerEnd.Out().Stats(); s.Unread > 7 {
		t.Errorf("counts %+v", s)
	}
}

func TestOptionsThatCannotBeMetAreAnError(t *testing.T) {
	bad := &conn.Options{Level: 99}
	for name, opts := range map[string]*conntest.PairOptions{
		"server": {Deflate: &deflate.Params{}, Server: bad},
		"client": {Deflate: &deflate.Params{}, Client: bad},
	} {
		if c, err := conntest.Pair(opts); c != nil || err == nil {
			t.Errorf("%s: %v, %v", name, c, err)
		}
	}
}

func TestTheServersConnectionIsClosedIfTheClientsCannotBe(t *testing.T) {
	var end *conntest.End
	_, err := conntest.Pair(&conntest.PairOptions{
		Deflate:      &deflate.Params{},
		Client:       &conn.Options{Level: 99},
		ServerStream: func(e *conntest.End) io.ReadWriteCloser { end = e; return e },
	})
	if err == nil {
		t.Fatal("no error")
	}
	if err := end.Close(); err == nil {
		t.Error("the server's end is open")
	}
}

func TestCloseNowEndsBoth(t *testing.T) {
	c := pair(t, nil)
	c.CloseNow()
	for _, one := range []*conn.Conn{c.Server, c.Client} {
		if one.Err() == nil {
			t.Error("a connection is open")
		}
	}
}

func TestAMessageIsOneCallOfWrite(t *testing.T) {
	c := pair(t, nil)
	for n := range 3 {
		send(t, c.Server, c.Client, strings.Repeat("x", 1000*n))
		if s := c.ServerEnd.Out().Stats(); s.Writes != n+1 {
			t.Errorf("%d messages took %d Writes", n+1, s.Writes)
		}
	}
}

// A message of 20 bytes from a client is a frame of 26: two bytes, four of key,
// the payload.
const (
	twenty    = "twenty bytes exactly"
	frameSize = 26
)

func TestAMessageIsWholeOrNotAtAllWhereverTheStreamEndsR22R23(t *testing.T) {
	for name, tt := range map[string]struct {
		cut  func(f *conntest.Flow, n int64)
		want error
	}{
		"reset": {(*conntest.Flow).ResetAfter, syscall.ECONNRESET},
		"end":   {(*conntest.Flow).EndAfter, io.ErrUnexpectedEOF},
	} {
		t.Run(name, func(t *testing.T) {
			for n := range frameSize + 1 {
				c := pair(t, nil)
				tt.cut(c.ClientEnd.Out(), int64(n))
				c.Client.Write(timeout(t), conn.Text, []byte(twenty))
				m, err := c.Server.Read(timeout(t))
				if n == frameSize {
					if err != nil || string(m.Data) != twenty {
						t.Errorf("after %d bytes: %q, %v, want the message", n, m.Data, err)
					}
					m, err = c.Server.Read(timeout(t))
				}
				var end *conn.CloseError
				if len(m.Data) > 0 || !errors.As(err, &end) || end.Code != frame.AbnormalClosure || !errors.Is(err, tt.want) {
					t.Errorf("after %d bytes: %q, %v, want %v", n, m.Data, err, tt.want)
				}
				c.CloseNow()
			}
		})
	}
}

func TestMessagesSurviveAnyCuttingOfTheStreamR32(t *testing.T) {
	for name, set := range map[string]func(f *conntest.Flow){
		"pieces of 1 to 7": func(f *conntest.Flow) { f.SetWriteSizes(conntest.Random(1, 1, 7)) },
		"reads of 1":       func(f *conntest.Flow) { f.SetReadSizes(conntest.Each(1)) },
		"reads of 0 to 7":  func(f *conntest.Flow) { f.SetReadSizes(conntest.Cycle(7, 0, 3, 0, 0, 1)) },
		"a window of 1":    func(f *conntest.Flow) { f.SetWindow(1) },
	} {
		t.Run(name, func(t *testing.T) {
			c := pair(t, &conntest.PairOptions{Deflate: &deflate.Params{}})
			set(c.ClientEnd.Out())
			set(c.ClientEnd.In())
			for _, n := range []int{0, 1, 125, 126, 5000} {
				send(t, c.Client, c.Server, strings.Repeat("x", n))
				send(t, c.Server, c.Client, strings.Repeat("y", n))
			}
			closes(t, c.Client, c.Server)
		})
	}
}

// The example of the package's doc comment.
func TestLatencyCostsNothingInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := pair(t, nil)
		c.ClientEnd.Out().SetLatency(time.Second)
		start := time.Now()
		c.Client.Write(t.Context(), conn.Text, []byte("hello"))
		m, err := c.Server.Read(t.Context())
		if d := time.Since(start); err != nil || string(m.Data) != "hello" || d != time.Second {
			t.Errorf("%s, %v, after %v", m.Data, err, d)
		}
	})
}

func TestMessagesSurviveASlowNetworkR31(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := pair(t, nil)
		for i, f := range []*conntest.Flow{c.ClientEnd.Out(), c.ClientEnd.In()} {
			f.SetLatency(200 * time.Millisecond)
			f.SetJitter(50*time.Millisecond, uint64(i))
			f.SetRate(125_000)
		}
		text := string(pattern(100_000))
		text = strings.ToValidUTF8(text, "?")
		var both sync.WaitGroup
		both.Go(func() { send(t, c.Client, c.Server, text) })
		both.Go(func() { send(t, c.Server, c.Client, text) })
		both.Wait()
		closes(t, c.Server, c.Client)
	})
}

func TestABlackoutIsSurvivedOrNotByThePongTimeoutR31(t *testing.T) {
	for _, tt := range []struct {
		wait     time.Duration
		survives bool
	}{{45 * time.Second, true}, {20 * time.Second, false}} {
		synctest.Test(t, func(t *testing.T) {
			alive := &conn.Options{PingInterval: time.Second, PongTimeout: tt.wait}
			c := pair(t, &conntest.PairOptions{Server: alive, Client: &conn.Options{PingInterval: -1}})
			var both sync.WaitGroup
			got := make([]error, 2)
			for i, one := range []*conn.Conn{c.Server, c.Client} {
				both.Go(func() {
					m, err := one.Read(bg)
					if err == nil && string(m.Data) != "still there" {
						t.Errorf("got %q", m.Data)
					}
					got[i] = err
				})
			}
			flows := []*conntest.Flow{c.ServerEnd.Out(), c.ServerEnd.In()}
			for _, f := range flows {
				f.Stall()
			}
			time.Sleep(30 * time.Second)
			for _, f := range flows {
				f.Resume()
			}
			c.Client.Write(bg, conn.Text, []byte("still there"))
			c.Server.Write(bg, conn.Text, []byte("still there"))
			both.Wait()
			for _, err := range got {
				if (err == nil) != tt.survives {
					t.Errorf("with a wait of %v: %v", tt.wait, err)
				}
			}
			if !tt.survives && !errors.Is(got[0], conn.ErrPingTimeout) {
				t.Errorf("the server ended by %v", got[0])
			}
		})
	}
}
