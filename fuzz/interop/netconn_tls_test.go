package interop

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"sync"
	"testing"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/frame"
)

// mebibyte is what the tests send each way: it fills every buffer between two ends.
var mebibyte = newMaker(19).noise(1 << 20)

func newMaker(seed int) *maker { return &maker{newRand(seed)} }

// tlsOverNetConns returns the ends of a TLS connection over the ends of a WebSocket.
func tlsOverNetConns(t *testing.T) (p *netConnPair, server, client *tls.Conn) {
	t.Helper()
	p = netConnsOverTCP(t)
	server, client, err := tlsOver(p.server, p.client)
	if err != nil {
		t.Fatal(err)
	}
	return p, server, client
}

// sendAll writes b and then ends the writing half.
func sendAll(t *testing.T, to *tls.Conn, b []byte) {
	if _, err := to.Write(b); err != nil {
		t.Error(err)
	}
	if err := to.CloseWrite(); err != nil {
		t.Error(err)
	}
}

// readAll reads until the end, which is to come after exactly b.
func readAll(t *testing.T, from io.Reader, b []byte) {
	t.Helper()
	if got, err := io.ReadAll(from); err != nil || !bytes.Equal(got, b) {
		t.Errorf("read %d bytes, %v, want %d", len(got), err, len(b))
	}
}

func TestTLSRunsOverAWebSocketBothWaysG19(t *testing.T) {
	_, server, client := tlsOverNetConns(t)
	if v := client.ConnectionState().Version; v != tls.VersionTLS13 {
		t.Errorf("version %x", v)
	}
	var all sync.WaitGroup
	all.Go(func() { sendAll(t, server, mebibyte) })
	all.Go(func() { sendAll(t, client, mebibyte) })
	all.Go(func() { readAll(t, server, mebibyte) })
	all.Go(func() { readAll(t, client, mebibyte) })
	all.Wait()
	if err := client.Close(); err != nil {
		t.Error(err)
	}
	if err := server.Close(); err != nil {
		t.Error(err)
	}
}

// The close_notify of TLS ends one half and leaves the other, RFC 8446 section
// 6.1: what WebSocket itself cannot do, a stream over it can.
func TestTLSHalfClosesOverAWebSocketG19(t *testing.T) {
	_, server, client := tlsOverNetConns(t)
	var request sync.WaitGroup
	request.Go(func() { sendAll(t, client, []byte("request")) })
	readAll(t, server, []byte("request"))
	request.Wait()
	if _, err := client.Write([]byte("more")); err == nil {
		t.Error("the client writes after its CloseWrite")
	}
	var answer sync.WaitGroup
	answer.Go(func() { sendAll(t, server, mebibyte) })
	readAll(t, client, mebibyte)
	answer.Wait()
}

// What is not a normal closure is not an end for TLS either.
func TestTLSTellsAFailureOfTheWebSocketFromItsEndG19(t *testing.T) {
	p, server, client := tlsOverNetConns(t)
	if _, err := client.Write([]byte("half")); err != nil {
		t.Error(err)
	}
	ended := make(chan error)
	go func() { ended <- p.clientConn.Close(t.Context(), frame.InternalError, "") }()
	got, err := io.ReadAll(server)
	var end *conn.CloseError
	if string(got) != "half" || !errors.As(err, &end) || end.Code != frame.InternalError {
		t.Errorf("read %q, %v, want the CloseError of 1011", got, err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestTLSClosesWithACloseNotifyG19(t *testing.T) {
	p, server, client := tlsOverNetConns(t)
	if _, err := client.Write([]byte("all")); err != nil {
		t.Error(err)
	}
	if err := client.Close(); err != nil {
		t.Error(err)
	}
	readAll(t, server, []byte("all"))
	if _, err := p.server.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("then the WebSocket reads %v", err)
	}
}

// A read deadline of the TLS connection is one of the WebSocket under it: it
// passes, does no harm and can be set again.
func TestTLSReadDeadlinesOverAWebSocketAreRecoverableG19(t *testing.T) {
	_, server, client := tlsOverNetConns(t)
	for _, said := range []string{"one", "two", "three"} {
		client.SetReadDeadline(longPast)
		if _, err := client.Read(make([]byte, 100)); !isDeadline(err) {
			t.Errorf("read %v, want a timeout", err)
		}
		if _, err := server.Write([]byte(said)); err != nil {
			t.Error(err)
		}
		client.SetReadDeadline(never)
		got := make([]byte, len(said))
		if _, err := io.ReadFull(client, got); err != nil || string(got) != said {
			t.Errorf("read %q, %v, want %q", got, err, said)
		}
	}
}
