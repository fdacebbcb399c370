package conn_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
)

// parkSoon has connections park after d, for the time of the test.
func parkSoon(t *testing.T, d time.Duration) {
	conn.SetParkAfter(d)
	t.Cleanup(func() {
		await(t, conn.LotIsClosed)
		conn.SetParkAfter(time.Second)
	})
}

// await waits for something that will be so.
func await(t *testing.T, so func() bool) {
	t.Helper()
	for end := time.Now().Add(guard); !so(); {
		if time.Now().After(end) {
			t.Fatal("it did not come about")
		}
		time.Sleep(time.Millisecond)
	}
}

// parked returns a connection that is served and parked.
func parked(t *testing.T, opts *conn.Options) (server, client *conn.Conn, calls chan string) {
	t.Helper()
	server, client = pairTCP(t, nil, opts)
	calls = make(chan string, 100)
	if err := server.Start(tellsOf(calls)); err != nil {
		t.Fatal(err)
	}
	next(t, calls, "open")
	await(t, func() bool { return conn.IsParked(server) })
	return server, client, calls
}

// A connection on which nothing happens has no goroutine; it has one again for what
// arrives, and loses it again. Rows 118 and 119 hold meanwhile: see wired_test.go.
func TestASilentConnectionHasNoGoroutine(t *testing.T) {
	parkSoon(t, time.Millisecond)
	server, client, calls := parked(t, nil)
	for range 5 {
		if err := client.WriteText(bg, "hello"); err != nil {
			t.Fatal(err)
		}
		if m, err := client.Read(bg); err != nil || string(m.Data) != "hello" {
			t.Fatalf("%q, %v", m.Data, err)
		}
		next(t, calls, "message hello")
		await(t, func() bool { return conn.IsParked(server) })
	}
	if _, err := pingWhileReading(client); err != nil {
		t.Fatal(err)
	}
	next(t, calls, "ping")
	await(t, func() bool { return conn.IsParked(server) })
	// What is in pieces is put together.
	whole := frame.AppendFrame(nil, frame.Header{Fin: true, Opcode: frame.Text, Masked: true}, []byte("in pieces"))
	a, b := tcp(t)
	other := newConn(t, a, conn.Setup{}, nil)
	heardToo := make(chan string, 100)
	if err := other.Start(tellsOf(heardToo)); err != nil {
		t.Fatal(err)
	}
	next(t, heardToo, "open")
	for i := range whole {
		await(t, func() bool { return conn.IsParked(other) })
		b.Write(whole[i : i+1])
	}
	next(t, heardToo, "message in pieces")
	other.CloseNow()
	client.Close(bg, frame.NormalClosure, "")
	next(t, calls, "close <nil>")
}

// pingWhileReading pings, with somebody who reads the answer.
func pingWhileReading(c *conn.Conn) (time.Duration, error) {
	ctx, cancel := context.WithCancel(bg)
	var reading sync.WaitGroup
	reading.Go(func() { c.Read(ctx) })
	defer reading.Wait()
	defer cancel()
	return c.Ping(bg)
}

// Whatever ends a connection that is parked, OnClose hears of it.
func TestAParkedConnectionEndsAsAnyOther(t *testing.T) {
	parkSoon(t, time.Millisecond)
	for name, end := range map[string]struct {
		do   func(server, client *conn.Conn, peer net.Conn)
		want string
	}{
		"the peer closes":    {func(_, c *conn.Conn, _ net.Conn) { c.Close(bg, frame.NormalClosure, "") }, "close <nil>"},
		"the stream ends":    {func(_, c *conn.Conn, _ net.Conn) { c.CloseNow() }, "close websocket: closed by the peer: 1006"},
		"the stream breaks":  {func(_, _ *conn.Conn, p net.Conn) { p.(*net.TCPConn).SetLinger(0); p.Close() }, "close websocket: closed by the peer: 1006"},
		"Close":              {func(s, c *conn.Conn, _ net.Conn) { go c.Read(bg); s.Close(bg, frame.GoingAway, "") }, "close websocket: closed here: 1001"},
		"CloseWrite":         {func(s, c *conn.Conn, _ net.Conn) { go c.Read(bg); s.CloseWrite(bg, frame.GoingAway, "") }, "close websocket: closed here: 1001"},
		"CloseNow":           {func(s, _ *conn.Conn, _ net.Conn) { s.CloseNow() }, "close websocket: closed here: 1006"},
		"a deaf peer, Close": {func(s, _ *conn.Conn, _ net.Conn) { s.Close(bg, frame.GoingAway, "") }, "close websocket: closed here: 1001"},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := tcp(t)
			opts := &conn.Options{CloseTimeout: 50 * time.Millisecond}
			server, client := newConn(t, a, conn.Setup{}, opts), newConn(t, b, conn.Setup{Client: true}, opts)
			calls := make(chan string, 100)
			if err := server.Start(tellsOf(calls)); err != nil {
				t.Fatal(err)
			}
			next(t, calls, "open")
			await(t, func() bool { return conn.IsParked(server) })
			end.do(server, client, b)
			next(t, calls, end.want)
			<-server.Done()
		})
	}
}

