package interop

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"os/exec"
	"testing"
	"time"

	"github.com/parleyws/parley/conn"
)

// Whoever reads TLS 1.3 also writes: a peer may ask for new keys at any time, RFC
// 8446 section 4.6.3, long after WriteTimeout has passed for the last message.
func TestAKeyUpdateOfOpenSSLLongAfterAWriteDoesNoHarm(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		missing(t, "needs openssl")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	peer := exec.CommandContext(ctx, openssl, "s_client", "-connect", l.Addr().String(), "-tls1_3")
	say, err := peer.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	said, err := peer.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := peer.Start(); err != nil {
		t.Fatal(err)
	}
	defer peer.Wait()
	defer say.Close()

	stream, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	certificate, _ := certificateForNetConn()
	over := tls.Server(stream, &tls.Config{Certificates: []tls.Certificate{certificate}})
	if err := over.HandshakeContext(ctx); err != nil {
		t.Fatal(err)
	}
	const timeout = time.Second
	c, err := conn.New(over, conn.Setup{}, &conn.Options{WriteTimeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	n := c.NetConn(conn.Binary)
	if _, err := n.Write([]byte("before")); err != nil {
		t.Fatal(err)
	}
	<-time.After(timeout + time.Millisecond) // or later: its passing is what this is about

	// K asks for a key update. The next line is a message that holds its end.
	if _, err := io.WriteString(say, "K\n"); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(said); lines.Text() != "KEYUPDATE"; {
		if !lines.Scan() {
			t.Fatal("openssl does not update keys")
		}
	}
	if _, err := io.WriteString(say, "\x82\x81\x00\x00\x00\x00\n"); err != nil {
		t.Fatal(err)
	}
	n.SetReadDeadline(time.Now().Add(patience))
	got := make([]byte, 1)
	if _, err := io.ReadFull(n, got); err != nil || got[0] != '\n' {
		t.Fatalf("read %q, %v", got, err)
	}
	if _, err := n.Write([]byte("after")); err != nil {
		t.Errorf("after the key update: %v", err)
	}
}
