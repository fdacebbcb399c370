package conn_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
)

// Of allocations there is more in alloc_test.go.

// allocationsPer says how many allocations one of n things takes that f does, the
// peer's included.
func allocationsPer(t *testing.T, n int, f func()) float64 {
	t.Helper()
	if raceDetector {
		t.Skip("pools forget at random under the race detector")
	}
	f() // the first time may cost something
	return testing.AllocsPerRun(30, f) / float64(n)
}

// few is how many allocations a message may take: a collection may empty the pools
// now and then.
const few = 0.1

// exchange has the peer send a burst and read the answer.
func exchange(t *testing.T, peer net.Conn, say, room []byte) {
	if _, err := peer.Write(say); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(peer, room); err != nil {
		t.Fatal(err)
	}
}

// A batch of replies costs no allocation, however many it is of, on a socket.
func TestABatchedEchoCostsNoAllocation(t *testing.T) {
	for role, client := range map[string]bool{"server": false, "client": true} {
		for _, size := range []int{32, 1 << 10, 4 << 10} {
			for _, batch := range []int{1, 16, 64} {
				t.Run(fmt.Sprintf("%s/%d of %d bytes", role, batch, size), func(t *testing.T) {
					c, peer := rawPair(t, conn.Setup{Client: client}, nil)
					served := make(chan error, 1)
					go func() { served <- c.Serve(bg, echo) }()
					one := frame.AppendFrame(nil, frame.Header{Fin: true, Opcode: frame.Text, Masked: !client}, bytes.Repeat([]byte("x"), size))
					say := bytes.Repeat(one, batch)
					answer := len(say)
					if client {
						answer += 4 * batch
					} else {
						answer -= 4 * batch
					}
					room := make([]byte, answer)
					if n := allocationsPer(t, batch, func() { exchange(t, peer, say, room) }); n > few {
						t.Errorf("%v allocations a message", n)
					}
					c.CloseNow()
					<-served
				})
			}
		}
	}
}

// A message of 64 KiB is written without allocation, whatever is watched meanwhile.
func TestALargeWriteCostsNoAllocation(t *testing.T) {
	const size = 64 << 10
	data := bytes.Repeat([]byte("x"), size)
	plain, err := conn.Prepare(conn.Text, data)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(bg)
	defer cancel()
	for name, test := range map[string]struct {
		params *deflate.Params
		write  func(c *conn.Conn) error
		wire   int
	}{
		"Write":                      {nil, func(c *conn.Conn) error { return c.Write(bg, conn.Text, data) }, size + 10},
		"Write with a context":       {nil, func(c *conn.Conn) error { return c.Write(ctx, conn.Text, data) }, size + 10},
		"Write of binary":            {nil, func(c *conn.Conn) error { return c.Write(bg, conn.Binary, data) }, size + 10},
		"WritePrepared":              {nil, func(c *conn.Conn) error { return c.WritePrepared(bg, plain) }, size + 10},
		"WritePrepared with context": {nil, func(c *conn.Conn) error { return c.WritePrepared(ctx, plain) }, size + 10},
	} {
		t.Run(name, func(t *testing.T) {
			c, peer := rawPair(t, conn.Setup{Deflate: test.params}, nil)
			room := make([]byte, test.wire)
			if n := allocationsPer(t, 1, func() {
				if err := test.write(c); err != nil {
					t.Fatal(err)
				}
				if _, err := io.ReadFull(peer, room); err != nil {
					t.Fatal(err)
				}
			}); n > few {
				t.Errorf("%v allocations", n)
			}
		})
	}
}

// A prepared message costs no allocation, plain, compressed or to be masked.
func TestWritePreparedCostsNoAllocation(t *testing.T) {
	for _, kind := range receivers {
		for _, size := range []int{10, 1000, 100_000} {
			t.Run(fmt.Sprintf("%s/%d", kind.name, size), func(t *testing.T) {
				p, err := conn.Prepare(conn.Text, bytes.Repeat([]byte("0123456789"), size/10))
				if err != nil {
					t.Fatal(err)
				}
				o := kind.options
				o.PingInterval = -1
				c := newConn(t, sink{}, conn.Setup{Deflate: kind.params}, &o)
				if n := allocationsPer(t, 10, func() {
					for range 10 {
						if err := c.WritePrepared(bg, p); err != nil {
							t.Fatal(err)
						}
					}
				}); n > few {
					t.Errorf("%v allocations", n)
				}
			})
		}
	}
}

// sink is a stream that takes everything and yields nothing.
type sink struct{}

func (sink) Read([]byte) (int, error)    { return 0, io.EOF }
func (sink) Write(p []byte) (int, error) { return len(p), nil }
func (sink) Close() error                { return nil }
