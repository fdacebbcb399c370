package conn_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
)

// expectLost checks that err tells of a stream that ended without a close frame,
// for cause.
func expectLost(t *testing.T, c *conn.Conn, err, cause error) {
	t.Helper()
	end := closeError(t, err)
	if !end.Remote || end.Clean || end.Code != frame.AbnormalClosure || end.Reason != "" || !errors.Is(err, cause) || errors.Is(err, net.ErrClosed) {
		t.Errorf("ended by %+v, want 1006 for %v", end, cause)
	}
	expectOver(t, c, err)
}

// A stream that ends is no close, at whatever byte of whatever frame.
func TestTheEndOfTheStreamAtAnyByteIsNoCloseX2Row135(t *testing.T) {
	z := deflatedWith(t, 9, "compressed")[0]
	frames := []string{"\x81\x05whole", "\x02\x05half ", "\x89\x04ping", "\x80\x03way", asFrame(0xC1, z), "\x81\x7e\x00\x80" + string(make([]byte, 128)), "\x88\x05\x0f\xa0bye"}
	inEitherRole(t, func(t *testing.T, client bool) {
		// ends[i] is the length of the stream with message i in it.
		said := fromPeer(client, frames...)
		var ends []int
		for _, n := range []int{1, 4, 5, 6} {
			ends = append(ends, len(fromPeer(client, frames[:n]...)))
		}
		for cut := range said { // not the last byte, which completes the close
			for _, style := range readStyles {
				stream := &scripted{lines: [][]byte{said[:cut]}}
				c := newConn(t, stream, conn.Setup{Client: client, Deflate: &deflate.Params{}}, nil)
				arrived := 0
				err := style.read(c, func(conn.Type, []byte) { arrived++ })
				expectLost(t, c, err, io.ErrUnexpectedEOF)
				want := 0
				for _, end := range ends {
					if cut >= end {
						want++
					}
				}
				if arrived != want {
					t.Errorf("%d messages arrive, want %d", arrived, want)
				}
				if !stream.wasClosed() {
					t.Error("the stream is open")
				}
				if t.Failed() {
					t.Fatalf("cut at %d, %s", cut, style.name)
				}
			}
		}
	})
}

// How a real peer leaves at any byte of a frame: it ends the stream, or resets
// it.
func TestAPeerThatLeavesWithoutACloseIsLostX2Row135(t *testing.T) {
	frames := []string{"\x81\x05whole", "\x82\x7e\x00\x80" + string(make([]byte, 128))}
	inEitherRole(t, func(t *testing.T, client bool) {
		whole := len(fromPeer(client, frames[0]))
		said := fromPeer(client, frames...)
		for cut := range min(len(said), whole+20) {
			for _, reset := range []bool{false, true} {
				style := readStyles[cut%len(readStyles)]
				c, peer := overTCP(t, client, nil, nil)
				arrived := make(chan string, 2)
				lost := make(chan error, 1)
				go func() { lost <- style.read(c, func(_ conn.Type, data []byte) { arrived <- string(data) }) }()
				send(t, peer, said[:cut])
				if cut >= whole {
					// A reset takes with it what was not read yet.
					if got := <-arrived; got != "whole" {
						t.Errorf("%q arrives", got)
					}
				}
				cause := error(io.ErrUnexpectedEOF)
				if reset {
					cause = syscall.ECONNRESET
					peer.SetLinger(0)
				}
				peer.Close()
				expectLost(t, c, <-lost, cause)
				if len(arrived) > 0 {
					t.Errorf("%q arrives, of which a part was sent", <-arrived)
				}
				if t.Failed() {
					t.Fatalf("cut at %d, reset %v, %s", cut, reset, style.name)
				}
			}
		}
	})
}

// A peer that leaves while we wait for its answer to our close frame has not
// closed, but we have.
func TestAPeerThatLeavesInsteadOfAnsweringIsNoCleanCloseX2Row135(t *testing.T) {
	inEitherRole(t, func(t *testing.T, client bool) {
		answer := fromPeer(client, "\x81\x01a", "\x88\x02\x0f\xa0")
		for cut := range answer {
			for _, reset := range []bool{false, true} {
				c, peer := overTCP(t, client, nil, nil)
				closed := make(chan error, 1)
				go func() { closed <- c.Close(bg, 4000, "bye") }()
				if got := hearFrame(t, client, peer); got != (sentFrame{0x88, "\x0f\xa0bye"}) {
					t.Errorf("the peer hears %+v, want a close frame", got)
				}
				send(t, peer, answer[:cut])
				cause := error(io.ErrUnexpectedEOF)
				if reset {
					cause = syscall.ECONNRESET
					peer.SetLinger(0)
				}
				peer.Close()
				err := <-closed
				end := closeError(t, err)
				if end.Remote || end.Clean || end.Code != 4000 || end.Reason != "bye" || !errors.Is(err, cause) {
					t.Errorf("Close returns %+v, want no answer for %v", end, cause)
				}
				expectOver(t, c, err)
				if t.Failed() {
					t.Fatalf("cut at %d, reset %v", cut, reset)
				}
			}
		}
	})
}

