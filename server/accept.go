package server

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
	"github.com/parleyws/parley/handshake"
)

// Accept answers a client's opening handshake with the connection, for a
// handler that decides by itself. After an error it has answered with an HTTP
// error, and r needs nothing more. The connection belongs to the caller, lives on
// when the HTTP handler returns, and is among [Server.Clients] until it ends.
func (s *Server) Accept(w http.ResponseWriter, r *http.Request) (*conn.Conn, error) {
	if s.life.isDraining() {
		return nil, refuse(w, r, errDraining())
	}
	c, err := s.accept(w, r)
	if err != nil {
		return nil, err
	}
	if !s.life.add(c) { // Shutdown began meanwhile
		c.Close(context.Background(), frame.GoingAway, "")
		return nil, http.ErrServerClosed
	}
	return c, nil
}

func (s *Server) accept(w http.ResponseWriter, r *http.Request) (*conn.Conn, error) {
	if err := s.checkOptions(); err != nil {
		return nil, refuse(w, r, err)
	}
	req, err := handshake.ParseRequest(r)
	if err != nil {
		return nil, refuse(w, r, err)
	}
	if err := s.checkOrigin(r); err != nil {
		return nil, refuse(w, r, err)
	}
	if handshake.IsExtendedConnect(r) {
		return nil, refuse(w, r, errNotOverStream)
	}
	resp := handshake.Response{Subprotocol: s.chooseSubprotocol(req)}
	agreed, err := s.agreeDeflate(req, &resp)
	if err != nil {
		return nil, refuse(w, r, err)
	}
	// Made before the connection is taken over, so that an error can still be
	// answered.
	head, err := handshake.AppendResponse(nil, resp, req, w.Header())
	if err != nil {
		return nil, refuse(w, r, err)
	}
	nc, early, err := hijack(w)
	if err != nil {
		return nil, refuse(w, r, err)
	}
	if err := s.sendHead(nc, head); err != nil {
		nc.Close()
		return nil, err
	}
	c, err := conn.New(nc, conn.Setup{
		Subprotocol: resp.Subprotocol,
		Deflate:     agreed,
		Buffered:    early,
		Context:     context.WithoutCancel(r.Context()),
	}, &s.Conn)
	if err != nil {
		nc.Close()
		return nil, err
	}
	return c, nil
}

// refuse answers the client and returns err.
func refuse(w http.ResponseWriter, r *http.Request, err error) error {
	handshake.Refuse(w, r, err)
	return err
}

func (s *Server) checkOrigin(r *http.Request) error {
	if s.InsecureSkipOriginCheck {
		return nil
	}
	err := handshake.SameOrigin(r)
	if err == nil || len(s.Origins) == 0 {
		return err
	}
	return s.setup.origins.Check(r)
}

func (s *Server) chooseSubprotocol(req handshake.Request) string {
	for _, ours := range s.Subprotocols {
		if slices.Contains(req.Subprotocols, ours) {
			return ours
		}
	}
	return ""
}

// agreeDeflate accepts the first of the client's offers of permessage-deflate
// that can be met, RFC 7692 section 5, and puts the answer in resp. An offer
// that is wrong in itself is declined like one that is not wanted.
func (s *Server) agreeDeflate(req handshake.Request, resp *handshake.Response) (*deflate.Params, error) {
	if s.Deflate == nil {
		return nil, nil
	}
	offers, err := handshake.ParseExtensions(req.Extensions)
	if err != nil {
		return nil, err
	}
	for _, ext := range offers {
		if ext.Name != deflate.Name {
			continue
		}
		offer, err := deflate.ParseOffer(ext.Params())
		if err != nil {
			continue
		}
		if agreed, ok := offer.Accept(*s.Deflate); ok {
			resp.Extensions = append(resp.Extensions, handshake.NewExtension(deflate.Name, agreed.All()))
			return &agreed, nil
		}
	}
	return nil, nil
}

// hijack takes the connection over from net/http, with the bytes that the
// client sent behind its request, and without the deadlines of the HTTP server.
func hijack(w http.ResponseWriter) (nc net.Conn, early []byte, err error) {
	nc, rw, err := http.NewResponseController(w).Hijack()
	if errors.Is(err, http.ErrNotSupported) {
		return nil, nil, &handshake.Error{
			Status: http.StatusNotImplemented,
			Reason: fmt.Sprintf("the server's %T cannot give up its connection: middleware that wraps a ResponseWriter needs an Unwrap method", w),
			Err:    err,
		}
	}
	if err != nil {
		return nil, nil, fmt.Errorf("websocket: hijack: %w", err)
	}
	if err := nc.SetDeadline(time.Time{}); err != nil {
		nc.Close()
		return nil, nil, fmt.Errorf("websocket: hijack: %w", err)
	}
	return nc, buffered(rw.Reader), nil
}

// buffered returns a copy of what r has read ahead.
func buffered(r *bufio.Reader) []byte {
	b, _ := r.Peek(r.Buffered()) // no more than is there, so without error
	return slices.Clone(b)
}

// sendHead writes the response, within the time that a write may take.
func (s *Server) sendHead(nc net.Conn, head []byte) error {
	timeout := s.Conn.WriteTimeout
	if timeout == 0 {
		timeout = conn.DefaultWriteTimeout
	}
	if timeout > 0 {
		nc.SetWriteDeadline(time.Now().Add(timeout))
		defer nc.SetWriteDeadline(time.Time{})
	}
	if _, err := nc.Write(head); err != nil {
		return fmt.Errorf("websocket: opening handshake: %w", err)
	}
	return nil
}

var errNotOverStream = &handshake.Error{
	Status:  http.StatusNotImplemented,
	Reason:  "WebSocket over HTTP/2 or HTTP/3 is not served here",
	Section: "RFC 9220 3",
}

func errDraining() error {
	return &handshake.Error{
		Status: http.StatusServiceUnavailable,
		Header: http.Header{"Retry-After": {"1"}},
		Reason: "the server is shutting down",
	}
}
