package conn_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/conn/conntest"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
)

// Test X4: a peer that sends 16 KiB messages and reads nothing of the echo costs what
// the queue may hold and 64 KiB more, and is gone when WriteTimeout passes.
func TestAPeerThatNeverReadsCostsTheQueueAndNoMoreX4(t *testing.T) {
	const conns, size = 8, 16 << 10
	// A read buffer, what is encoded of a batch, and a message on its way to the
	// handler and back.
	const overhead = 192 << 10
	for name, q := range map[string]*conn.Queue{
		"no queue":             nil,
		"block":                {},
		"block, 256 KiB":       {Bytes: 256 << 10},
		"block, 10 messages":   {Messages: 10},
		"drop newest":          {Full: conn.DropNewestWhenFull},
		"drop oldest":          {Full: conn.DropOldestWhenFull},
		"drop oldest, 256 KiB": {Full: conn.DropOldestWhenFull, Bytes: 256 << 10},
		"close":                {Full: conn.CloseWhenFull},
	} {
		t.Run(name, func(t *testing.T) {
			if q != nil && q.Full == conn.DropOldestWhenFull {
			}
			synctest.Test(t, func(t *testing.T) {
				limit := int64(0)
				if q != nil {
					limit = conn.DefaultQueueBytes
					if q.Bytes > 0 {
						limit = q.Bytes
					}
					if q.Messages > 0 {
						limit = int64(q.Messages) * size
					}
				}
				message := fromClient(frame.Binary, string(make([]byte, size)))
				var all []*conn.Conn
				var served sync.WaitGroup
				before := living()
				for range conns {
					a, peer := net.Pipe() // which holds nothing itself
					c := newConn(t, a, conn.Setup{}, &conn.Options{PingInterval: -1, Queue: q})
					all = append(all, c)
					served.Go(func() { c.Serve(bg, echo) })
					served.Go(func() {
						for range 300 {
							if _, err := peer.Write(message); err != nil {
								return // it is cut
							}
						}
					})
				}
				start := time.Now()
				synctest.Wait()
				each := (living() - before) / conns
				t.Logf("%d bytes each, of which the queue may hold %d", each, limit)
				if each > limit+overhead {
					t.Errorf("%d bytes each, of which the queue may hold %d", each, limit)
				}
				for _, c := range all {
					<-c.Done()
					if err := c.Err(); !errors.Is(err, conn.ErrWriteTimeout) && !errors.Is(err, conn.ErrQueueFull) {
						t.Error(err)
					}
				}
				if d := time.Since(start); d > conn.DefaultWriteTimeout {
					t.Errorf("cut after %v", d)
				}
				served.Wait()
				if each := (living() - before) / conns; each > 8<<10 {
					t.Errorf("%d bytes each after the end", each)
				}
				runtime.KeepAlive(all)
			})
		})
	}
}

// R5: what is sent to many is in memory once, however many are slow to take it.
func TestAPreparedMessageThatWaitsForManyIsInMemoryOnceG9R5(t *testing.T) {
	const conns, size = 100, 1 << 20
	for name, params := range map[string]*deflate.Params{"plain": nil, "compressed": {ServerNoContextTakeover: true}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, err := conn.Prepare(conn.Binary, noise7bit(size))
				if err != nil {
					t.Fatal(err)
				}
				before := living()
				var all []*wired
				for range conns {
					w := wire(t, wiring{params: params, Options: conn.Options{Queue: &conn.Queue{Bytes: -1}}})
					w.end.Out().SetWindow(0)
					say(t, w.Conn, "on its way")
					all = append(all, w)
				}
				synctest.Wait()
				for _, w := range all {
					for range 3 {
						if err := w.WritePrepared(bg, p); err != nil {
							t.Error(err)
						}
					}
				}
				if n := living() - before; n > 3*size {
					t.Errorf("%d bytes for %d that wait for %d bytes three times", n, conns, size)
				}
				if s := all[0].Queue(); s.Bytes != 3*size+10 {
					t.Errorf("%+v", s)
				}
				for _, w := range all {
					w.CloseNow()
				}
				runtime.KeepAlive(all)
			})
		})
	}
}

