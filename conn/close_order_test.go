package conn_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/frame"
)

// After the peer's close frame nothing counts, be it lawful or not, and one
// close frame answers, RFC 6455 section 5.5.1.
func TestNothingAfterThePeersCloseCountsK6Row131(t *testing.T) {
	const closing = "\x88\x05\x0f\xa0bye"
	inEitherRole(t, func(t *testing.T, client bool) {
		for _, tc := range []struct {
			name   string
			frames []string
		}{
			{"a message", []string{closing, "\x81\x04late"}},
			{"a ping", []string{closing, "\x89\x04late"}},
			{"the same close", []string{closing, closing}},
			{"another close", []string{closing, "\x88\x02\x03\xe8"}},
			{"a breach", []string{closing, "\x83\x00"}},
			{"a length that cannot be", []string{closing, "\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff"}},
			{"half a frame", []string{closing, "\x81\x04la"}},
			{"inside a message", []string{"\x01\x05half ", closing, "\x80\x03way"}},
			{"inside a message, and nothing", []string{"\x01\x05half ", closing}},
		} {
			for _, style := range readStyles {
				t.Run(tc.name+", "+style.name, func(t *testing.T) {
					c, peer := overTCP(t, client, nil, nil)
					send(t, peer, fromPeer(client, tc.frames...))
					ended := make(chan error, 1)
					go func() { ended <- style.read(c, noMessage(t)) }()
					if got := hearFrame(t, client, peer); got != (sentFrame{0x88, closing[2:]}) {
						t.Errorf("the peer hears %+v, want its close frame", got)
					}
					if client { // the server ends the stream first
						peer.CloseWrite()
					}
					if b := hear(t, peer); len(b) > 0 {
						t.Errorf("the peer also hears %x", b)
					}
					peer.Close()
					err := <-ended
					expectClosedByPeer(t, err, closing[2:])
					expectOver(t, c, err)
				})
			}
		}
	})
}

// After our own close frame no frame leaves any more, whatever comes: messages
// are discarded or go to who reads, pings stay without an answer, and a write is
// refused.
func TestNothingLeavesAfterOurCloseRows102And104And131(t *testing.T) {
	inEitherRole(t, func(t *testing.T, client bool) {
		for _, reader := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				a, peer := duplex()
				c := newConn(t, a, conn.Setup{Client: client}, nil)
				served := make(chan error, 1)
				if reader {
					go func() { served <- c.Serve(bg, conn.Handler{}) }()
				} else {
					served <- nil
				}
				closed := make(chan error, 1)
				go func() { closed <- c.Close(bg, 4000, "bye") }()
				if got := hearFrame(t, client, peer); got != (sentFrame{0x88, "\x0f\xa0bye"}) {
					t.Errorf("the peer hears %+v, want a close frame", got)
				}
				rest := make(chan []byte, 1)
				go func() { rest <- hear(t, peer) }()
				for range 10 {
					send(t, peer, fromPeer(client, "\x81\x04late", "\x89\x04late", "\x02\x01a", "\x89\x01b", "\x80\x01c"))
					synctest.Wait()
				}
				for _, err := range []error{c.Write(bg, conn.Text, nil), c.WriteUncompressed(bg, conn.Text, nil), c.Pong(bg, nil)} {
					var end *conn.CloseError
					if !errors.Is(err, net.ErrClosed) || !errors.As(err, &end) || end.Code != 4000 {
						t.Errorf("a write after Close returns %v", err)
					}
				}
				if _, err := c.Ping(bg); !errors.Is(err, net.ErrClosed) {
					t.Errorf("a ping after Close returns %v", err)
				}
				send(t, peer, fromPeer(client, asFrame(0x88, "\x0f\xa0bye")))
				if client {
					peer.CloseWrite()
				}
				if b := <-rest; len(b) > 0 {
					t.Errorf("the peer also hears %x", b)
				}
				peer.Close()
				if err := <-closed; err != nil {
					t.Errorf("Close: %v", err)
				}
				<-served
				if end := closeError(t, c.Err()); end.Remote || !end.Clean || end.Code != 4000 || end.Reason != "bye" || end.Err != nil {
					t.Errorf("ended by %+v", end)
				}
				if err := c.Close(bg, 4001, "again"); err != nil { // row 128
					t.Errorf("Close after the end: %v", err)
				}
			})
		}
	})
}