// A peer that closes and leaves at once, without waiting for the answer, as many
// do, has closed.
func TestAPeerThatClosesAndLeavesAtOnceHasClosedX2Row130(t *testing.T) {
	inEitherRole(t, func(t *testing.T, client bool) {
		for i, reset := range slices.Repeat([]bool{false, true}, 10) {
			c, peer := overTCP(t, client, nil, nil)
			messages := make(chan string, 1)
			release := make(chan struct{})
			ended := make(chan error, 1)
			go func() {
				ended <- c.Serve(bg, conn.Handler{OnMessage: func(_ *conn.Conn, m conn.Message) {
					messages <- string(m.Data)
					<-release // by then the peer has gone, and its close frame waits
				}})
			}()
			send(t, peer, fromPeer(client, "\x81\x01a", "\x88\x05\x0f\xa0bye"))
			<-messages
			if reset {
				peer.SetLinger(0)
			}
			peer.Close()
			close(release)
			err := <-ended
			if end := closeError(t, err); !end.Remote || end.Code != 4000 || end.Reason != "bye" {
				t.Errorf("round %d, reset %v: ended by %+v, want the peer's close frame", i, reset, end)
			}
		}
	})
}

// CloseNow says nothing, and the stream ends at once: everything that waits
// returns, and again CloseNow does nothing.
func TestCloseNowSaysNothingRow136(t *testing.T) {
	inEitherRole(t, func(t *testing.T, client bool) {
		c, peer := overTCP(t, client, nil, nil)
		ended := make(chan error, 2)
		go func() { ended <- readStyles[0].read(c, noMessage(t)) }()
		go func() { // which gets no pong
			for c.Err() == nil {
				if _, err := c.Ping(bg); err != nil {
					ended <- err
				}
			}
		}()
		if got := hearFrame(t, client, peer); got.first != 0x89 {
			t.Errorf("the peer hears %+v, want a ping", got)
		}
		for range 3 {
			if err := c.CloseNow(); err != nil {
				t.Errorf("CloseNow: %v", err)
			}
		}
		if b := hear(t, peer); len(b) > 0 {
			t.Errorf("the peer also hears %x", b)
		}
		for range 2 {
			err := <-ended
			if end := closeError(t, err); end.Remote || end.Clean || end.Code != frame.AbnormalClosure || end.Err != nil || !errors.Is(err, net.ErrClosed) {
				t.Errorf("ended by %+v", end)
			}
		}
		expectOver(t, c, c.Err())
		if err := c.Close(bg, frame.NormalClosure, ""); err != nil {
			t.Errorf("Close after it: %v", err)
		}
	})
}

// OnClose is called once, however the connection ends, and from where.
func TestOnCloseIsCalledOnceX2Row98(t *testing.T) {
	for _, tc := range []struct {
		name string
		end  func(t *testing.T, client bool, c *conn.Conn, peer *duplexEnd)
	}{
		{"the peer ends the stream", func(t *testing.T, client bool, c *conn.Conn, peer *duplexEnd) { peer.Close() }},
		{"the peer closes", func(t *testing.T, client bool, c *conn.Conn, peer *duplexEnd) {
			send(t, peer, fromPeer(client, "\x88\x00"))
			hearFrame(t, client, peer)
			peer.Close()
		}},
		{"the peer is refused", func(t *testing.T, client bool, c *conn.Conn, peer *duplexEnd) {
			send(t, peer, fromPeer(client, "\x83\x00"))
			hearFrame(t, client, peer)
			peer.Close()
		}},
		{"we cut", func(t *testing.T, client bool, c *conn.Conn, peer *duplexEnd) { c.CloseNow() }},
		{"we close, and there is no answer", func(t *testing.T, client bool, c *conn.Conn, peer *duplexEnd) {
			c.Close(bg, frame.NormalClosure, "")
		}},
		{"the peer is silent", func(t *testing.T, client bool, c *conn.Conn, peer *duplexEnd) {}},
		{"nothing can be written", func(t *testing.T, client bool, c *conn.Conn, peer *duplexEnd) {
			c.Write(bg, conn.Text, []byte("who reads this?"))
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inEitherRole(t, func(t *testing.T, client bool) {
				synctest.Test(t, func(t *testing.T) {
					a, peer := duplex()
					c := newConn(t, a, conn.Setup{Client: client}, nil)
					var log []string
					served := make(chan error, 1)
					go func() {
						err := c.Serve(bg, conn.Handler{
							OnOpen:  func(*conn.Conn) { log = append(log, "open") },
							OnClose: func(_ *conn.Conn, err error) { log = append(log, fmt.Sprint("close ", err)) },
						})
						served <- err
					}()
					synctest.Wait()
					tc.end(t, client, c, peer)
					err := <-served
					if want := []string{"open", fmt.Sprint("close ", err)}; !slices.Equal(log, want) {
						t.Errorf("events are %q, want %q", log, want)
					}
					if again := c.Serve(bg, conn.Handler{OnClose: func(*conn.Conn, error) { t.Error("OnClose is called again") }}); again != c.Err() {
						t.Errorf("the next Serve returns %v", again)
					}
					peer.Close()
				})
			})
		})
	}
}
