package conn_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
)

// Row G1: all write methods are safe from any goroutine.
func TestManyWritersDoNotInterleaveG1(t *testing.T) {
	for name, p := range map[string]*deflate.Params{"plain": nil, "compressed": {}} {
		t.Run(name, func(t *testing.T) {
			const writers, each = 16, 50
			server, client := pairTCP(t, p, nil)
			serverRead := echoOff(server)
			var wg sync.WaitGroup
			for i := range writers {
				wg.Go(func() {
					data := bytes.Repeat([]byte{byte('a' + i)}, 600+i)
					for range each {
						if err := client.Write(bg, conn.Text, data); err != nil {
							t.Error(err)
							return
						}
						if _, err := client.Ping(timeout(t)); err != nil {
							t.Error(err)
							return
						}
					}
				})
			}
			clientRead := echoOff(client)
			wg.Wait()
			client.Close(timeout(t), frame.NormalClosure, "")
			counts := <-serverRead
			<-clientRead
			if len(counts) != writers {
				t.Errorf("server got %d kinds of message, want %d", len(counts), writers)
			}
			for text, n := range counts {
				if n != each || bytes.Count([]byte(text), []byte(text[:1])) != len(text) {
					t.Errorf("server got %.20q... %d times", text, n)
				}
			}
		})
	}
}

// echoOff reads c to its end and counts the messages.
func echoOff(c *conn.Conn) <-chan map[string]int {
	done := make(chan map[string]int, 1)
	go func() {
		counts := map[string]int{}
		c.Serve(bg, conn.Handler{OnMessage: func(_ *conn.Conn, m conn.Message) { counts[string(m.Data)]++ }})
		done <- counts
	}()
	return done
}

// Row G4, first half.
func TestACancelledWriteThatSentNothingCostsNothingG4(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, peer := serverAndPeer(t, nil)
		ctx, cancel := context.WithTimeout(bg, time.Second)
		defer cancel()
		if err := server.Write(ctx, conn.Text, []byte("never")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Write: %v", err)
		}
		if err := server.Err(); err != nil {
			t.Errorf("connection ended: %v", err)
		}
		go server.Write(bg, conn.Text, []byte("now"))
		expect(t, peer, []byte("\x81\x03now"))
		server.CloseNow()
	})
}

// Row G4, second half.
func TestAWriteCancelledInsideAFrameFailsTheConnectionG4(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, peer := serverAndPeer(t, nil)
		go expect(t, peer, []byte("\x81\x05he"))
		ctx, cancel := context.WithTimeout(bg, time.Second)
		defer cancel()
		err := server.Write(ctx, conn.Text, []byte("hello"))
		if !errors.Is(err, conn.ErrPartialWrite) || !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, net.ErrClosed) {
			t.Errorf("Write: %v", err)
		}
		if !errors.Is(server.Err(), conn.ErrPartialWrite) {
			t.Errorf("connection: %v", server.Err())
		}
		if err := server.Write(bg, conn.Text, nil); !errors.Is(err, net.ErrClosed) || !errors.Is(err, conn.ErrPartialWrite) {
			t.Errorf("next Write: %v", err)
		}
	})
}

func TestAPeerThatDoesNotReadIsCutAfterWriteTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, _ := serverAndPeer(t, nil)
		reader := make(chan error, 1)
		go func() {
			_, err := server.Read(bg)
			reader <- err
		}()
		start := time.Now()
		err := server.Write(bg, conn.Text, []byte("hello"))
		if d := time.Since(start); d != conn.DefaultWriteTimeout {
			t.Errorf("cut after %v", d)
		}
		var timeout net.Error
		if !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Errorf("Write: %v", err)
		}
		if end := closeError(t, <-reader); end.Code != frame.AbnormalClosure || !errors.As(end, &timeout) {
			t.Errorf("Read: %v", end)
		}
	})
}

func TestReadingDoesNotWaitForAPeerThatDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, peer := serverAndPeer(t, &conn.Options{WriteTimeout: -1})
		go func() {
			for range 1000 { // of which no pong is ever read
				send(t, peer, fromClient(frame.Ping, "p"))
			}
			send(t, peer, fromClient(frame.Text, "still heard"))
		}()
		if m, err := server.Read(bg); err != nil || string(m.Data) != "still heard" {
			t.Errorf("got %q, %v", m.Data, err)
		}
		server.CloseNow()
	})
}

func TestWriteRefusesAnUnknownType(t *testing.T) {
	server, _ := serverAndPeer(t, nil)
	if err := server.Write(bg, conn.Type(frame.Ping), nil); err == nil {
		t.Error("a ping was written as a message")
	}
	if server.Err() != nil {
		t.Error("the connection ended for it")
	}
}

// Row 109: a client masks, each frame with a key of its own; a server does not.
func TestMaskByRoleRow109(t *testing.T) {
	for _, client := range []bool{false, true} {
		a, peer := net.Pipe()
		c := newConn(t, a, conn.Setup{Client: client}, nil)
		go func() {
			for range 2 {
				c.Write(bg, conn.Text, []byte("same"))
			}
		}()
		fr := frame.NewReader(peer)
		var keys []frame.Key
		for range 2 {
			h, err := fr.Next()
			if err != nil || h.Masked != client {
				t.Fatalf("client %v: %+v, %v", client, h, err)
			}
			keys = append(keys, h.Key)
		}
		if client && keys[0] == keys[1] {
			t.Error("two frames with one key")
		}
	}
}

// brokenPipe is a stream that takes nothing more, of which the rest can be read.
type brokenPipe struct{ net.Conn }

var errBroken = errors.New("broken pipe")

func (brokenPipe) Write([]byte) (int, error) { return 0, errBroken }

func TestAFailedWriteDoesNotLoseWhatThePeerHadSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, peer := net.Pipe()
		server := newConn(t, brokenPipe{a}, conn.Setup{}, nil)
		go func() {
			for range 3 {
				send(t, peer, fromClient(frame.Text, "x"))
				send(t, peer, fromClient(frame.Ping, "y"))
			}
			peer.Close()
		}()
		got := 0
		err := server.Serve(bg, conn.Handler{OnMessage: func(c *conn.Conn, m conn.Message) {
			got++
			if err := c.Write(bg, m.Type, m.Data); !errors.Is(err, errBroken) || !errors.Is(err, net.ErrClosed) {
				t.Errorf("Write: %v", err)
			}
		}})
		if end := closeError(t, err); got != 3 || !end.Remote || end.Code != frame.AbnormalClosure {
			t.Errorf("%d messages, then %+v", got, end)
		}
	})
}

func TestAFailedWriteEndsAConnectionThatNobodyReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, peer := net.Pipe()
		defer peer.Close()
		server := newConn(t, brokenPipe{a}, conn.Setup{}, &conn.Options{PingInterval: -1})
		start := time.Now()
		if err := server.Write(bg, conn.Text, nil); !errors.Is(err, errBroken) {
			t.Errorf("Write: %v", err)
		}
		<-server.Done()
		if d := time.Since(start); !onTime(d, conn.DefaultCloseTimeout) || !errors.Is(server.Err(), errBroken) {
			t.Errorf("after %v: %v", d, server.Err())
		}

		b, other := net.Pipe()
		defer other.Close()
		server = newConn(t, brokenPipe{b}, conn.Setup{}, nil)
		if err := server.Close(bg, frame.NormalClosure, ""); !errors.Is(err, errBroken) {
			t.Errorf("Close: %v", err)
		}
		<-server.Done()
	})
}