// Close behind writes that have returned, and behind one that is still on its
// way: the messages leave first, whole.
func TestWhatWasWrittenLeavesBeforeTheCloseRow129(t *testing.T) {
	inEitherRole(t, func(t *testing.T, client bool) {
		synctest.Test(t, func(t *testing.T) {
			a, peer := duplex()
			c := newConn(t, a, conn.Setup{Client: client}, nil)
			var wg sync.WaitGroup
			message := strings.Repeat("m", 100)
			for range 5 {
				wg.Go(func() { // of which one has begun, and the others wait for it
					if err := c.Write(bg, conn.Text, []byte(message)); err != nil {
						t.Errorf("Write: %v", err)
					}
				})
				synctest.Wait()
			}
			wg.Go(func() {
				if err := c.Close(bg, frame.NormalClosure, ""); err != nil {
					t.Errorf("Close: %v", err)
				}
			})
			synctest.Wait()
			for i := range 5 {
				if got := hearFrame(t, client, peer); got != (sentFrame{0x81, message}) {
					t.Errorf("frame %d is %+v", i, got)
				}
			}
			if got := hearFrame(t, client, peer); got != (sentFrame{0x88, "\x03\xe8"}) {
				t.Errorf("the peer hears %+v, want a close frame", got)
			}
			send(t, peer, fromPeer(client, "\x88\x02\x03\xe8"))
			peer.Close()
			wg.Wait()
		})
	})
}

// Close while half of a message is in a window that is full, and the rest waits for
// the peer to read: all of it leaves first.
func TestAMegabyteLeavesBeforeTheCloseRow129(t *testing.T) {
	onEveryStream(t, func(t *testing.T, o rigOptions) {
		const window, size = 64 << 10, 1 << 20
		o.window = window
		r := newRig(t, o)
		message := bytes.Repeat([]byte("m"), size)
		written, closed := make(chan error, 1), make(chan error, 1)
		go func() { written <- r.Write(bg, conn.Binary, message) }()
		synctest.Wait()
		if n := r.end.Out().Stats().Unread; n != window {
			t.Fatalf("%d bytes are in the window, want it full", n)
		}
		go func() { closed <- r.Close(bg, frame.NormalClosure, "") }()
		synctest.Wait()
		select {
		case err := <-written:
			t.Fatalf("Write does not wait: %v", err)
		case err := <-closed:
			t.Fatalf("Close does not wait: %v", err)
		default:
		}

		fr := frame.NewReader(r.peer)
		h, err := fr.Next()
		if err != nil || h.Opcode != frame.Binary || !h.Fin || h.Length != size {
			t.Fatalf("the peer hears %+v, %v, want the message", h, err)
		}
		if got, err := io.ReadAll(fr); err != nil || !bytes.Equal(got, message) {
			t.Errorf("the peer hears %d bytes, %v, want those of the message", len(got), err)
		}
		if err := <-written; err != nil {
			t.Errorf("Write: %v", err)
		}
		if h, err := fr.Next(); err != nil || h.Opcode != frame.Close {
			t.Fatalf("the peer hears %+v, %v, want a close frame", h, err)
		}
		r.says(r.close(frame.NormalClosure, ""))
		r.peer.Close()
		if err := <-closed; err != nil {
			t.Errorf("Close: %v", err)
		}
	})
}

// Who ends the stream: the server, as soon as both close frames are through. The
// client waits for it, RFC 6455 section 7.1.1, whoever began.
func TestTheServerEndsTheStreamFirstRow132(t *testing.T) {
	inEitherRole(t, func(t *testing.T, client bool) {
		for _, weBegin := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				a, peer := duplex()
				c := newConn(t, a, conn.Setup{Client: client}, nil)
				over := make(chan error, 1)
				closing := fromPeer(client, "\x88\x02\x03\xe8")
				if weBegin {
					go func() { over <- c.Close(bg, frame.NormalClosure, "") }()
					hearFrame(t, client, peer)
					send(t, peer, closing)
				} else {
					go func() { over <- c.Serve(bg, conn.Handler{}) }()
					send(t, peer, closing)
					hearFrame(t, client, peer)
				}
				ended := make(chan []byte, 1)
				go func() { ended <- hear(t, peer) }()
				time.Sleep(time.Second / 2) // in which the peer does not end its half
				synctest.Wait()
				if weEnd := len(ended) > 0; weEnd == client {
					t.Errorf("we began %v: our half of the stream has ended: %v", weBegin, weEnd)
				}
				if c.Err() != nil {
					t.Errorf("we began %v: the stream was not waited for, ended by %v", weBegin, c.Err())
				}
				start := time.Now()
				peer.CloseWrite()
				<-ended
				if err := <-over; err != nil {
					t.Errorf("we began %v: %v", weBegin, err)
				}
				if d := time.Since(start); d != 0 {
					t.Errorf("we began %v: the end took %v", weBegin, d)
				}
				if end := closeError(t, c.Err()); !end.Clean || end.Remote == weBegin {
					t.Errorf("we began %v: ended by %+v", weBegin, end)
				}
				peer.Close()
			})
		}
	})
}

