package conn_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/frame"
)

func TestCloseHandshakesInEitherRoleWithAndWithoutReader(t *testing.T) {
	for _, byServer := range []bool{true, false} {
		for _, withReader := range []bool{true, false} {
			synctest.Test(t, func(t *testing.T) {
				closer, other := pair(t, nil, nil)
				if !byServer {
					closer, other = other, closer
				}
				otherEnd, closerEnd := make(chan error, 1), make(chan error, 1)
				go func() { otherEnd <- other.Serve(bg, conn.Handler{}) }()
				if withReader {
					go func() { closerEnd <- closer.Serve(bg, conn.Handler{}) }()
					synctest.Wait()
				}
				if err := closer.Close(bg, 4000, "bye"); err != nil {
					t.Errorf("Close: %v", err)
				}
				if withReader {
					<-closerEnd
				}
				here, there := closeError(t, closer.Err()), closeError(t, <-otherEnd)
				if here.Remote || !here.Clean || here.Code != 4000 || here.Reason != "bye" || here.Err != nil || !errors.Is(here, net.ErrClosed) {
					t.Errorf("closer: %+v", here)
				}
				if !there.Remote || !there.Clean || there.Code != 4000 || there.Reason != "bye" || there.Err != nil || errors.Is(there, net.ErrClosed) {
					t.Errorf("other: %+v", there)
				}
				if err := closer.Close(bg, frame.NormalClosure, ""); err != nil { // row 128
					t.Errorf("second Close: %v", err)
				}
				if err := closer.Write(bg, conn.Text, nil); !errors.Is(err, net.ErrClosed) { // row 104
					t.Errorf("Write after Close: %v", err)
				}
				if _, err := closer.Read(bg); !errors.Is(err, net.ErrClosed) {
					t.Errorf("Read after Close: %v", err)
				}
			})
		}
	}
}

func TestBothMayCloseAtOnce(t *testing.T) {
	for range 50 {
		server, client := pairTCP(t, nil, nil)
		var wg sync.WaitGroup
		for _, c := range []*conn.Conn{server, client} {
			wg.Go(func() {
				if err := c.Close(timeout(t), frame.GoingAway, ""); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for _, c := range []*conn.Conn{server, client} {
			if end := closeError(t, c.Err()); !end.Clean || end.Code != frame.GoingAway {
				t.Errorf("ended by %+v", end)
			}
		}
	}
}

// Rows 123 to 125, test K8: arguments are judged before anything happens.
func TestCloseJudgesItsArgumentsFirstRow125(t *testing.T) {
	server, client := pair(t, nil, nil)
	go client.Serve(bg, conn.Handler{})
	for _, tc := range []struct {
		code   frame.CloseCode
		reason string
	}{
		{0, ""}, {999, ""}, {1004, ""}, {1006, ""}, {1015, ""}, {1016, ""}, {2999, ""}, {5000, ""}, {65535, ""},
		{frame.NoStatusReceived, "a reason without a code"},
		{1000, strings.Repeat("x", 124)},
		{1000, "\xff"},
	} {
		if err := server.Close(bg, tc.code, tc.reason); err == nil || server.Err() != nil {
			t.Errorf("%v %q: %v, connection %v", tc.code, tc.reason, err, server.Err())
		}
	}
	if _, err := pingWithReader(t, server); err != nil {
		t.Errorf("the connection is of no use any more: %v", err)
	}
	if err := server.Close(timeout(t), 1000, strings.Repeat("x", 123)); err != nil {
		t.Error(err)
	}
}

func pingWithReader(t *testing.T, c *conn.Conn) (time.Duration, error) {
	ctx, cancel := context.WithCancel(bg)
	defer cancel()
	go c.Read(ctx)
	return c.Ping(timeout(t))
}

// Rows 130, 131 and test K6.
func TestThePeersCloseIsEchoedAndNothingAfterItCountsK6(t *testing.T) {
	for _, tc := range []struct{ sent, want string }{
		{"\x88\x80\x00\x00\x00\x00", "\x88\x00"},
		{"\x88\x82\x00\x00\x00\x00\x03\xe8", "\x88\x02\x03\xe8"},
		{"\x88\x85\x00\x00\x00\x00\x0f\xa0bye", "\x88\x05\x0f\xa0bye"},
	} {
		a, peer := tcp(t)
		server := newConn(t, a, conn.Setup{}, nil)
		send(t, peer, []byte(tc.sent+tc.sent+"\x81\x81\x00\x00\x00\x00x"))
		end := make(chan error, 1)
		go func() {
			end <- server.Serve(bg, conn.Handler{OnMessage: func(*conn.Conn, conn.Message) {
				t.Error("a message after the close frame")
			}})
		}()
		expect(t, peer, []byte(tc.want))
		expectEOF(t, peer)
		peer.Close()
		<-end
	}
}

// Test X1.
func TestCloseIsBoundedByCloseTimeoutX1(t *testing.T) {
	for _, tc := range []struct {
		name string
		peer func(t *testing.T, peer net.Conn)
	}{
		{"peer reads but does not answer", func(t *testing.T, peer net.Conn) { io.Copy(io.Discard, peer) }},
		{"peer does not read", func(t *testing.T, peer net.Conn) {}},
		{"peer talks on", func(t *testing.T, peer net.Conn) {
			go io.Copy(io.Discard, peer)
			for {
				if _, err := peer.Write(fromClient(frame.Text, "and another thing")); err != nil {
					return
				}
				time.Sleep(time.Millisecond)
			}
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server, peer := serverAndPeer(t, nil)
				left := make(chan struct{})
				go func() {
					defer close(left)
					tc.peer(t, peer)
				}()
				start := time.Now()
				err := server.Close(bg, frame.NormalClosure, "")
				if d := time.Since(start); d != conn.DefaultCloseTimeout {
					t.Errorf("took %v", d)
				}
				if !errors.Is(err, conn.ErrCloseTimeout) {
					t.Errorf("Close: %v", err)
				}
				expectClosed(t, peer)
				<-left
			})
		})
	}
}

func expectClosed(t *testing.T, peer net.Conn) {
	t.Helper()
	if _, err := peer.Write([]byte{0}); err == nil {
		t.Error("the stream is still open")
	}
}

func TestCloseEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, peer := serverAndPeer(t, nil)
		go io.Copy(io.Discard, peer)
		ctx, cancel := context.WithTimeout(bg, time.Second)
		defer cancel()
		if err := server.Close(ctx, frame.NormalClosure, ""); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Close: %v", err)
		}
		expectClosed(t, peer)
	})
}

