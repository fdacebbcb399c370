package interop

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/conn/conntest"
)

// Deadlines strike everywhere: before a frame, inside its head, inside its
// payload, inside what an earlier Write has left behind, and while others write
// pings. What counts as written arrives, once and in order.
func TestNoByteIsLostOrTwiceHoweverDeadlinesStrikeG19(t *testing.T) {
	const seeds = 12
	for seed := range uint64(seeds) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := rand.New(rand.NewPCG(seed, 19))
				a, b := conntest.Pipe(&conntest.Options{Window: 1 + r.IntN(5000)})
				for _, f := range []*conntest.Flow{a.Out(), b.Out()} {
					f.SetRate(int64(20_000 + r.IntN(100_000)))
					f.SetReadSizes(conntest.Random(seed, 1, 3000))
				}
				p, err := newNetConnPair(a, b, nil)
				if err != nil {
					t.Fatal(err)
				}
				done := make(chan struct{})
				for i, ends := range [][2]*conn.NetConn{{p.server, p.client}, {p.client, p.server}} {
					go func() {
						strikeDeadlines(t, ends[0], ends[1], seed*2+uint64(i))
						done <- struct{}{}
					}()
				}
				pinging := make(chan struct{})
				go func() {
					defer close(pinging)
					for range 20 {
						p.serverConn.Ping(t.Context())
						p.clientConn.Ping(t.Context())
					}
				}()
				<-done
				<-done
				for _, c := range []*conn.Conn{p.serverConn, p.clientConn} {
					if c.Err() != nil {
						t.Error(c.Err())
					}
				}
				p.stop()
				<-pinging
			})
		})
	}
}

// strikeDeadlines sends 30 KiB or so from one end to the other, under deadlines
// that are too short for most of it.
func strikeDeadlines(t *testing.T, from, to *conn.NetConn, seed uint64) {
	soon := func(r *rand.Rand) time.Time {
		return time.Now().Add(time.Duration(r.IntN(40)) * time.Millisecond)
	}
	all := make(chan []byte, 1)
	go func() {
		r := &maker{newRand(int(seed))}
		var written []byte
		strikes := 0
		for len(written) < 30<<10 {
			p := r.noise(1 + r.IntN(3000))
			from.SetWriteDeadline(soon(r.Rand))
			n, err := from.Write(p)
			if err != nil {
				strikes++
			}
			if n != 0 && n != len(p) || err == nil && n != len(p) || err != nil && !isDeadline(err) {
				t.Errorf("Write of %d bytes returns %d, %v", len(p), n, err)
				break
			}
			written = append(written, p[:n]...)
		}
		if strikes == 0 {
			t.Error("no deadline struck: this test proves nothing")
		}
		from.SetWriteDeadline(time.Time{})
		if _, err := from.Write([]byte("end")); err != nil { // and what is left
			t.Error(err)
		}
		all <- append(written, "end"...)
	}()
	r := rand.New(rand.NewPCG(seed, 20))
	var got, want []byte
	buf := make([]byte, 4000)
	strikes := 0
	for want == nil || len(got) < len(want) {
		to.SetReadDeadline(soon(r))
		n, err := to.Read(buf[:1+r.IntN(len(buf))])
		got = append(got, buf[:n]...)
		if err != nil {
			strikes++
		}
		if err != nil && !isDeadline(err) {
			t.Errorf("Read returns %v", err)
			return
		}
		select {
		case want = <-all:
		default:
		}
	}
	if strikes == 0 {
		t.Error("no deadline struck: this test proves nothing")
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%d bytes arrived of %d, and not the same", len(got), len(want))
	}
}

// A ping wants its pong at once, but not at the cost of a writer's deadline, nor of
// the connection.
func TestADeadlineHoldsWhileAPongIsOwedG19(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, under, peer := netConnAndPeer(t, &conntest.Options{Window: 1000}, nil)
		reading := make(chan struct{})
		go func() {
			defer close(reading)
			n.Read(make([]byte, 1))
		}()
		time.AfterFunc(time.Second, func() { peer.send("898000000000") })
		start := time.Now()
		n.SetWriteDeadline(start.Add(2 * time.Second))
		if k, err := n.Write(make([]byte, 2000)); k != 2000 || !isDeadline(err) {
			t.Errorf("Write returns %d, %v, want all and a timeout", k, err)
		}
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("Write took %v", took)
		}
		if err := under.Err(); err != nil {
			t.Errorf("the connection has ended: %v", err)
		}
		go io.Copy(io.Discard, peer)
		n.SetWriteDeadline(never)
		if _, err := n.Write([]byte("more")); err != nil {
			t.Errorf("when the peer reads again: %v", err)
		}
		under.CloseNow()
		<-reading
	})
}

// isDeadline reports whether err is what a net.Conn returns at a deadline.
func isDeadline(err error) bool {
	var timeout net.Error
	return errors.Is(err, os.ErrDeadlineExceeded) && errors.As(err, &timeout) && timeout.Timeout()
}

var (
	longPast = time.Unix(1, 0)
	never    = time.Time{}
)
