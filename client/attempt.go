package client

import (
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/handshake"
)

// attempt is one opening handshake. It is made before anything is dialled, so
// that what the caller got wrong never reaches the network.
type attempt struct {
	url  *url.URL
	opts *Options
	req  handshake.Request
	head []byte // of the request
}

func newAttempt(rawURL string, opts *Options) (*attempt, error) {
	u, err := parseURL(rawURL)
	if err != nil {
		return nil, err
	}
	a := &attempt{url: u, opts: opts}
	a.req = handshake.Request{Key: handshake.NewKey(), Subprotocols: opts.Subprotocols}
	if opts.Deflate != nil {
		offer := handshake.NewExtension(deflate.Name, opts.Deflate.All())
		a.req.Extensions = []string{offer.String()}
	}
	a.head, err = handshake.AppendRequest(nil, u, a.req, headerFor(u, opts.Header))
	return a, err
}

// open performs the opening handshake on nc, and closes it if that fails.
func (a *attempt) open(ctx context.Context, nc net.Conn) (*conn.Conn, *http.Response, error) {
	c, resp, err := a.handshake(ctx, nc)
	if err != nil {
		nc.Close()
		if ctx.Err() != nil {
			err = fmt.Errorf("websocket: opening handshake: %w", context.Cause(ctx))
		}
		return nil, resp, err
	}
	return c, resp, nil
}

func (a *attempt) handshake(ctx context.Context, nc net.Conn) (*conn.Conn, *http.Response, error) {
	// Reading and writing a head know no context, but a deadline wakes them.
	woken := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		nc.SetDeadline(time.Unix(1, 0))
		close(woken)
	})
	resp, early, err := exchange(nc, a.head)
	if !stop() {
		<-woken
		return nil, resp, context.Cause(ctx)
	}
	if err != nil {
		return nil, resp, err
	}

	answer, err := handshake.ParseResponse(resp, a.req)
	if err != nil {
		return nil, resp, err
	}
	agreed, err := agreedDeflate(answer, a.opts.Deflate)
	if err != nil {
		return nil, resp, err
	}
	c, err := conn.New(nc, conn.Setup{
		Client:      true,
		Subprotocol: answer.Subprotocol,
		Deflate:     agreed,
		Buffered:    early,
	}, &a.opts.Conn)
	return c, resp, err
}

func exchange(nc net.Conn, head []byte) (*http.Response, []byte, error) {
	if _, err := nc.Write(head); err != nil {
		return nil, nil, fmt.Errorf("websocket: opening handshake: %w", err)
	}
	return handshake.ReadResponse(nc, nil)
}

// headerFor is the caller's header with the credentials of u.
func headerFor(u *url.URL, h http.Header) http.Header {
	if u.User == nil || h.Get("Authorization") != "" {
		return h
	}
	h = h.Clone()
	if h == nil {
		h = http.Header{}
	}
	password, _ := u.User.Password()
	credentials := u.User.Username() + ":" + password
	h.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(credentials)))
	return h
}

// agreedDeflate returns what the server agreed to, if it keeps to the offer. That
// its extensions are of offered names is already checked.
func agreedDeflate(answer handshake.Response, offer *deflate.Offer) (*deflate.Params, error) {
	switch len(answer.Extensions) {
	case 0:
		return nil, nil
	case 1:
	default:
		return nil, badAnswer("permessage-deflate is agreed twice", nil)
	}
	agreed, err := deflate.ParseResponse(answer.Extensions[0].Params())
	if err == nil {
		err = offer.Verify(agreed)
	}
	if err != nil {
		return nil, badAnswer("the server's permessage-deflate is not what was offered", err)
	}
	return &agreed, nil
}

func badAnswer(reason string, err error) error {
	return &handshake.Error{
		Status:  http.StatusSwitchingProtocols,
		Reason:  reason,
		Section: "RFC 7692 5.1",
		Err:     err,
	}
}
