package conn_test

import (
	"context"
	"errors"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/frame"
)

// expectGoneIn checks that the Conn has let go of the stream, no later than
// CloseTimeout after start.
func expectGoneIn(t *testing.T, c *conn.Conn, peer *duplexEnd, start time.Time) {
	t.Helper()
	<-c.Done()
	if d := time.Since(start); d > conn.DefaultCloseTimeout {
		t.Errorf("gone after %v, want it within CloseTimeout, %v", d, conn.DefaultCloseTimeout)
	}
	expectClosed(t, peer)
}

// talk sends as the peer until it is cut.
func talk(peer net.Conn, b []byte) {
	for {
		if _, err := peer.Write(b); err != nil {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// We close, and the peer does not play along. In all of these a close frame
// leaves, or could, and the time is that of CloseTimeout, or less.
func TestAPeerThatDoesNotAnswerOurCloseIsCutX1Rows133And134(t *testing.T) {
	for _, tc := range []struct {
		name     string
		peer     func(t *testing.T, client bool, peer *duplexEnd)
		answered bool // Close has its answer, and nothing to complain of
	}{
		{name: "never reads", peer: func(*testing.T, bool, *duplexEnd) {}},
		{name: "reads, and never answers", peer: func(t *testing.T, _ bool, peer *duplexEnd) { hear(t, peer) }},
		{name: "talks on, and never answers", peer: func(t *testing.T, client bool, peer *duplexEnd) {
			go hear(t, peer)
			talk(peer, fromPeer(client, asFrame(0x81, "and another thing"), "\x89\x04well"))
		}},
		{name: "goes on with a message that does not end", peer: func(t *testing.T, client bool, peer *duplexEnd) {
			go hear(t, peer)
			send(t, peer, fromPeer(client, "\x82\x7f\x00\x00\x00\x00\x00\x10\x00\x00"))
			talk(peer, []byte("x"))
		}},
		{name: "answers, and never ends the stream", answered: true, peer: func(t *testing.T, client bool, peer *duplexEnd) {
			hearFrame(t, client, peer)
			send(t, peer, fromPeer(client, "\x88\x02\x03\xe8"))
			hear(t, peer)
		}},
		{name: "answers, and talks on", answered: true, peer: func(t *testing.T, client bool, peer *duplexEnd) {
			hearFrame(t, client, peer)
			send(t, peer, fromPeer(client, "\x88\x02\x03\xe8"))
			go hear(t, peer)
			talk(peer, []byte("x"))
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inEitherRole(t, func(t *testing.T, client bool) {
				for _, reader := range []bool{false, true} {
					synctest.Test(t, func(t *testing.T) {
						a, peer := duplex()
						c := newConn(t, a, conn.Setup{Client: client}, nil)
						left := make(chan struct{})
						go func() {
							defer close(left)
							tc.peer(t, client, peer)
						}()
						served := make(chan error, 1)
						if reader {
							go func() { served <- c.Serve(bg, conn.Handler{}) }()
							synctest.Wait()
						} else {
							served <- nil
						}
						start := time.Now()
						err := c.Close(bg, frame.NormalClosure, "")
						if d := time.Since(start); !tc.answered && d != conn.DefaultCloseTimeout {
							t.Errorf("Close took %v", d)
						}
						expectGoneIn(t, c, peer, start)
						<-served
						<-left
						end := closeError(t, c.Err())
						if end.Remote || end.Clean != tc.answered || tc.name != "never reads" && end.Code != frame.NormalClosure {
							t.Errorf("ended by %+v", end)
						}
						if tc.answered && err != nil || !tc.answered && !errors.Is(err, conn.ErrCloseTimeout) {
							t.Errorf("Close returns %v", err)
						}
						peer.Close()
					})
				}
			})
		})
	}
}

// The peer begins, with a close frame or a breach, and then does not play along.
func TestAPeerThatClosesAndStaysIsCutX1Row133(t *testing.T) {
	const closing = "\x88\x05\x0f\xa0bye"
	const breach = "\x83\x00"
	for _, tc := range []struct {
		name  string
		first string
		then  func(t *testing.T, client bool, peer *duplexEnd)
	}{
		{"closes, and never ends the stream", closing, func(t *testing.T, client bool, peer *duplexEnd) { hear(t, peer) }},
		{"closes, and talks on", closing, func(t *testing.T, client bool, peer *duplexEnd) {
			go hear(t, peer)
			talk(peer, []byte("x"))
		}},
		{"is refused, and never ends the stream", breach, func(t *testing.T, client bool, peer *duplexEnd) { hear(t, peer) }},
		{"is refused, and talks on", breach, func(t *testing.T, client bool, peer *duplexEnd) {
			go hear(t, peer)
			talk(peer, []byte("x"))
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inEitherRole(t, func(t *testing.T, client bool) {
				for _, style := range readStyles {
					synctest.Test(t, func(t *testing.T) {
						a, peer := duplex()
						c := newConn(t, a, conn.Setup{Client: client}, nil)
						left := make(chan struct{})
						go func() {
							defer close(left)
							send(t, peer, fromPeer(client, tc.first))
							tc.then(t, client, peer)
						}()
						start := time.Now()
						err := style.read(c, noMessage(t))
						expectGoneIn(t, c, peer, start)
						<-left
						if tc.first == breach {
							expectFailed(t, c, err, frame.ProtocolError)
						} else {
							expectClosedByPeer(t, err, closing[2:])
						}
						peer.Close()
					})
				}
			})
		})
	}
}

// A peer that closes and does not read the answer has closed all the same: the
// error tells its code and reason.
func TestAPeerThatClosesAndNeverReadsHasClosedX1Row130(t *testing.T) {
	inEitherRole(t, func(t *testing.T, client bool) {
		synctest.Test(t, func(t *testing.T) {
			a, peer := duplex()
			c := newConn(t, a, conn.Setup{Client: client}, nil)
			go send(t, peer, fromPeer(client, "\x88\x05\x0f\xa0bye"))
			start := time.Now()
			_, err := c.Read(bg)
			expectGoneIn(t, c, peer, start)
			if end := closeError(t, err); !end.Remote || end.Clean || end.Code != 4000 || end.Reason != "bye" {
				t.Errorf("ended by %+v, want the peer's close frame", end)
			}
			peer.Close()
		})
	})
}

// A peer that breaks the protocol and does not read why has broken it all the
// same: the error tells how.
func TestAPeerThatIsRefusedAndNeverReadsIsRefusedX1Row138(t *testing.T) {
	inEitherRole(t, func(t *testing.T, client bool) {
		synctest.Test(t, func(t *testing.T) {
			a, peer := duplex()
			c := newConn(t, a, conn.Setup{Client: client}, nil)
			go send(t, peer, fromPeer(client, "\x83\x00"))
			start := time.Now()
			_, err := c.Read(bg)
			expectGoneIn(t, c, peer, start)
			var cause *frame.Error
			if end := closeError(t, err); end.Remote || end.Clean || !errors.As(err, &cause) || cause.Code != frame.ProtocolError {
				t.Errorf("ended by %+v, want the breach", end)
			}
			peer.Close()
		})
	})
}

// CloseTimeout is for the whole of the closing handshake: a peer that answers in
// the last moment does not begin it again.
func TestAPeerThatAnswersLateGetsNoMoreTimeX1Row133(t *testing.T) {
	inEitherRole(t, func(t *testing.T, client bool) {
		synctest.Test(t, func(t *testing.T) {
			a, peer := duplex()
			c := newConn(t, a, conn.Setup{Client: client}, nil)
			left := make(chan struct{})
			go func() {
				defer close(left)
				hearFrame(t, client, peer)
				time.Sleep(conn.DefaultCloseTimeout - time.Second)
				send(t, peer, fromPeer(client, "\x88\x02\x03\xe8"))
				hear(t, peer) // and the stream is never ended
			}()
			start := time.Now()
			if err := c.Close(bg, frame.NormalClosure, ""); err != nil {
				t.Errorf("Close: %v", err)
			}
			expectGoneIn(t, c, peer, start)
			<-left
			if end := closeError(t, c.Err()); end.Remote || !end.Clean {
				t.Errorf("ended by %+v", end)
			}
			peer.Close()
		})
	})
}

// The context of Close bounds all that Close waits for, the end of the stream as
// well as the answer.
func TestCloseReturnsWhenItsContextEndsX1(t *testing.T) {
	inEitherRole(t, func(t *testing.T, client bool) {
		synctest.Test(t, func(t *testing.T) {
			a, peer := duplex()
			c := newConn(t, a, conn.Setup{Client: client}, nil)
			left := make(chan struct{})
			go func() {
				defer close(left)
				hearFrame(t, client, peer)
				send(t, peer, fromPeer(client, "\x88\x02\x03\xe8"))
				hear(t, peer) // and the stream is never ended
			}()
			ctx, cancel := context.WithTimeout(bg, time.Second)
			defer cancel()
			start := time.Now()
			c.Close(ctx, frame.NormalClosure, "")
			if d := time.Since(start); d > time.Second {
				t.Errorf("Close returns after %v, its context ended after 1s", d)
			}
			expectGoneIn(t, c, peer, start)
			<-left
			peer.Close()
		})
	})
}

// Without CloseTimeout it is the context that bounds.
func TestWithoutCloseTimeoutTheContextBoundsX1(t *testing.T) {
	inEitherRole(t, func(t *testing.T, client bool) {
		synctest.Test(t, func(t *testing.T) {
			a, peer := duplex()
			c := newConn(t, a, conn.Setup{Client: client}, &conn.Options{CloseTimeout: -1, PingInterval: -1})
			left := make(chan struct{})
			go func() {
				defer close(left)
				hear(t, peer)
			}()
			ctx, cancel := context.WithTimeout(bg, time.Hour)
			defer cancel()
			start := time.Now()
			if err := c.Close(ctx, frame.NormalClosure, ""); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Close: %v", err)
			}
			if d := time.Since(start); d != time.Hour {
				t.Errorf("Close took %v", d)
			}
			<-c.Done()
			<-left
			peer.Close()
		})
	})
}

// withoutDeadlines is a stream whose calls cannot be interrupted.
type withoutDeadlines struct {
	io.ReadWriteCloser
	half interface{ CloseWrite() error }
}

func (w withoutDeadlines) CloseWrite() error { return w.half.CloseWrite() }

// On a stream without deadlines a wait is cut by closing the stream. That is how
// the wait ended, not the connection.
func TestAStreamWithoutDeadlinesTellsWhyItEndedX1(t *testing.T) {
	const closing = "\x88\x05\x0f\xa0bye"
	inEitherRole(t, func(t *testing.T, client bool) {
		for _, first := range []string{closing, "\x83\x00"} {
			synctest.Test(t, func(t *testing.T) {
				a, peer := duplex()
				c := newConn(t, withoutDeadlines{a, a}, conn.Setup{Client: client}, nil)
				left := make(chan struct{})
				go func() {
					defer close(left)
					send(t, peer, fromPeer(client, first))
					hear(t, peer) // and the stream is never ended
				}()
				start := time.Now()
				_, err := c.Read(bg)
				expectGoneIn(t, c, peer, start)
				<-left
				if first == closing {
					expectClosedByPeer(t, err, closing[2:])
				} else {
					expectFailed(t, c, err, frame.ProtocolError)
				}
				peer.Close()
			})
		}
	})
}

// halves is a scripted stream whose halves end one by one.
type halves struct{ *scripted }

func (halves) CloseWrite() error { return nil }

// A peer that never stops is heard for 64 KiB more, as much as may have been on
// its way, and no longer.
func TestAPeerThatTalksOnIsDrainedALittleX1(t *testing.T) {
	const most = 64 << 10
	inEitherRole(t, func(t *testing.T, client bool) {
		for _, tc := range []struct {
			name    string
			first   string
			weBegin bool
		}{
			{"it closed", "\x88\x02\x03\xe8", false},
			{"we closed and it answered", "\x88\x02\x03\xe8", true},
			{"it was refused", "\x83\x00", false},
			{"it was refused for a message too big", "\x82\x7f\x00\x00\x00\x00\x00\x10\x00\x01", false},
		} {
			for _, style := range readStyles {
				first := fromPeer(client, tc.first)
				junk := []byte(strings.Repeat("x", 1000))
				stream := &scripted{lines: [][]byte{first}, forever: junk}
				var rw io.ReadWriteCloser = halves{stream}
				c := newConn(t, rw, conn.Setup{Client: client}, nil)
				if tc.weBegin {
					if err := c.Close(bg, frame.NormalClosure, ""); err != nil {
						t.Errorf("%s: Close: %v", tc.name, err)
					}
				} else {
					style.read(c, noMessage(t))
				}
				<-c.Done()
				if !stream.wasClosed() {
					t.Errorf("%s: the stream is open", tc.name)
				}
				if n := stream.said - len(first); n > most+len(junk) {
					t.Errorf("%s: %d bytes were read after the end, at most %d are allowed", tc.name, n, most)
				}
				if len(sentFrames(t, client, stream.words())) != 1 {
					t.Errorf("%s: the peer hears %x", tc.name, stream.words())
				}
			}
		}
	})
}

// The same over a real socket: the peer sends until it cannot, and can read the
// close frame then.
func TestAPeerThatTalksOnCanReadTheCloseFrameX1X3(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("elsewhere a reset may take with it what the peer has not read")
	}
	inEitherRole(t, func(t *testing.T, client bool) {
		for _, breach := range []string{"\x83\x00", "\x82\x7f\x00\x00\x00\x00\x00\x10\x00\x01"} {
			c, peer := overTCP(t, client, nil, nil)
			failed := make(chan error, 1)
			go func() { failed <- twoStyles[1].read(c, noMessage(t)) }()
			send(t, peer, fromPeer(client, breach))
			junk := []byte(strings.Repeat("x", 4000))
			for {
				if _, err := peer.Write(junk); err != nil {
					break
				}
			}
			b, err := io.ReadAll(peer)
			if err != nil {
				t.Errorf("the peer reads %x and then %v", b, err)
			}
			code := frame.ProtocolError
			if breach[0] == 0x82 {
				code = frame.MessageTooBig
			}
			expectVerdictAlone(t, client, b, code)
			expectFailed(t, c, <-failed, code)
		}
	})
}
