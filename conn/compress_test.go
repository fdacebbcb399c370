package conn_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
)

// compressing returns a server that compresses everything, with context
// takeover, and the bare stream at its other end.
func compressing(t *testing.T, opts conn.Options) (*conn.Conn, net.Conn) {
	a, b := net.Pipe()
	opts.CompressFrom = -1
	c, err := conn.New(a, conn.Setup{Deflate: &deflate.Params{}}, &opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.CloseNow(); b.Close() })
	return c, b
}

// receiveFrame reads one frame of a server.
func receiveFrame(t *testing.T, r *frame.Reader) (frame.Header, []byte) {
	t.Helper()
	h, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	payload, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return h, payload
}

var repetitive = strings.Repeat("the same again, ", 40)

// Row G4: what was compressed for a message that never left is forgotten, so
// that the peer can read what comes after it.
func TestACancelledCompressedWriteCostsNothingG4(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, peer := compressing(t, conn.Options{PingInterval: -1})
		r := frame.NewReader(peer)
		inflate := deflate.NewDecompressor(deflate.Direction{ContextTakeover: true})
		read := func(want string) {
			t.Helper()
			h, payload := receiveFrame(t, r)
			got, err := inflate.Append(nil, payload, -1)
			if h.RSV != frame.RSV1 || err != nil || string(got) != want {
				t.Errorf("%+v: %.40q, %v", h, got, err)
			}
		}
		go server.Write(bg, conn.Text, []byte(repetitive))
		read(repetitive)

		never := strings.Repeat("nobody shall refer to this. ", 40)
		ctx, cancel := context.WithTimeout(bg, time.Second)
		defer cancel()
		if err := server.Write(ctx, conn.Text, []byte(never)); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("Write: %v", err)
		}
		if err := server.Err(); err != nil {
			t.Fatalf("connection ended: %v", err)
		}
		go server.Write(bg, conn.Text, []byte(repetitive+never))
		read(repetitive + never)
	})
}

func TestAnUncompressedMessageStaysOutOfTheWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, peer := compressing(t, conn.Options{})
		r := frame.NewReader(peer)
		go server.WriteUncompressed(bg, conn.Binary, []byte(repetitive))
		if h, payload := receiveFrame(t, r); h.RSV != 0 || h.Opcode != frame.Binary || string(payload) != repetitive {
			t.Errorf("%+v: %.40q", h, payload)
		}
		go server.Write(bg, conn.Text, []byte(repetitive))
		h, payload := receiveFrame(t, r)
		// A peer that knows nothing of the first message can read the second.
		got, err := deflate.NewDecompressor(deflate.Direction{}).Append(nil, payload, -1)
		if h.RSV != frame.RSV1 || err != nil || string(got) != repetitive {
			t.Errorf("%+v: %.40q, %v", h, got, err)
		}
	})
}

func TestAWriteWaitsForItsTurnToCompressRow34(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limit := deflate.NewLimit(1)
		server, peer := compressing(t, conn.Options{CompressLimit: limit, PingInterval: -1})
		if err := limit.Acquire(bg); err != nil { // somebody else compresses
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(bg, time.Second)
		defer cancel()
		if err := server.Write(ctx, conn.Text, []byte(repetitive)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Write: %v", err)
		}
		r := frame.NewReader(peer)
		go server.WriteUncompressed(bg, conn.Text, []byte("needs no turn"))
		if h, _ := receiveFrame(t, r); h.RSV != 0 {
			t.Errorf("%+v", h)
		}
		written := make(chan error, 1)
		go func() { written <- server.Write(bg, conn.Text, []byte(repetitive)) }()
		synctest.Wait()
		select {
		case err := <-written:
			t.Fatalf("written out of turn: %v", err)
		default:
		}
		limit.Release()
		if h, _ := receiveFrame(t, r); h.RSV != frame.RSV1 {
			t.Errorf("%+v", h)
		}
		if err := <-written; err != nil {
			t.Error(err)
		}
		// The turn was given back.
		if err := limit.Acquire(ctx); err == nil {
			t.Error("an ended context got a turn")
		}
		if err := limit.Acquire(bg); err != nil {
			t.Error(err)
		}
	})
}

func TestAWriteThatWaitsForItsTurnHeedsTheConnection(t *testing.T) {
	full := func() *deflate.Limit {
		l := deflate.NewLimit(1)
		l.TryAcquire() // and never released
		return l
	}
	t.Run("its end", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			server, _ := compressing(t, conn.Options{CompressLimit: full(), PingInterval: -1, WriteTimeout: -1})
			written := make(chan error, 1)
			go func() { written <- server.Write(bg, conn.Text, []byte(repetitive)) }()
			synctest.Wait()
			server.CloseNow()
			if err := <-written; !errors.Is(err, net.ErrClosed) {
				t.Errorf("Write: %v", err)
			}
		})
	})
	t.Run("its time", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			server, _ := compressing(t, conn.Options{CompressLimit: full(), PingInterval: -1, WriteTimeout: time.Second})
			if err := server.Write(bg, conn.Text, []byte(repetitive)); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("Write: %v", err)
			}
			if err := server.Err(); err != nil {
				t.Errorf("connection ended: %v", err)
			}
		})
	})
}
