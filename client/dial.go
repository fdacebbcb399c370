package client

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"

	"github.com/parleyws/parley/conn"
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
	a, err := newAttempt(rawURL, opts)
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := opts.handshakeContext(ctx)
	defer cancel()
	nc, err := dialStream(ctx, a.url, opts)
	if err != nil {
		return nil, nil, fmt.Errorf("websocket: %w", err)
	}
	return a.open(ctx, nc)
}

// DialConn performs the opening handshake for rawURL on nc, which the caller has
// connected, with TLS if there is to be any. It closes nc if there is an error.
// Otherwise it is as [Dial].
func DialConn(ctx context.Context, nc net.Conn, rawURL string, opts *Options) (*conn.Conn, *http.Response, error) {
	if opts == nil {
		opts = &Options{}
	}
	a, err := newAttempt(rawURL, opts)
	if err != nil {
		nc.Close()
		return nil, nil, err
	}
	ctx, cancel := opts.handshakeContext(ctx)
	defer cancel()
	return a.open(ctx, nc)
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