func TestCloseInsideAHandlerDoesNotWaitForItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, client := pair(t, nil, nil)
		clientEnd := make(chan error, 1)
		go func() {
			client.Write(bg, conn.Text, []byte("go"))
			clientEnd <- client.Serve(bg, conn.Handler{})
		}()
		start := time.Now()
		err := server.Serve(bg, conn.Handler{OnMessage: func(c *conn.Conn, m conn.Message) {
			if err := c.Close(bg, 4001, "as you wish"); err != nil {
				t.Error(err)
			}
		}})
		if end := closeError(t, err); end.Remote || !end.Clean || end.Code != 4001 {
			t.Errorf("server: %+v", end)
		}
		if end := closeError(t, <-clientEnd); end.Code != 4001 {
			t.Errorf("client: %+v", end)
		}
		if d := time.Since(start); d != 0 {
			t.Errorf("took %v", d)
		}
	})
}

func TestCloseInsideAHandlerIsBounded(t *testing.T) {
	for _, interval := range []time.Duration{0, -1} { // with and without keepalive
		synctest.Test(t, func(t *testing.T) {
			server, peer := serverAndPeer(t, &conn.Options{PingInterval: interval})
			go func() {
				send(t, peer, fromClient(frame.Text, "go"))
				io.Copy(io.Discard, peer) // and never a close frame
			}()
			start := time.Now()
			err := server.Serve(bg, conn.Handler{OnMessage: func(c *conn.Conn, m conn.Message) {
				c.Close(bg, frame.NormalClosure, "")
			}})
			if !errors.Is(err, conn.ErrCloseTimeout) {
				t.Errorf("Serve: %v", err)
			}
			if d := time.Since(start); !onTime(d, conn.DefaultCloseTimeout) {
				t.Errorf("took %v", d)
			}
		})
	}
}

func TestCloseNowWakesEverybody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, _ := serverAndPeer(t, nil)
		ends := make(chan error, 3)
		go func() { _, err := server.Read(bg); ends <- err }()
		go func() { ends <- server.Write(bg, conn.Text, []byte("x")) }()
		go func() { _, err := server.Ping(bg); ends <- err }()
		synctest.Wait()
		ctx := server.Context()
		server.CloseNow()
		server.CloseNow()
		for range 3 {
			closeError(t, <-ends)
		}
		<-server.Done()
		if !errors.Is(context.Cause(ctx), net.ErrClosed) {
			t.Errorf("context: %v", context.Cause(ctx))
		}
	})
}

// Test X2: the end of the stream at every byte.
func TestTheEndOfTheStreamIsNoCloseX2(t *testing.T) {
	all := append(fromClient(frame.Text, "whole"), fromClient(frame.Text, "cut")...)
	whole := len(fromClient(frame.Text, "whole"))
	for n := range all {
		server, peer := serverAndPeer(t, nil)
		go func() {
			send(t, peer, all[:n])
			peer.Close()
		}()
		got, closed := 0, 0
		err := server.Serve(bg, conn.Handler{
			OnMessage: func(*conn.Conn, conn.Message) { got++ },
			OnClose:   func(*conn.Conn, error) { closed++ },
		})
		end := closeError(t, err)
		if !end.Remote || end.Clean || end.Code != frame.AbnormalClosure || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("cut at %d: %+v", n, end)
		}
		if want := n / whole; got != min(want, 1) || closed != 1 {
			t.Errorf("cut at %d: %d messages, %d closes", n, got, closed)
		}
	}
}

// Test X3: the peer reads our close frame though we leave its data unread.
func TestThePeerReads1009ThoughItsMessageIsInFlightX3(t *testing.T) {
	a, peer := tcp(t)
	server := newConn(t, a, conn.Setup{}, &conn.Options{MaxMessage: 1000})
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		peer.Write(fromClient(frame.Binary, strings.Repeat("x", 50_000)))
	}()
	go server.Read(bg)
	<-sent
	fr := frame.NewReader(peer)
	h, err := fr.Next()
	if err != nil || h.Opcode != frame.Close {
		t.Fatalf("peer reads %+v, %v", h, err)
	}
	payload, _ := io.ReadAll(fr)
	if code, _, err := frame.ParseClose(payload); err != nil || code != frame.MessageTooBig {
		t.Errorf("peer reads close %v, %v", code, err)
	}
	peer.Close()
	<-server.Done()
}