// rawPair is the server's end of a TCP connection, and the bare peer.
func rawPair(t testing.TB, s conn.Setup, o *conn.Options) (*conn.Conn, net.Conn) {
	t.Helper()
	a, b := tcp(t)
	return newConn(t, a, s, o), b
}

// Test X8: one large message must not cost its memory for ever.
func TestALargeMessageDoesNotCostItsMemoryForEverX8(t *testing.T) {
	const large, smalls = 1<<20 - 100, 50
	conns := 40
	if raceDetector {
		conns = 8
	}
	styles := map[string]struct {
		params *deflate.Params
		serve  func(c *conn.Conn) error
	}{
		"Serve":      {nil, func(c *conn.Conn) error { return c.Serve(bg, echo) }},
		"NextReader": {nil, func(c *conn.Conn) error { return echoStyles["NextReader"](c, nothing) }},
		"takeover":   {&deflate.Params{}, func(c *conn.Conn) error { return c.Serve(bg, echo) }},
	}
	for name, style := range styles {
		t.Run(name, func(t *testing.T) {
			// run returns how much heap the connections hold when all is said.
			run := func(first []byte) int64 {
				// A window is grown by what is in it, not by large messages.
				first = append(fromClient(frame.Text, strings.Repeat("what fills a window, ", 2000)), first...)
				answer := echoLength(t, style.params, style.serve, first)
				before := living()
				wheel := new(conn.Wheel)
				var all []*conn.Conn
				var peers []net.Conn
				var served sync.WaitGroup
				for range conns {
					c, peer := rawPair(t, conn.Setup{Deflate: style.params}, &conn.Options{Wheel: wheel, CompressFrom: -1})
					all, peers = append(all, c), append(peers, peer)
					served.Go(func() { style.serve(c) })
				}
				room := make([]byte, 64<<10)
				exchange := func(peer net.Conn, say []byte, answer int) {
					t.Helper()
					peer.SetDeadline(time.Now().Add(guard))
					sent := make(chan error, 1)
					go func() { _, err := peer.Write(say); sent <- err }()
					for answer > 0 {
						n, err := peer.Read(room[:min(len(room), answer)])
						if err != nil {
							t.Fatal(err)
						}
						answer -= n
					}
					if err := <-sent; err != nil {
						t.Fatal(err)
					}
				}
				small := fromClient(frame.Binary, "ten bytes.")
				batch := bytes.Repeat(small, 50)
				for _, peer := range peers {
					exchange(peer, first, answer)
					for range smalls / 50 {
						exchange(peer, batch, 50*(len(small)-4))
					}
				}
				held := living() - before
				runtime.KeepAlive(first)
				for i, c := range all {
					c.CloseNow()
					peers[i].Close()
				}
				served.Wait()
				return held
			}
			run(nil) // whatever there is only once
			ofSmall := run(nil)
			ofLarge := run(fromClient(frame.Binary, string(make([]byte, large))))
			t.Logf("%d bytes a connection after small messages, %d after a large one", ofSmall/int64(conns), ofLarge/int64(conns))
			if ofLarge > ofSmall*3/2 {
				t.Errorf("%d bytes are held after a large message, %d without it", ofLarge, ofSmall)
			}
		})
	}
}

// echoLength is how many bytes a connection answers to the first messages that it
// gets.
func echoLength(t *testing.T, params *deflate.Params, serve func(*conn.Conn) error, message []byte) int {
	t.Helper()
	end, peer := conntest.Pipe(&conntest.Options{Window: -1})
	defer peer.Close()
	c := newConn(t, end, conn.Setup{Deflate: params}, nil)
	defer c.CloseNow()
	peer.Write(message)
	peer.CloseWrite()
	serve(c)
	return int(end.Out().Stats().BytesWritten)
}

