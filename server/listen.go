package server

import (
	"errors"
	"net"
	"net/http"
	"strings"
	"time"
)

// Limits of the HTTP server that [Server.Serve] runs.
const (
	handshakeTimeout = 10 * time.Second // from a connection to the end of its request head
	maxHead          = 16 << 10         // bytes of a request head
)

// Listen listens on addr, which is "host:port" or "unix:/path".
func Listen(addr string) (net.Listener, error) {
	if path, ok := strings.CutPrefix(addr, "unix:"); ok {
		return net.Listen("unix", path)
	}
	return net.Listen("tcp", addr)
}

// ListenAndServe listens on s.Addr and serves until [Server.Shutdown] or
// [Server.Close], after which it returns [http.ErrServerClosed].
func (s *Server) ListenAndServe() error {
	addr := s.Addr
	if addr == "" {
		addr = ":http"
	}
	if err := s.checkOptions(); err != nil {
		return err
	}
	l, err := Listen(addr)
	if err != nil {
		return err
	}
	return s.Serve(l)
}

// Serve serves the connections of l, which it closes, until [Server.Shutdown] or
// [Server.Close], after which it returns [http.ErrServerClosed]. A request head
// may take 10 s and 16 KiB. For TLS give it the listener of package crypto/tls.
func (s *Server) Serve(l net.Listener) error {
	if err := s.checkOptions(); err != nil {
		l.Close()
		return err
	}
	hs := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: handshakeTimeout,
		IdleTimeout:       handshakeTimeout,
		// net/http adds 4 KiB of its own to what it is told.
		MaxHeaderBytes: maxHead - 4<<10,
	}
	if !s.life.addHTTP(hs) {
		l.Close()
		return http.ErrServerClosed
	}
	if s.OnListening != nil {
		s.OnListening(l.Addr())
	}
	err := hs.Serve(l)
	if errors.Is(err, http.ErrServerClosed) {
		<-s.life.closed() // Serve outlasts the connections, so that main may return
	}
	return err
}
