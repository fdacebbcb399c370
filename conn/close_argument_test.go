package conn_test

import (
	"context"
	"encoding/binary"
	"errors"
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

// mayBeSent says whether a close frame may carry code, RFC 6455 section 7.4 and
// the registry of close codes.
func mayBeSent(code int) bool {
	return code >= 1000 && code <= 1003 || code >= 1007 && code <= 1014 || code >= 3000 && code <= 4999
}

// Of all codes there are, the lawful ones leave as they are given, and of the
// others nothing leaves and nothing happens.
func TestCloseSendsTheCodesThatMayBeSentAndNoOthersK8Rows123And125(t *testing.T) {
	for _, client := range []bool{false, true} {
		idle := &scripted{lines: lines(client, "\x81\x01a")}
		unharmed := newConn(t, idle, conn.Setup{Client: client}, nil)
		for code := range 1 << 16 {
			if code == int(frame.NoStatusReceived) {
				continue // which stands for no code: see below
			}
			if !mayBeSent(code) {
				if err := unharmed.Close(bg, frame.CloseCode(code), "a reason"); err == nil || !strings.HasPrefix(err.Error(), "websocket: ") || unharmed.Err() != nil {
					t.Fatalf("code %d: Close returns %v, and the connection has %v", code, err, unharmed.Err())
				}
				continue
			}
			payload := string(binary.BigEndian.AppendUint16(nil, uint16(code))) + "a reason"
			stream := &scripted{lines: lines(client, asFrame(0x88, payload))}
			c := newConn(t, stream, conn.Setup{Client: client}, nil)
			if err := c.Close(bg, frame.CloseCode(code), "a reason"); err != nil {
				t.Fatalf("code %d: Close returns %v", code, err)
			}
			if got := sentFrames(t, client, stream.words()); !slices.Equal(got, []sentFrame{{0x88, payload}}) {
				t.Fatalf("code %d: the peer hears %q", code, got)
			}
			end := closeError(t, c.Err())
			if end.Remote || !end.Clean || int(end.Code) != code || end.Reason != "a reason" || end.Err != nil || !errors.Is(end, net.ErrClosed) {
				t.Fatalf("code %d: ended by %+v", code, end)
			}
		}
		if len(idle.words()) > 0 {
			t.Errorf("of the codes that must not be sent the peer hears %x", idle.words())
		}
		if m, err := unharmed.Read(bg); err != nil || string(m.Data) != "a" {
			t.Errorf("the connection reads %q, %v", m.Data, err)
		}
	}
}

// A close frame without a code has no payload.
func TestCloseWithoutACodeSendsAnEmptyFrameRow122(t *testing.T) {
	for _, client := range []bool{false, true} {
		stream := &scripted{lines: lines(client, "\x88\x00")}
		c := newConn(t, stream, conn.Setup{Client: client}, nil)
		if err := c.Close(bg, frame.NoStatusReceived, ""); err != nil {
			t.Error(err)
		}
		if got := sentFrames(t, client, stream.words()); !slices.Equal(got, []sentFrame{{0x88, ""}}) {
			t.Errorf("the peer hears %q", got)
		}
	}
}

// A reason is UTF-8 of at most 123 bytes, RFC 6455 section 5.5.1, or nothing
// leaves and nothing happens.
func TestCloseSendsAReasonWholeOrNotAtAllK8Rows124And125(t *testing.T) {
	for _, tc := range []struct {
		name   string
		code   frame.CloseCode
		reason string
		sent   bool
	}{
		{"none", 1000, "", true},
		{"123 bytes", 1000, strings.Repeat("x", 123), true},
		{"124 bytes", 1000, strings.Repeat("x", 124), false},
		{"a megabyte", 1000, strings.Repeat("x", 1<<20), false},
		{"123 bytes of runes", 4000, strings.Repeat("€", 41), true},
		{"124 bytes that end with a rune", 4000, strings.Repeat("x", 122) + "é", false},
		{"zeros", 4000, "\x00\x00", true},
		{"FF", 1000, "\xff", false},
		{"C0 80", 1000, "\xc0\x80", false},
		{"ED A0 80", 1000, "\xed\xa0\x80", false},
		{"cut in a rune", 1000, "\xe2\x82", false},
		{"cut in a rune at 123 bytes", 1000, strings.Repeat("x", 121) + "\xe2\x82", false},
		{"one without a code", frame.NoStatusReceived, "why", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, client := range []bool{false, true} {
				said := lines(client, "\x81\x01a", "\x88\x00")
				stream := &scripted{lines: said}
				c := newConn(t, stream, conn.Setup{Client: client}, nil)
				err := c.Close(bg, tc.code, tc.reason)
				if tc.sent {
					payload := string(binary.BigEndian.AppendUint16(nil, uint16(tc.code))) + tc.reason
					if got := sentFrames(t, client, stream.words()); err != nil || !slices.Equal(got, []sentFrame{{0x88, payload}}) {
						t.Errorf("Close returns %v, the peer hears %q", err, got)
					}
					continue
				}
				if err == nil || !strings.HasPrefix(err.Error(), "websocket: ") || c.Err() != nil || len(stream.words()) > 0 {
					t.Errorf("Close returns %v, the connection has %v, the peer hears %x", err, c.Err(), stream.words())
				}
				if m, err := c.Read(bg); err != nil || string(m.Data) != "a" {
					t.Errorf("the connection reads %q, %v", m.Data, err)
				}
			}
		})
	}
}