// Both ends may fail at once, or one while the other closes: each has one close
// frame to say, and says why.
func TestBothEndsMayFailAtOnceRow137(t *testing.T) {
	breach := "\x83\x00"
	theirs := asFrame(0x88, "\x03\xeareserved opcode")
	inEitherRole(t, func(t *testing.T, client bool) {
		t.Run("their breach and their failure cross", func(t *testing.T) {
			c, peer := overTCP(t, client, nil, nil)
			send(t, peer, fromPeer(client, breach, theirs))
			failed := make(chan error, 1)
			go func() { failed <- twoStyles[1].read(c, noMessage(t)) }()
			expectVerdictAlone(t, client, hear(t, peer), frame.ProtocolError)
			peer.Close()
			expectFailed(t, c, <-failed, frame.ProtocolError)
		})
		t.Run("their failure is answered", func(t *testing.T) {
			c, peer := overTCP(t, client, nil, nil)
			send(t, peer, fromPeer(client, theirs))
			peer.CloseWrite()
			failed := make(chan error, 1)
			go func() { failed <- twoStyles[1].read(c, noMessage(t)) }()
			if got := sentFrames(t, client, hear(t, peer)); !slices.Equal(got, []sentFrame{{0x88, theirs[2:]}}) {
				t.Errorf("the peer hears %q, want its close frame", got)
			}
			peer.Close()
			expectClosedByPeer(t, <-failed, theirs[2:])
		})
		t.Run("their close crosses ours", func(t *testing.T) {
			c, peer := overTCP(t, client, nil, nil)
			closed := make(chan error, 1)
			go func() { closed <- c.Close(bg, 4000, "bye") }()
			if got := hearFrame(t, client, peer); got != (sentFrame{0x88, "\x0f\xa0bye"}) {
				t.Errorf("the peer hears %+v, want a close frame", got)
			}
			send(t, peer, fromPeer(client, theirs))
			peer.CloseWrite()
			if b := hear(t, peer); len(b) > 0 {
				t.Errorf("the peer also hears %x", b)
			}
			peer.Close()
			if err := <-closed; err != nil {
				t.Errorf("Close: %v", err)
			}
			if end := closeError(t, c.Err()); end.Remote || !end.Clean || end.Code != 4000 || end.Reason != "bye" {
				t.Errorf("ended by %+v, want our close frame, which was first", end)
			}
		})
		t.Run("a breach answers our close", func(t *testing.T) {
			c, peer := overTCP(t, client, nil, nil)
			closed := make(chan error, 1)
			go func() { closed <- c.Close(bg, 4000, "bye") }()
			if got := hearFrame(t, client, peer); got != (sentFrame{0x88, "\x0f\xa0bye"}) {
				t.Errorf("the peer hears %+v, want a close frame", got)
			}
			send(t, peer, fromPeer(client, breach, theirs))
			if b := hear(t, peer); len(b) > 0 {
				t.Errorf("the peer also hears %x", b)
			}
			peer.Close()
			err := <-closed
			end := closeError(t, err)
			var cause *frame.Error
			if end.Clean || end.Remote || !errors.As(err, &cause) || cause.Code != frame.ProtocolError {
				t.Errorf("Close returns %v, want what the peer did wrong", err)
			}
			if c.Err() != err {
				t.Errorf("Err is %v, Close returned %v", c.Err(), err)
			}
		})
	})
}

// A close that is cut short by its context, in the middle of a peer's message,
// leaves nothing behind.
func TestACloseThatIsGivenUpEndsTheConnectionRow134(t *testing.T) {
	inEitherRole(t, func(t *testing.T, client bool) {
		synctest.Test(t, func(t *testing.T) {
			a, peer := duplex()
			c := newConn(t, a, conn.Setup{Client: client}, nil)
			ctx, cancel := context.WithCancelCause(bg)
			why := errors.New("out of patience")
			closed := make(chan error, 1)
			go func() { closed <- c.Close(ctx, 4000, "bye") }()
			hearFrame(t, client, peer)
			send(t, peer, fromPeer(client, "\x01\x01a"))
			cancel(why)
			err := <-closed
			if end := closeError(t, err); end.Clean || end.Remote || end.Code != 4000 || !errors.Is(err, why) {
				t.Errorf("Close returns %+v", end)
			}
			expectOver(t, c, err)
			if b := hear(t, peer); len(b) > 0 {
				t.Errorf("the peer also hears %x", b)
			}
			peer.Close()
		})
	})
}
