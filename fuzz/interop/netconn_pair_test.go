package interop

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/conn/conntest"
	"github.com/parleyws/parley/deflate"
)

// netConnTCP returns the two ends of a TCP connection over loopback.
func netConnTCP() (server, client net.Conn, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	defer l.Close()
	if client, err = net.Dial("tcp", l.Addr().String()); err != nil {
		return nil, nil, err
	}
	if server, err = l.Accept(); err != nil {
		client.Close()
	}
	return server, client, err
}

// tlsOver does a TLS handshake over a stream.
func tlsOver(a, b net.Conn) (server, client *tls.Conn, err error) {
	certificate, roots := certificateForNetConn()
	server = tls.Server(a, &tls.Config{Certificates: []tls.Certificate{certificate}})
	client = tls.Client(b, &tls.Config{RootCAs: roots, ServerName: "parley.test"})
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	accepted := make(chan error, 1)
	go func() { accepted <- server.HandshakeContext(ctx) }()
	err = client.HandshakeContext(ctx)
	if e := <-accepted; err == nil {
		err = e
	}
	return server, client, err
}

// certificateForNetConn makes a certificate for parley.test, once.
var certificateForNetConn = sync.OnceValues(func() (tls.Certificate, *x509.CertPool) {
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "parley.test"},
		DNSNames:     []string{"parley.test"},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(err)
	leaf, err := x509.ParseCertificate(der)
	must(err)
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
})

// netConnPair is a WebSocket connection, and both its ends as streams of bytes.
type netConnPair struct {
	server, client         *conn.NetConn
	serverConn, clientConn *conn.Conn
}

// newNetConnPair runs a WebSocket over a stream. p may be nil for no compression.
func newNetConnPair(a, b io.ReadWriteCloser, p *deflate.Params) (*netConnPair, error) {
	_, oneShot := a.(*conntest.HTTP2Stream)
	server, err := conn.New(a, conn.Setup{Deflate: p, OneShotDeadlines: oneShot}, nil)
	if err != nil {
		return nil, err
	}
	client, err := conn.New(b, conn.Setup{Client: true, Deflate: p}, nil)
	if err != nil {
		server.CloseNow()
		return nil, err
	}
	return &netConnPair{server.NetConn(conn.Binary), client.NetConn(conn.Binary), server, client}, nil
}

// stop ends both ends at once, and leaves nothing of them.
func (p *netConnPair) stop() {
	p.serverConn.CloseNow()
	p.clientConn.CloseNow()
	p.server.Close()
	p.client.Close()
}

// netConnsOverTCP returns the ends of a WebSocket over loopback, for as long as the
// test.
func netConnsOverTCP(t testing.TB) *netConnPair {
	t.Helper()
	a, b, err := netConnTCP()
	if err != nil {
		t.Fatal(err)
	}
	p, err := newNetConnPair(a, b, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.stop)
	return p
}