// Of a hundred that close at once one is heard, and all learn how it went.
func TestOfManyThatCloseAtOnceOneIsHeardK8Row127(t *testing.T) {
	const closers = 100
	for _, answers := range []bool{true, false} {
		for _, reader := range []bool{true, false} {
			inEitherRole(t, func(t *testing.T, client bool) {
				synctest.Test(t, func(t *testing.T) {
					a, peer := duplex()
					c := newConn(t, a, conn.Setup{Client: client}, nil)
					served := make(chan error, 1)
					if reader {
						go func() { served <- c.Serve(bg, conn.Handler{}) }()
					} else {
						served <- nil
					}
					start := time.Now()
					errs := make([]error, closers)
					var wg sync.WaitGroup
					for i := range closers {
						wg.Go(func() { errs[i] = c.Close(bg, frame.CloseCode(4000+i), "me") })
					}
					one := hearFrame(t, client, peer)
					code := frame.CloseCode(binary.BigEndian.Uint16([]byte(one.payload)))
					if one.first != 0x88 || code < 4000 || code >= 4000+closers || one.payload[2:] != "me" {
						t.Errorf("the peer hears %+v", one)
					}
					if answers {
						go func() {
							send(t, peer, fromPeer(client, asFrame(0x88, one.payload)))
							if client { // the server ends the stream first
								peer.CloseWrite()
							}
						}()
					}
					rest := make(chan []byte, 1)
					go func() {
						rest <- hear(t, peer)
						peer.Close()
					}()
					wg.Wait()
					<-served
					if b := <-rest; len(b) > 0 {
						t.Errorf("the peer also hears %x", b)
					}
					end := closeError(t, c.Err())
					if end.Remote || end.Clean != answers || end.Reason != "me" || answers && end.Code != code {
						t.Errorf("ended by %+v, but what was sent is %v", end, code)
					}
					for i, err := range errs {
						if answers && err != nil || !answers && !errors.Is(err, conn.ErrCloseTimeout) {
							t.Errorf("closer %d: %v", i, err)
						}
					}
					if d := time.Since(start); answers && d != 0 || !answers && d != conn.DefaultCloseTimeout {
						t.Errorf("took %v", d)
					}
				})
			})
		}
	}
}

// Who closes second, and is the first to lose patience, has not closed with what
// it would have said: the error tells what was sent.
func TestTheErrorTellsTheCloseFrameThatWasSentK8(t *testing.T) {
	inEitherRole(t, func(t *testing.T, client bool) {
		synctest.Test(t, func(t *testing.T) {
			a, peer := duplex()
			c := newConn(t, a, conn.Setup{Client: client}, nil)
			heard := make(chan []byte, 1)
			go func() { heard <- hear(t, peer) }()
			first := make(chan error, 1)
			go func() { first <- c.Close(bg, 4001, "first") }()
			synctest.Wait()
			ctx, cancel := context.WithTimeout(bg, time.Second)
			defer cancel()
			if err := c.Close(ctx, 4002, "second"); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("the second Close returns %v", err)
			}
			if err := <-first; err == nil {
				t.Error("the first Close returns nothing, and nothing was answered")
			}
			if got := sentFrames(t, client, <-heard); !slices.Equal(got, []sentFrame{{0x88, "\x0f\xa1first"}}) {
				t.Errorf("the peer hears %q", got)
			}
			if end := closeError(t, c.Err()); end.Code != 4001 || end.Reason != "first" {
				t.Errorf("ended by %+v, but what was sent is 4001", end)
			}
			peer.Close()
		})
	})
}
