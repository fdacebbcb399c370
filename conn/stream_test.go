package conn_test

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/frame"
)

// without hides what a stream can do beyond an io.ReadWriteCloser.
type without struct{ io.ReadWriteCloser }

// A stream that cannot be interrupted is read by a goroutine, for which the
// caller need not wait.
func TestACancelledReadLosesNothingOnAnyStreamG3(t *testing.T) {
	for name, setup := range map[string]func(net.Conn) (io.ReadWriteCloser, conn.Setup){
		"net.Conn":           func(c net.Conn) (io.ReadWriteCloser, conn.Setup) { return c, conn.Setup{} },
		"without deadlines":  func(c net.Conn) (io.ReadWriteCloser, conn.Setup) { return without{c}, conn.Setup{} },
		"one-shot deadlines": func(c net.Conn) (io.ReadWriteCloser, conn.Setup) { return c, conn.Setup{OneShotDeadlines: true} },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, peer := net.Pipe()
				defer peer.Close()
				rw, s := setup(a)
				c := newConn(t, rw, s, nil)
				read := func() (conn.Message, error) {
					ctx, cancel := context.WithTimeout(bg, time.Second)
					defer cancel()
					return c.Read(ctx)
				}
				wire := append(fromClient(frame.Text, "hello"), fromClient(frame.Text, "again")...)
				for cut := range len(wire) {
					go send(t, peer, wire[cut:cut+1])
					m, err := read()
					switch {
					case cut == 10 && string(m.Data) == "hello", cut == 21 && string(m.Data) == "again":
					case !errors.Is(err, context.DeadlineExceeded):
						t.Fatalf("byte %d: %q, %v", cut, m.Data, err)
					}
				}
			})
		})
	}
}

// A write that cannot be interrupted without harm is worth the connection.
func TestACancelledWriteOnAStreamWithoutDeadlinesEndsTheConnectionG4(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, peer := net.Pipe()
		defer peer.Close()
		c := newConn(t, without{a}, conn.Setup{}, nil)
		ctx, cancel := context.WithTimeout(bg, time.Second)
		defer cancel()
		err := c.Write(ctx, conn.Text, []byte("hello"))
		if !errors.Is(err, conn.ErrPartialWrite) || !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

func TestWriteTimeoutHoldsOnAnyStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, peer := net.Pipe()
		defer peer.Close()
		c := newConn(t, without{a}, conn.Setup{}, &conn.Options{PingInterval: -1})
		go expect(t, peer, []byte("\x81\x05hello"))
		if err := c.Write(bg, conn.Text, []byte("hello")); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Hour)
		start := time.Now()
		if err := c.Write(bg, conn.Text, []byte("hello")); !errors.Is(err, conn.ErrWriteTimeout) {
			t.Error(err)
		}
		if d := time.Since(start); d != conn.DefaultWriteTimeout {
			t.Errorf("after %v", d)
		}
	})
}
