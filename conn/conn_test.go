package conn_test

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
)

func TestNewTellsWhatWasAgreed(t *testing.T) {
	a, b := net.Pipe()
	agreed := deflate.Params{ServerMaxWindowBits: 9}
	type key struct{}
	c := newConn(t, a, conn.Setup{
		Subprotocol: "chat",
		Deflate:     &agreed,
		Context:     context.WithValue(bg, key{}, "value"),
	}, nil)
	if c.Subprotocol() != "chat" || c.RemoteAddr() != a.RemoteAddr() || c.Context().Value(key{}) != "value" {
		t.Errorf("got %q, %v, %v", c.Subprotocol(), c.RemoteAddr(), c.Context().Value(key{}))
	}
	if got, ok := c.Deflate(); !ok || got != agreed {
		t.Errorf("got %+v, %v", got, ok)
	}
	plain := newConn(t, struct{ io.ReadWriteCloser }{b}, conn.Setup{Client: true}, nil)
	if got, ok := plain.Deflate(); ok {
		t.Errorf("got %+v", got)
	}
	if plain.RemoteAddr() != nil {
		t.Errorf("a stream without address has %v", plain.RemoteAddr())
	}
}

func TestNewRefusesALevelThatDoesNotExist(t *testing.T) {
	a, _ := net.Pipe()
	if _, err := conn.New(a, conn.Setup{Deflate: &deflate.Params{}}, &conn.Options{Level: 99}); err == nil {
		t.Error("no error")
	}
}

// The parent of Context is for values: that it ends means nothing.
func TestTheContextEndsWithTheConnectionAndNotBefore(t *testing.T) {
	a, _ := net.Pipe()
	parent, cancel := context.WithCancel(bg)
	c := newConn(t, a, conn.Setup{Context: parent}, nil)
	cancel()
	if c.Context().Err() != nil {
		t.Error("it ended with its parent")
	}
	c.CloseNow()
	if !errors.Is(context.Cause(c.Context()), net.ErrClosed) {
		t.Errorf("cause is %v", context.Cause(c.Context()))
	}
}

func TestPongWithoutPing(t *testing.T) {
	server, peer := serverAndPeer(t, nil)
	go func() {
		if err := server.Pong(bg, []byte("beat")); err != nil {
			t.Error(err)
		}
	}()
	expect(t, peer, []byte("\x8a\x04beat"))
	if err := server.Pong(bg, make([]byte, frame.MaxControlPayload+1)); err == nil {
		t.Error("a pong of 126 bytes was sent")
	}
	server.CloseNow()
	if err := server.Pong(bg, nil); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after the end: %v", err)
	}
}

func TestTypesHaveNames(t *testing.T) {
	if conn.Text.String() != "text" || conn.Binary.String() != "binary" {
		t.Errorf("%v, %v", conn.Text, conn.Binary)
	}
}

// What a stream is allowed to do, and a peer may cause.
func TestReadsWithoutBytesAreNoEnd(t *testing.T) {
	a, peer := net.Pipe()
	server := newConn(t, a, conn.Setup{}, nil)
	go func() {
		for range 50 {
			peer.Write(nil)
		}
		send(t, peer, fromClient(frame.Text, "x"))
	}()
	if m, err := server.Read(timeout(t)); err != nil || string(m.Data) != "x" {
		t.Errorf("got %q, %v", m.Data, err)
	}
}
