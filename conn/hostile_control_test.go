package conn_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/frame"
)

// A ping is answered with its own payload, whatever that is, RFC 6455 section
// 5.5.3. What is not a lawful control frame is among the breaches.
func TestAPongHasThePayloadOfItsPingK1(t *testing.T) {
	inEitherRole(t, func(t *testing.T, client bool) {
		c, peer := overTCP(t, client, nil, nil)
		heard := make(chan string, 1)
		served := make(chan error, 1)
		go func() {
			served <- c.Serve(bg, conn.Handler{OnPing: func(_ *conn.Conn, payload []byte) { heard <- string(payload) }})
		}()
		for _, payload := range []string{"", "p", "\x00", "\xff\xfe not UTF-8", strings.Repeat("0123456789", 13)[:125], strings.Repeat("\x00", 125)} {
			send(t, peer, fromPeer(client, asFrame(0x89, payload)))
			if got := hearFrame(t, client, peer); got != (sentFrame{0x8A, payload}) {
				t.Errorf("the peer hears %+v, want the pong to %q", got, payload)
			}
			if got := <-heard; got != payload {
				t.Errorf("OnPing is called with %q, want %q", got, payload)
			}
		}
		c.CloseNow()
		<-served
	})
}

// Pongs that nobody asked for are ignored, and cost nothing.
func TestAFloodOfPongsCostsNothingK4(t *testing.T) {
	const n = 100_000
	inEitherRole(t, func(t *testing.T, client bool) {
		for _, style := range twoStyles {
			pongs := bytes.Repeat(fromPeer(client, asFrame(0x8A, strings.Repeat("p", 125))), 100)
			stream := &scripted{lines: slices.Repeat([][]byte{pongs}, n/100)}
			stream.lines = append(stream.lines, fromPeer(client, "\x81\x05after"))
			before := liveHeap()
			var held int64
			arrived := 0
			heap := allocatedBy(func() {
				c := newConn(t, stream, conn.Setup{Client: client}, nil)
				style.read(c, func(_ conn.Type, data []byte) {
					if arrived++; string(data) != "after" {
						t.Errorf("%s: %q arrives", style.name, data)
					}
					held = liveHeap() - before
				})
			})
			if arrived != 1 {
				t.Errorf("%s: %d messages arrive", style.name, arrived)
			}
			if len(stream.words()) > 0 {
				t.Errorf("%s: the peer hears %x", style.name, stream.words())
			}
			const most = 256 << 10 // bytes; a byte for each pong is 100 000
			if held > most || heap > most {
				t.Errorf("%s: %d bytes of heap are held, and %d went through", style.name, held, heap)
			}
		}
	})
}

// A Ping that waits is released by the pong with its payload, and by no other,
// be it as like as can be.
func TestAPingIsReleasedByItsOwnPongOnlyK4(t *testing.T) {
	inEitherRole(t, func(t *testing.T, client bool) {
		synctest.Test(t, func(t *testing.T) {
			a, peer := net.Pipe()
			c := newConn(t, a, conn.Setup{Client: client}, nil)
			served := make(chan error, 1)
			go func() { served <- c.Serve(bg, conn.Handler{}) }()
			for round := range 3 {
				type result struct {
					d   time.Duration
					err error
				}
				released := make(chan result, 1)
				go func() {
					d, err := c.Ping(bg)
					released <- result{d, err}
				}()
				ping := hearFrame(t, client, peer)
				if ping.first != 0x89 {
					t.Fatalf("the peer hears %+v, want a ping", ping)
				}
				id := []byte(ping.payload)
				others := []string{"", "\x00", "another", ping.payload + "\x00", "\x00" + ping.payload, strings.Repeat("\xff", 125), strings.Repeat(ping.payload, 2)}
				for i := range id {
					for _, bit := range []byte{0x01, 0x80} {
						other := []byte(ping.payload)
						other[i] ^= bit
						others = append(others, string(other))
					}
					others = append(others, string(id[:i]))
				}
				for _, other := range others {
					send(t, peer, fromPeer(client, asFrame(0x8A, other)))
					synctest.Wait()
					if len(released) > 0 {
						t.Fatalf("round %d: a ping of %x is released by a pong of %x", round, id, other)
					}
				}
				time.Sleep(time.Second)
				send(t, peer, fromPeer(client, asFrame(0x8A, ping.payload)))
				if got := <-released; got.err != nil || got.d != time.Second {
					t.Errorf("round %d: Ping returns %v, %v", round, got.d, got.err)
				}
			}
			c.CloseNow()
			<-served
			peer.Close()
		})
	})
}

