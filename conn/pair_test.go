package conn_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
)

var bg = context.Background()

// newConn is New for setups that cannot fail.
func newConn(t testing.TB, rw io.ReadWriteCloser, s conn.Setup, opts *conn.Options) *conn.Conn {
	t.Helper()
	c, err := conn.New(rw, s, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.CloseNow() })
	return c
}

// pair returns the two ends of a connection in memory.
func pair(t testing.TB, p *deflate.Params, opts *conn.Options) (server, client *conn.Conn) {
	t.Helper()
	a, b := net.Pipe()
	return newConn(t, a, conn.Setup{Deflate: p}, opts), newConn(t, b, conn.Setup{Client: true, Deflate: p}, opts)
}

// pairTCP returns the two ends of a connection over loopback.
func pairTCP(t testing.TB, p *deflate.Params, opts *conn.Options) (server, client *conn.Conn) {
	t.Helper()
	a, b := tcp(t)
	return newConn(t, a, conn.Setup{Deflate: p}, opts), newConn(t, b, conn.Setup{Client: true, Deflate: p}, opts)
}

func tcp(t testing.TB) (a, b net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	b, err = net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	a, err = l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

// serverAndPeer returns a server's end in memory, and the stream at the other
// end, for a peer that does as it likes.
func serverAndPeer(t testing.TB, opts *conn.Options) (*conn.Conn, net.Conn) {
	t.Helper()
	a, b := net.Pipe()
	t.Cleanup(func() { b.Close() })
	return newConn(t, a, conn.Setup{}, opts), b
}

// fromClient is a frame as a client sends it. The key is zero, so that the
// payload can be read.
func fromClient(op frame.Opcode, payload string) []byte {
	return frame.AppendFrame(nil, frame.Header{Fin: true, Opcode: op, Masked: true}, []byte(payload))
}

// closeFromClient is a close frame as a client sends it.
func closeFromClient(code frame.CloseCode, reason string) []byte {
	return fromClient(frame.Close, string(frame.AppendClose(nil, code, reason)))
}

// send writes raw bytes as the peer.
func send(t testing.TB, peer net.Conn, b []byte) {
	t.Helper()
	if _, err := peer.Write(b); err != nil {
		t.Errorf("peer writes: %v", err)
	}
}

// expect reads as the peer until it has seen exactly want.
func expect(t testing.TB, peer net.Conn, want []byte) {
	t.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(peer, got); err != nil {
		t.Errorf("peer reads %x: %v", got, err)
		return
	}
	if !bytes.Equal(got, want) {
		t.Errorf("peer reads %x, want %x", got, want)
	}
}

// expectEOF reads as the peer until the end.
func expectEOF(t testing.TB, peer net.Conn) {
	t.Helper()
	rest, err := io.ReadAll(peer)
	if err != nil || len(rest) > 0 {
		t.Errorf("peer reads %x, %v, want the end", rest, err)
	}
}

// closeError returns the CloseError in err.
func closeError(t testing.TB, err error) *conn.CloseError {
	t.Helper()
	var end *conn.CloseError
	if !errors.As(err, &end) {
		t.Fatalf("error is %T %v, want a *CloseError", err, err)
	}
	return end
}

// guard is how long a test waits for what must come.
const guard = 30 * time.Second

func timeout(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(bg, guard)
	t.Cleanup(cancel)
	return ctx
}

// onTime reports whether what a Wheel was to do after want was done after d.
func onTime(d, want time.Duration) bool { return d >= want && d <= want+want/32 }
