package server

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
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
		return nil, s.refuse(w, r, errDraining())
	}
	c, err := s.accept(w, r)
	if err != nil {
		return nil, err
	}
	return s.track(context.Background(), c)
}

// track makes c one of the server's clients.
func (s *Server) track(ctx context.Context, c *conn.Conn) (*conn.Conn, error) {
	if s.life.add(c) {
		return c, nil
	}
	// Shutdown began meanwhile. Nobody waits for this one, so it is brief.
	ctx, cancel := context.WithTimeout(ctx, lingerTime)
	defer cancel()
	c.Close(ctx, frame.GoingAway, "server is shutting down")
	c.CloseNow()
	return nil, http.ErrServerClosed
}

func (s *Server) accept(w http.ResponseWriter, r *http.Request) (*conn.Conn, error) {
	req, err := s.judge(r)
	if err != nil {
		return nil, s.refuse(w, r, err)
	}
	a, err := s.agree(req, r, w.Header())
	if err != nil {
		return nil, s.refuse(w, r, err)
	}
	if r.Context().Err() != nil { // while a hook took its time
		return nil, fmt.Errorf("websocket: the client has left: %w", net.ErrClosed)
	}
	nc, early, err := hijack(w)
	if err != nil {
		return nil, s.refuse(w, r, err)
	}
	if err := s.sendHead(nc, a.head); err != nil {
		nc.Close()
		return nil, err
	}
	c, err := s.newConn(valuesOf(r), nc, a, early)
	if err != nil {
		nc.Close()
		return nil, err
	}
	return c, nil
}

// judge says whether r is a handshake that may be answered.
func (s *Server) judge(r *http.Request) (handshake.Request, error) {
	if err := s.checkOptions(); err != nil {
		return handshake.Request{}, err
	}
	if err := s.HeadLimits.Check(r); err != nil {
		return handshake.Request{}, err
	}
	if err := s.checkTarget(r); err != nil {
		return handshake.Request{}, err
	}
	req, err := handshake.ParseRequest(r)
	if err != nil {
		return handshake.Request{}, err
	}
	if err := s.checkOrigin(r); err != nil {
		return handshake.Request{}, err
	}
	if handshake.IsExtendedConnect(r) {
		return handshake.Request{}, errNotOverStream
	}
	return req, s.verify(r)
}

// agreement is what a server has agreed to.
type agreement struct {
	head        []byte // of the response that says so
	subprotocol string
	deflate     *deflate.Params // nil for none
}

// agree answers req, which r asks for, with the fields of extra beside its own. It
// is done before a connection is taken over, so that an error can still be answered.
func (s *Server) agree(req handshake.Request, r *http.Request, extra http.Header) (a agreement, err error) {
	var resp handshake.Response
	if resp.Subprotocol, err = s.chooseSubprotocol(req, r); err != nil {
		return agreement{}, err
	}
	if s.ResponseHeader != nil {
		s.ResponseHeader(r, extra)
	}
	if a.deflate, err = s.agreeDeflate(req, &resp); err != nil {
		return agreement{}, err
	}
	a.subprotocol = resp.Subprotocol
	a.head, err = handshake.AppendResponse(make([]byte, 0, 256), resp, req, extra)
	return a, err
}

// newConn makes the connection over rw, on which the answer was sent. early are
// the bytes that came behind the request. Of ctx it takes the values alone.
func (s *Server) newConn(ctx context.Context, rw io.ReadWriteCloser, a agreement, early []byte) (*conn.Conn, error) {
	return conn.New(rw, conn.Setup{
		Subprotocol: a.subprotocol,
		Deflate:     a.deflate,
		Buffered:    early,
		Context:     ctx,
		OnEnd:       s.setup.onEnd,
	}, &s.setup.conn)
}

// valuesOf returns the context with the values of a request that middleware may have
// set, for the life of the connection; or nil if there can be none, because the
// handler is the [http.Server]'s own: that context would keep much alive for
// nothing.
func valuesOf(r *http.Request) context.Context {
	hs, ok := r.Context().Value(http.ServerContextKey).(*http.Server)
	if ok && hs.BaseContext == nil && hs.ConnContext == nil {
		if _, own := hs.Handler.(*Server); own {
			return nil
		}
	}
	return r.Context()
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
	agreed, ok := s.Deflate.Answer(deflateOffers(offers))
	if !ok {
		return nil, nil
	}
	resp.Extensions = append(resp.Extensions, handshake.NewExtension(deflate.Name, agreed.All()))
	return &agreed, nil
}

// deflateOffers yields the parameters of each offer of permessage-deflate.
func deflateOffers(offers []handshake.Extension) iter.Seq[iter.Seq2[string, string]] {
	return func(yield func(iter.Seq2[string, string]) bool) {
		for _, ext := range offers {
			if ext.Name == deflate.Name && !yield(ext.Params()) {
				return
			}
		}
	}
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