// An answer that comes when nobody waits for it any more is a pong like any
// other, and the answer to an earlier ping is none to a later.
func TestALatePongReleasesNoLaterPingK4(t *testing.T) {
	inEitherRole(t, func(t *testing.T, client bool) {
		synctest.Test(t, func(t *testing.T) {
			a, peer := net.Pipe()
			c := newConn(t, a, conn.Setup{Client: client}, nil)
			served := make(chan error, 1)
			go func() { served <- c.Serve(bg, conn.Handler{}) }()
			given := make(chan error, 1)
			go func() {
				ctx, cancel := context.WithTimeout(bg, time.Second)
				defer cancel()
				_, err := c.Ping(ctx)
				given <- err
			}()
			late := hearFrame(t, client, peer)
			if err := <-given; err != context.DeadlineExceeded {
				t.Errorf("the first Ping returns %v", err)
			}
			released := make(chan error, 1)
			go func() {
				_, err := c.Ping(bg)
				released <- err
			}()
			own := hearFrame(t, client, peer)
			send(t, peer, fromPeer(client, asFrame(0x8A, late.payload)))
			synctest.Wait()
			if len(released) > 0 {
				t.Errorf("a ping of %x is released by a pong of %x", own.payload, late.payload)
			}
			later := make(chan error, 1)
			go func() {
				_, err := c.Ping(bg)
				later <- err
			}()
			last := hearFrame(t, client, peer)
			send(t, peer, fromPeer(client, asFrame(0x8A, own.payload)))
			if err := <-released; err != nil {
				t.Error(err)
			}
			synctest.Wait()
			if len(later) > 0 {
				t.Errorf("a ping of %x is released by a pong of %x", last.payload, own.payload)
			}
			send(t, peer, fromPeer(client, asFrame(0x8A, last.payload)))
			if err := <-later; err != nil {
				t.Error(err)
			}
			c.CloseNow()
			<-served
			peer.Close()
		})
	})
}

// While a peer floods a Conn with pings and reads no answer, the Conn keeps one
// pong, the newest: not a byte for each.
func TestAFloodOfPingsKeepsOnePongK2(t *testing.T) {
	const n = 20_000
	inEitherRole(t, func(t *testing.T, client bool) {
		synctest.Test(t, func(t *testing.T) {
			a, peer := net.Pipe()
			c := newConn(t, a, conn.Setup{Client: client}, &conn.Options{WriteTimeout: -1, PingInterval: -1, MaxPings: -1})
			served := make(chan error, 1)
			go func() { served <- c.Serve(bg, conn.Handler{}) }()
			send(t, peer, fromPeer(client, asFrame(0x89, "first")))
			synctest.Wait() // its pong waits to be read
			before := liveHeap()
			for i := range n / 10 {
				var pings []byte
				for j := range 10 {
					pings = append(pings, fromPeer(client, asFrame(0x89, fmt.Sprintf("%0125d", i*10+j)))...)
				}
				send(t, peer, pings)
			}
			synctest.Wait()
			if held := liveHeap() - before; held > 64<<10 {
				t.Errorf("%d bytes of heap are held", held)
			}
			for _, want := range []string{"first", fmt.Sprintf("%0125d", n-1)} {
				if got := hearFrame(t, client, peer); got != (sentFrame{0x8A, want}) {
					t.Errorf("the peer hears %+v, want the pong to %q", got, want)
				}
			}
			go c.Close(bg, frame.NormalClosure, "")
			if got := hearFrame(t, client, peer); got != (sentFrame{0x88, "\x03\xe8"}) {
				t.Errorf("the peer hears %+v, want a close frame and no pong", got)
			}
			c.CloseNow()
			<-served
			peer.Close()
		})
	})
}

// A peer that pings and never reads a pong is cut when the time for a write has
// passed, however lively it is.
func TestAPeerThatPingsAndNeverReadsIsCutK2(t *testing.T) {
	inEitherRole(t, func(t *testing.T, client bool) {
		for _, style := range readStyles {
			synctest.Test(t, func(t *testing.T) {
				a, peer := duplex()
				c := newConn(t, a, conn.Setup{Client: client}, &conn.Options{MaxPings: -1})
				left := make(chan struct{})
				go func() {
					defer close(left)
					talk(peer, fromPeer(client, "\x89\x04ping"))
				}()
				start := time.Now()
				err := style.read(c, noMessage(t))
				if d := time.Since(start); d != conn.DefaultWriteTimeout {
					t.Errorf("cut after %v", d)
				}
				if end := closeError(t, err); end.Code != frame.AbnormalClosure || !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("ended by %+v", end)
				}
				expectOver(t, c, err)
				<-left
				peer.Close()
			})
		}
	})
}
