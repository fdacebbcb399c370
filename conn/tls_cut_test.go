package conn_test

import (
	"crypto/tls"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/conn/conntest"
)

// To close a *tls.Conn is to send an alert, for which it would wait five seconds if
// the peer does not read. CloseNow does not wait for anything.
func TestCloseNowDoesNotWaitForTLSRow136(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := conntest.Pipe(nil)
		defer b.Close()
		server, client := tls.Server(a, soakTLS()), tls.Client(b, &tls.Config{InsecureSkipVerify: true})
		shaken := make(chan error, 1)
		go func() { shaken <- client.Handshake() }()
		if err := server.Handshake(); err != nil {
			t.Fatal(err)
		}
		if err := <-shaken; err != nil {
			t.Fatal(err)
		}
		c := newConn(t, server, conn.Setup{}, nil)
		a.Out().SetWindow(0)
		start := time.Now() // of the bubble
		if err := c.CloseNow(); err != nil {
			t.Errorf("CloseNow: %v", err)
		}
		if waited := time.Since(start); waited > 0 {
			t.Errorf("CloseNow has waited for %v", waited)
		}
		if _, err := a.Read(make([]byte, 1)); err == nil {
			t.Error("the stream is still open")
		}
	})
}
