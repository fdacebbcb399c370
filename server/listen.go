package server

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/parleyws/parley/handshake"
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
	if err := s.checkOptions(); err != nil {
		return err
	}
	l, err := s.listen()
	if err != nil {
		return err
	}
	return s.Serve(l)
}

// listen listens on s.Addr.
func (s *Server) listen() (net.Listener, error) {
	addr := s.Addr
	if addr == "" {
		addr = ":http"
	}
	l, err := Listen(addr)
	if err != nil {
		return nil, err
	}
	if err := s.limitBacklog(l); err != nil {
		l.Close()
		return nil, fmt.Errorf("websocket: listen (option Backlog): %w", err)
	}
	return l, nil
}

// DefaultBacklog is used where [Server.Backlog] is 0.
const DefaultBacklog = 511

func (s *Server) limitBacklog(l net.Listener) error {
	switch {
	case s.Backlog < 0:
		return nil
	case s.Backlog == 0:
		return setBacklog(l, DefaultBacklog)
	}
	return setBacklog(l, s.Backlog)
}

// Serve serves the connections of l, which it closes, until [Server.Shutdown] or
// [Server.Close], after which it returns [http.ErrServerClosed]. For TLS give it
// the listener of package crypto/tls.
func (s *Server) Serve(l net.Listener) error {
	if err := s.checkOptions(); err != nil {
		l.Close()
		return err
	}
	hs := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: s.handshakeTimeout(),
		IdleTimeout:       s.handshakeTimeout(),
		MaxHeaderBytes:    maxHeaderBytes(s.HeadLimits.Bytes),
		// Else net/http answers OPTIONS * by itself and keeps the connection.
		DisableGeneralOptionsHandler: true,
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
		<-s.life.context().Done() // Serve outlasts the connections, so that main may return
	}
	return err
}

// maxHeaderBytes returns the limit for net/http, which adds 4 KiB to what it is
// told; [handshake.HeadLimits] does the rest.
func maxHeaderBytes(limit int) int {
	const adds = 4 << 10
	switch {
	case limit == 0:
		limit = handshake.DefaultHeadBytes
	case limit < 0:
		return 1 << 30
	}
	return max(limit-adds, 1)
}