// user-asks 8: an idle connection holds no buffer of any kind, in whatever style it is
// read and whatever it has sent.
func TestAnIdleConnectionHoldsNoBuffers(t *testing.T) {
	const conns = 100
	for name, test := range map[string]struct {
		params *deflate.Params
		queue  *conn.Queue
	}{
		"plain":       {nil, nil},
		"queue":       {nil, &conn.Queue{}},
		"no takeover": {&deflate.Params{ServerNoContextTakeover: true, ClientNoContextTakeover: true}, nil},
	} {
		for style, echo := range echoStyles {
			if name != "plain" && style != "Serve" {
				continue
			}
			t.Run(name+"/"+style, func(t *testing.T) {
				before := living()
				wheel := new(conn.Wheel)
				var all []*conn.Conn
				var peers []net.Conn
				var served sync.WaitGroup
				for range conns {
					c, peer := rawPair(t, conn.Setup{Deflate: test.params}, &conn.Options{Wheel: wheel, Queue: test.queue})
					all, peers = append(all, c), append(peers, peer)
					served.Go(func() { echo(c, nothing) })
				}
				say := fromClient(frame.Text, "hello")
				room := make([]byte, len(say)-4)
				for _, peer := range peers {
					peer.SetDeadline(time.Now().Add(guard))
					for range 3 {
						peer.Write(say)
						if _, err := io.ReadFull(peer, room); err != nil {
							t.Fatal(err)
						}
					}
				}
				// Of both ends, of which the peer's is a bare socket.
				if each := (living() - before) / conns; each > 7<<10 {
					t.Errorf("%d bytes each", each)
				} else {
					t.Logf("%d bytes each", each)
				}
				for i, c := range all {
					c.CloseNow()
					peers[i].Close()
				}
				served.Wait()
			})
		}
	}
}

// Test X9: when connections have ended, however, nothing is left of them: no
// goroutine, no descriptor.
func TestNothingIsLeftOfConnectionsX9(t *testing.T) {
	files, err := os.ReadDir("/proc/self/fd")
	before, goroutines := len(files), runtime.NumGoroutine()
	if err != nil {
		before = -1
	}
	round := func(i int) {
		o := conn.Options{CloseTimeout: 100 * time.Millisecond, Queue: &conn.Queue{Messages: 2}, CompressFrom: -1}
		if i%2 == 0 {
			o.Queue = nil
		}
		server, client := pairTCP(t, &deflate.Params{}, &o)
		toServer, toClient := collect(server), collect(client)
		var writers sync.WaitGroup
		for _, c := range []*conn.Conn{server, client} {
			writers.Go(func() {
				for range 5 {
					c.WriteText(timeout(t), strings.Repeat("x", 1000))
					c.Ping(timeout(t))
				}
			})
		}
		switch i % 5 {
		case 0:
			writers.Wait()
			server.Close(timeout(t), frame.NormalClosure, "")
		case 1:
			server.CloseNow()
		case 2:
			client.CloseWrite(timeout(t), frame.GoingAway, "")
		case 3:
			server.NetConn(conn.Text).Close()
		case 4:
			go client.Close(timeout(t), frame.NormalClosure, "")
			server.Close(timeout(t), frame.NormalClosure, "")
		}
		writers.Wait()
		<-toServer.done
		<-toClient.done
		server.CloseNow()
		client.CloseNow()
	}
	for i := range 50 {
		round(i)
	}
	late := time.After(guard)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		files, _ := os.ReadDir("/proc/self/fd")
		n := runtime.NumGoroutine()
		if n <= goroutines && (before < 0 || len(files) <= before) {
			return
		}
		select {
		case <-tick.C:
		case <-late:
			stacks := make([]byte, 64<<10)
			t.Fatalf("%d goroutines, before %d; %d descriptors, before %d\n%s", n, goroutines, len(files), before, stacks[:runtime.Stack(stacks, true)])
		}
	}
}
