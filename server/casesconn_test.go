package server_test

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"testing"

	"github.com/parleyws/parley/server"
)

// openAcceptConn gives the connections of a TCP port of loopback to
// s.AcceptConn, without net/http.
func openAcceptConn(t *testing.T, s *server.Server, secure bool) func() (net.Conn, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	acceptCases(t, s, l, secure)
	return secureDial(secure, func() (net.Conn, error) { return net.Dial("tcp", l.Addr().String()) })
}

// openAcceptConnPipe does so in memory, where each write is a read.
func openAcceptConnPipe(t *testing.T, s *server.Server, secure bool) func() (net.Conn, error) {
	l := pipeListener{make(chan net.Conn), make(chan struct{})}
	acceptCases(t, s, l, secure)
	return secureDial(secure, l.dial)
}

func acceptCases(t *testing.T, s *server.Server, l net.Listener, secure bool) {
	if secure {
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{testCertificate()}})
	}
	ctx, cancel := context.WithCancel(bg)
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				c, err := s.AcceptConn(ctx, nc, nil)
				if err != nil {
					return
				}
				defer c.CloseNow()
				s.Handler(c.Context(), c)
			})
		}
	})
	t.Cleanup(func() {
		cancel()
		l.Close()
		s.Close()
		serving.Wait()
	})
}
