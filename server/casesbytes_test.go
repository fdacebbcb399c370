package server_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"math"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/server"
)

// firstFrames are a text and a close frame, with a key of zeros.
const firstFrames = "\x81\x85\x00\x00\x00\x00first" + "\x88\x82\x00\x00\x00\x00\x03\xe8"

// The first frames are not lost, wherever the stream is cut: request and frames
// in one read, the cut inside the request, between the two, or in a frame.
func TestTheFirstFrameIsEchoedHoweverTheStreamIsCutS4(t *testing.T) {
	const echoes = "\x81\x05first" + "\x88\x02\x03\xe8"
	stream := request() + firstFrames
	for _, d := range caseDoors() {
		if !d.bytewise { // here each write is one read
			continue
		}
		t.Run(d.name, func(t *testing.T) {
			connect := d.open(t, &server.Server{Handler: echo}, false)
			for cut := range len(stream) + 1 {
				nc, err := connect()
				if err != nil {
					t.Fatal(err)
				}
				nc.SetDeadline(time.Now().Add(guard))
				go func() {
					for _, part := range []string{stream[:cut], stream[cut:]} {
						if part != "" {
							io.WriteString(nc, part)
						}
					}
				}()
				all, err := io.ReadAll(nc)
				if err != nil {
					t.Fatalf("cut at %d: %v", cut, err)
				}
				if head, behind := cutAnswer(t, string(all)); head.status != 101 || behind != echoes {
					t.Fatalf("cut at %d: %q", cut, all)
				}
				nc.Close()
			}
		})
	}
}

// openFiles returns the number of descriptors of this process, or false where
// it cannot be known.
func openFiles() (n int, ok bool) {
	dir, err := os.ReadDir("/proc/self/fd")
	return len(dir), err == nil
}

// leftovers waits until no handler runs and there are no more goroutines and
// descriptors than before, and fails t if that does not come.
func leftovers(t *testing.T, handlers *atomic.Int32, goroutines, files int) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(guard); ; <-tick.C {
		g := runtime.NumGoroutine()
		f, _ := openFiles()
		if handlers.Load() == 0 && g <= goroutines && f <= files {
			return
		}
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<20)
			stacks = stacks[:runtime.Stack(stacks, true)]
			t.Fatalf("%d handlers, %d goroutines and %d descriptors; before 0, %d and %d\n%s", handlers.Load(), g, f, goroutines, files, stacks)
		}
	}
}

// syncBuffer is for a log that several goroutines write to.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// A client that goes away leaves nothing behind, whenever and however it goes.
func TestAClientThatGoesAwayLeavesNothingS5(t *testing.T) {
	var logged syncBuffer
	before := log.Writer()
	log.SetOutput(&logged) // that of net/http, where panics go too
	defer log.SetOutput(before)

	whole := request()
	half := whole[:len(whole)/2]
	requestLine, _, _ := strings.Cut(whole, "\r\n")
	const times = 20
	for _, d := range caseDoors() {
		if d.bytewise { // only sockets can be reset
			continue
		}
		t.Run(d.name, func(t *testing.T) {
			var handlers atomic.Int32
			s := &server.Server{Handler: func(ctx context.Context, c *conn.Conn) {
				handlers.Add(1)
				defer handlers.Add(-1)
				echo(ctx, c)
			}}
			connect := d.open(t, s, false)
			exchangeCase(t, connect, whole+behindAccepted, false)
			leftovers(t, &handlers, math.MaxInt, math.MaxInt)
			// What is there now lives as long as the server.
			goroutines := runtime.NumGoroutine()
			files, _ := openFiles()
			for _, stage := range []struct {
				name, sent string
				answered   bool // the client waits for the answer first
			}{
				{"nothing", "", false},
				{"the request line", requestLine + "\r\n", false},
				{"half the head", half, false},
				{"the head but for its last byte", whole[:len(whole)-1], false},
				{"the head", whole, false},
				{"the head of a refused request", strings.Replace(whole, "13", "12", 1), false},
				{"the head and half a frame", whole + firstFrames[:4], false},
				{"the 101", whole, true},
				{"the 101 and half a frame", whole + firstFrames[:4], true},
			} {
				for _, reset := range []bool{false, true} {
					for range times {
						leave(t, connect, stage.sent, stage.answered, reset)
					}
					t.Logf("%d clients that leave after %s, reset %v", times, stage.name, reset)
					leftovers(t, &handlers, goroutines, files)
				}
			}
			mustAnswerPing(t, connect)
		})
	}
	if s := logged.String(); s != "" {
		t.Errorf("logged: %.2000s", s)
	}
}

