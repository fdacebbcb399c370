package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"sync"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/handshake"
)

// AcceptConn does the opening handshake on rw, which a client has just
// connected, without net/http: for servers that accept connections by
// themselves, and for streams that are no sockets. It gives the same answers
// as [Server.Accept], but is stricter with what is HTTP: see
// [handshake.Head.Parse].
//
// check, which may be nil, is called with the head of a request that has passed
// every other check, before the answer. It says by an [*handshake.Error] with
// what status to refuse it, for instance 404 for another path. h is lent until
// check returns. The time that it takes is part of that for the handshake.
//
// The handshake must be done, the answer sent, within
// [Options.HandshakeTimeout] and before ctx or the server ends. After an error
// rw is closed; a client that was at fault has been told by an HTTP status, and
// had up to a second to read it. The connection belongs to the caller, is among
// [Server.Clients] until it ends, and its Context carries the values of ctx.
func (s *Server) AcceptConn(ctx context.Context, rw io.ReadWriteCloser, check func(h *handshake.Head) error) (*conn.Conn, error) {
	if err := s.checkOptions(); err != nil {
		rw.Close()
		return nil, err
	}
	if s.life.isDraining() {
		err := errDraining()
		refuseConn(rw, handshake.AppendRefusal(nil, err))
		return nil, err
	}
	in := borrowIncoming(s.HeadLimits)
	defer in.giveBack()
	opening, cancel := s.openingContext(ctx)
	defer cancel()
	w := watch(opening, rw)
	kept := false
	defer func() {
		if !kept { // also if check panics
			w.close()
		}
	}()

	rest, err := handshake.ReadHead(rw, &in.head, in.buf[:])
	gone := err != nil && !errors.As(err, new(*handshake.Error)) // nobody is there to be answered
	var a agreement
	if err == nil {
		a, err = s.judgeHead(opening, &in.head, rw, check)
	}
	if err == nil {
		_, err = rw.Write(a.head)
		gone = err != nil
	}
	switch {
	case w.stop():
		return nil, fmt.Errorf("websocket: opening handshake: %w", context.Cause(opening))
	case gone:
		return nil, fmt.Errorf("websocket: opening handshake: %w", err)
	case err != nil:
		kept = true // refuseConn closes it
		refuseConn(rw, in.head.AppendRefusal(nil, err))
		return nil, err
	}
	c, err := s.newConn(ctx, rw, a, slices.Clone(rest))
	if err != nil {
		return nil, err
	}
	kept = true
	return s.track(ctx, c)
}

// openingContext returns ctx, which ends with the time for a handshake too, and
// with the server.
func (s *Server) openingContext(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, end := context.WithCancelCause(ctx)
	cancel := func() { end(context.Canceled) }
	leave := context.AfterFunc(s.life.context(), func() { end(http.ErrServerClosed) })
	if timeout := s.handshakeTimeout(); timeout > 0 {
		ctx, cancel = context.WithTimeoutCause(ctx, timeout, errHandshakeTimeout)
	}
	return ctx, func() {
		leave()
		cancel()
		end(context.Canceled)
	}
}

// errHandshakeTimeout is a timeout as [net.Error] and package os know them.
var errHandshakeTimeout = fmt.Errorf("client took too long (Options.HandshakeTimeout): %w", os.ErrDeadlineExceeded)

// incoming is the memory that reading a request takes.
type incoming struct {
	head handshake.Head
	buf  [4 << 10]byte
}

var incomingPool = sync.Pool{New: func() any { return new(incoming) }}

func borrowIncoming(limits handshake.HeadLimits) *incoming {
	in := incomingPool.Get().(*incoming)
	in.head.Limits = limits
	return in
}

// giveBack gives in back. A head that did not fit buf lies elsewhere, and with
// it whatever of it the lists of in.head remember: that is not kept.
func (in *incoming) giveBack() {
	if in.head.Len() > len(in.buf) {
		return
	}
	in.head.Reset()
	incomingPool.Put(in)
}

// judgeHead judges a request that came over rw, and answers it.
func (s *Server) judgeHead(ctx context.Context, h *handshake.Head, rw io.ReadWriteCloser, check func(*handshake.Head) error) (agreement, error) {
	if s.life.isDraining() {
		return agreement{}, errDraining()
	}
	req, err := h.Request()
	if err != nil {
		return agreement{}, err
	}
	if err := s.checkOriginOf(h, rw); err != nil {
		return agreement{}, err
	}
	if check != nil {
		if err := check(h); err != nil {
			return agreement{}, err
		}
	}
	if !s.hasHooks() {
		return s.agree(req, nil, nil)
	}
	r, err := h.HTTPRequest()
	if err != nil {
		return agreement{}, err
	}
	r = r.WithContext(ctx)
	if err := s.checkTarget(r); err != nil {
		return agreement{}, err
	}
	if err := s.verify(r); err != nil {
		return agreement{}, err
	}
	return s.agree(req, r, make(http.Header))
}

// checkOriginOf is checkOrigin for a request that net/http has not read.
func (s *Server) checkOriginOf(h *handshake.Head, rw io.ReadWriteCloser) error {
	if s.InsecureSkipOriginCheck {
		return nil
	}
	_, secure := rw.(interface{ ConnectionState() tls.ConnectionState })
	err := h.SameOrigin(secure)
	if err == nil || len(s.Origins) == 0 {
		return err
	}
	return s.setup.origins.CheckHead(h)
}