// A peer that is dead is found to be, for keepalive does not look at goroutines.
func TestKeepaliveHoldsForParkedConnections(t *testing.T) {
	parkSoon(t, time.Millisecond)
	a, _ := tcp(t)
	server := newConn(t, a, conn.Setup{}, &conn.Options{PingInterval: 20 * time.Millisecond, PongTimeout: 20 * time.Millisecond})
	calls := make(chan string, 100)
	if err := server.Start(tellsOf(calls)); err != nil {
		t.Fatal(err)
	}
	next(t, calls, "open")
	if got := <-calls; got != "close "+(&conn.CloseError{Code: frame.AbnormalClosure, Err: conn.ErrPingTimeout}).Error() {
		t.Errorf("heard %q", got)
	}
}

// Another descriptor of the socket does not keep the lot from forgetting it.
func TestADuplicateOfTheSocketDoesNoHarm(t *testing.T) {
	parkSoon(t, time.Millisecond)
	a, b := tcp(t)
	server := newConn(t, a, conn.Setup{}, nil)
	calls := make(chan string, 100)
	if err := server.Start(tellsOf(calls)); err != nil {
		t.Fatal(err)
	}
	next(t, calls, "open")
	await(t, func() bool { return conn.IsParked(server) })
	file, err := a.(*net.TCPConn).File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	server.CloseNow()
	next(t, calls, "close ")
	other, client, calls := parked(t, nil)
	b.Write([]byte("for the one who has left"))
	client.WriteText(bg, "hello")
	next(t, calls, "message hello")
	other.CloseNow()
	next(t, calls, "close ")
}

// With a ReadTimeout somebody has to keep the time.
func TestAConnectionWithAReadTimeoutKeepsItsGoroutine(t *testing.T) {
	parkSoon(t, time.Nanosecond)
	server, client := pairTCP(t, nil, &conn.Options{ReadTimeout: guard})
	calls := make(chan string, 100)
	if err := server.Start(tellsOf(calls)); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		client.WriteText(bg, "hello")
		if _, err := client.Read(bg); err != nil {
			t.Fatal(err)
		}
		if conn.IsParked(server) {
			t.Error("it is parked")
		}
	}
	server.CloseNow()
}

// However parking and everything else fall together, every message is echoed in
// order, and the end is told once.
func TestParkingLosesNothing(t *testing.T) {
	parkSoon(t, 100*time.Microsecond)
	const conns, messages = 30, 100
	var p *deflate.Params
	var all sync.WaitGroup
	for i := range conns {
		if i == conns/2 {
			p = &deflate.Params{}
		}
		server, client := pairTCP(t, p, &conn.Options{CompressFrom: -1})
		all.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(i)))
			var closes atomic.Int32
			h := conn.Handler{
				OnMessage: func(c *conn.Conn, m conn.Message) { c.Write(bg, m.Type, m.Data) },
				OnClose:   func(*conn.Conn, error) { closes.Add(1) },
			}
			if err := server.Start(h); err != nil {
				t.Error(err)
				return
			}
			text := make([]byte, 20_000)
			for n := range messages {
				text = text[:r.IntN(cap(text))]
				for i := range text {
					text[i] = byte('a' + n%26)
				}
				var sending sync.WaitGroup
				sending.Go(func() {
					if err := client.Write(bg, conn.Text, text); err != nil {
						t.Error(err)
					}
				})
				m, err := client.Read(bg)
				if err != nil || string(m.Data) != string(text) {
					t.Errorf("%d bytes, %v; want %d", len(m.Data), err, len(text))
					return
				}
				sending.Wait()
				time.Sleep(time.Duration(r.IntN(400)) * time.Microsecond)
			}
			switch i % 3 {
			case 0:
				client.Close(bg, frame.NormalClosure, "")
			case 1:
				server.CloseNow()
			default:
				var reading sync.WaitGroup
				reading.Go(func() { client.Read(bg) })
				if err := server.Close(bg, frame.GoingAway, ""); err != nil && !errors.Is(err, net.ErrClosed) {
					t.Error(err)
				}
				reading.Wait()
			}
			<-server.Done()
			await(t, func() bool { return closes.Load() > 0 })
			if n := closes.Load(); n != 1 {
				t.Errorf("OnClose was called %d times", n)
			}
		})
	}
	all.Wait()
}

// Where there is no descriptor left to watch with, a connection keeps its goroutine.
func TestAConnectionThatCannotBeParkedGoesOn(t *testing.T) {
	parkSoon(t, time.Millisecond)
	server, client := pairTCP(t, nil, nil)
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 3, Max: before.Max}); err != nil {
		t.Fatal(err)
	}
	defer syscall.Setrlimit(syscall.RLIMIT_NOFILE, &before)
	calls := make(chan string, 100)
	if err := server.Start(tellsOf(calls)); err != nil {
		t.Fatal(err)
	}
	next(t, calls, "open")
	for range 3 {
		time.Sleep(3 * time.Millisecond) // until it would be parked
		client.WriteText(bg, "hello")
		if m, err := client.Read(bg); err != nil || string(m.Data) != "hello" {
			t.Fatalf("%q, %v", m.Data, err)
		}
		next(t, calls, "message hello")
	}
	if !conn.LotIsClosed() {
		t.Error("it was parked")
	}
	client.Close(bg, frame.NormalClosure, "")
	next(t, calls, "close <nil>")
}