// leave connects, sends, and leaves: by a reset, or by the end of its side of
// the stream and then, once the server has ended its own, of all.
func leave(t *testing.T, connect func() (net.Conn, error), sent string, answered, reset bool) {
	t.Helper()
	c, err := connect()
	if err != nil {
		t.Fatal(err)
	}
	nc := c.(*net.TCPConn)
	defer nc.Close()
	nc.SetDeadline(time.Now().Add(guard))
	if _, err := io.WriteString(nc, sent); err != nil {
		t.Fatal(err)
	}
	if answered {
		head := make([]byte, len("HTTP/1.1 101 "))
		if _, err := io.ReadFull(nc, head); err != nil || string(head) != "HTTP/1.1 101 " {
			t.Fatalf("%q, %v", head, err)
		}
	}
	if reset {
		nc.SetLinger(0)
		return
	}
	nc.CloseWrite()
	if _, err := io.Copy(io.Discard, nc); err != nil {
		t.Errorf("the server did not end the stream: %v", err)
	}
}

func mustAnswerPing(t *testing.T, connect func() (net.Conn, error)) {
	t.Helper()
	if head, behind := cutAnswer(t, exchangeCase(t, connect, request()+behindAccepted, false)); head.status != 101 || behind != echoed {
		t.Errorf("%v and %q", head, behind)
	}
}

// countingListener counts the bytes that the server reads.
type countingListener struct {
	net.Listener
	read *atomic.Int64
}

type countingConn struct {
	net.Conn
	read *atomic.Int64
}

func (l countingListener) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return countingConn{nc, l.read}, nil
}

func (c countingConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.read.Add(int64(n))
	return n, err
}

// Requests behind an upgrade are frames that break the protocol: none is
// queued, and none is answered.
func TestRequestsBehindAnUpgradeAreNotQueuedS6(t *testing.T) {
	const (
		most    = 64 << 10
		get     = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
		refusal = "\x88" // a close frame, whose payload begins with 1002
		repeats = 5
	)
	for _, d := range []struct {
		name  string
		serve func(*testing.T, *server.Server, net.Listener, bool)
	}{{"Serve", serveCases}, {"AcceptConn", acceptCases}} {
		t.Run(d.name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			var read atomic.Int64
			d.serve(t, &server.Server{Handler: echo}, countingListener{l, &read}, false)

			// spent returns the least that n requests behind an upgrade cost in
			// bytes of memory, of all who do something meanwhile.
			spent := func(n int) uint64 {
				stream := []byte(request() + strings.Repeat(get, n))
				room := make([]byte, 4<<10)
				least := ^uint64(0)
				for range repeats {
					read.Store(0)
					var before, after runtime.MemStats
					runtime.GC()
					runtime.ReadMemStats(&before)
					answer := pour(t, l.Addr().String(), stream, room)
					runtime.ReadMemStats(&after)
					least = min(least, after.TotalAlloc-before.TotalAlloc)

					head, behind := cutAnswer(t, string(answer))
					if head.status != 101 || len(behind) < 4 || behind[:1] != refusal || behind[2:4] != "\x03\xea" || len(behind) != 2+int(behind[1]) {
						t.Fatalf("%q", answer)
					}
				}
				return least
			}
			one, many := spent(1), spent(10_000)
			if many > one+most {
				t.Errorf("10 000 requests cost %d bytes of memory, one %d", many, one)
			}
			if n := read.Load(); n > most {
				t.Errorf("%d bytes of them were read", n)
			}
		})
	}
}

// pour sends stream while it reads into answer all that comes, which it
// returns.
func pour(t *testing.T, addr string, stream, answer []byte) []byte {
	t.Helper()
	nc := dialTCP(t, addr)
	defer nc.Close()
	sent := make(chan struct{})
	go func() { // the server may close before it has read all
		defer close(sent)
		nc.Write(stream)
	}()
	n, err := io.ReadFull(nc, answer)
	if err == nil {
		t.Fatalf("the server does not stop: %q", answer)
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) && !isReset(err) {
		t.Error(fmt.Errorf("the server did not end the stream: %w", err))
	}
	nc.Close()
	<-sent
	return answer[:n]
}
