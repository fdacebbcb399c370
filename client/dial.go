package client

import (
	"context"
	"crypto/tls"
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

// Dial opens a connection to a ws, wss, http or https URL. opts may be nil.
//
// The response is not nil if the server sent one, error or not; its body holds
// at most the first KiB and need not be closed. An answer that is wrong is a
// [*handshake.Error]. Redirects are not followed. When ctx ends, Dial returns;
// once it has returned, ctx means nothing to the connection.
func Dial(ctx context.Context, rawURL string, opts *Options) (*conn.Conn, *http.Response, error) {
	if opts == nil {
		opts = &Options{}
	}
	u, err := parseURL(rawURL)
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := opts.handshakeContext(ctx)
	defer cancel()
	nc, err := dialStream(ctx, u, opts)
	if err != nil {
		return nil, nil, fmt.Errorf("websocket: %w", err)
	}
	return open(ctx, nc, u, opts)
}

// DialConn performs the opening handshake for rawURL on nc, which the caller has
// connected, with TLS if there is to be any. It closes nc if there is an error.
// Otherwise it is as [Dial].
func DialConn(ctx context.Context, nc net.Conn, rawURL string, opts *Options) (*conn.Conn, *http.Response, error) {
	if opts == nil {
		opts = &Options{}
	}
	u, err := parseURL(rawURL)
	if err != nil {
		nc.Close()
		return nil, nil, err
	}
	ctx, cancel := opts.handshakeContext(ctx)
	defer cancel()
	return open(ctx, nc, u, opts)
}

func parseURL(rawURL string) (*url.URL, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, fmt.Errorf("websocket: %w", err)
	}
	switch u.Scheme {
	case "ws", "wss", "http", "https":
	default:
		return nil, fmt.Errorf("websocket: %q is not a ws or wss URL", rawURL)
	}
	if u.Hostname() == "" {
		return nil, fmt.Errorf("websocket: URL %q has no host", rawURL)
	}
	return u, nil
}

func isSecure(u *url.URL) bool { return u.Scheme == "wss" || u.Scheme == "https" }

// dialStream connects to the host of u, with TLS if its scheme says so.
func dialStream(ctx context.Context, u *url.URL, opts *Options) (net.Conn, error) {
	dial := opts.DialContext
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	port := u.Port()
	if port == "" {
		port = "80"
		if isSecure(u) {
			port = "443"
		}
	}
	nc, err := dial(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil || !isSecure(u) {
		return nc, err
	}
	tc := tls.Client(nc, tlsConfig(opts.TLS, u.Hostname()))
	if err := tc.HandshakeContext(ctx); err != nil {
		nc.Close()
		return nil, fmt.Errorf("TLS handshake with %s: %w", u.Host, err)
	}
	return tc, nil
}

func tlsConfig(c *tls.Config, host string) *tls.Config {
	if c == nil {
		c = &tls.Config{}
	}
	c = c.Clone()
	if c.ServerName == "" {
		c.ServerName = host
	}
	c.NextProtos = []string{"http/1.1"} // a server must not answer in HTTP/2
	return c
}

// open performs the opening handshake on nc, and closes it if that fails.
func open(ctx context.Context, nc net.Conn, u *url.URL, opts *Options) (*conn.Conn, *http.Response, error) {
	c, resp, err := handshakeOn(ctx, nc, u, opts)
	if err != nil {
		nc.Close()
		if ctx.Err() != nil {
			err = fmt.Errorf("websocket: opening handshake: %w", context.Cause(ctx))
		}
		return nil, resp, err
	}
	return c, resp, nil
}

func handshakeOn(ctx context.Context, nc net.Conn, u *url.URL, opts *Options) (*conn.Conn, *http.Response, error) {
	req := handshake.Request{Key: handshake.NewKey(), Subprotocols: opts.Subprotocols}
	if opts.Deflate != nil {
		offer := handshake.NewExtension(deflate.Name, opts.Deflate.All())
		req.Extensions = []string{offer.String()}
	}
	head, err := handshake.AppendRequest(nil, u, req, headerFor(u, opts.Header))
	if err != nil {
		return nil, nil, err
	}

	// Reading and writing a head know no context, but a deadline wakes them.
	woken := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		nc.SetDeadline(time.Unix(1, 0))
		close(woken)
	})
	resp, early, err := exchange(nc, head)
	if !stop() {
		<-woken
		return nil, resp, context.Cause(ctx)
	}
	if err != nil {
		return nil, resp, err
	}

	answer, err := handshake.ParseResponse(resp, req)
	if err != nil {
		return nil, resp, err
	}
	agreed, err := agreedDeflate(answer, opts.Deflate)
	if err != nil {
		return nil, resp, err
	}
	c, err := conn.New(nc, conn.Setup{
		Client:      true,
		Subprotocol: answer.Subprotocol,
		Deflate:     agreed,
		Buffered:    early,
	}, &opts.Conn)
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
