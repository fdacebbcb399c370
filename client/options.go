package client

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/deflate"
)

// DefaultHandshakeTimeout is how long [Dial] may take, name look-up, TLS and
// opening handshake in all.
const DefaultHandshakeTimeout = 10 * time.Second

// Options say what a client asks for. The zero value is good for most. They are
// only read.
type Options struct {
	// Header is sent with the request, for example Origin, Cookie or
	// Authorization. The fields of the handshake itself may not be in it. If
	// the URL has a user and password and Header no Authorization, they are
	// sent as Basic.
	Header http.Header

	// Subprotocols are offered, in order of preference.
	Subprotocols []string

	// Deflate is the offer of permessage-deflate, RFC 7692; nil for no
	// compression. Keep secrets out of compressed messages.
	Deflate *deflate.Offer

	// TLS is the configuration for wss and https; nil for the defaults of
	// package crypto/tls. ServerName is set from the URL if it is empty.
	TLS *tls.Config

	// DialContext opens the TCP connection; nil for that of a [net.Dialer].
	DialContext func(ctx context.Context, network, addr string) (net.Conn, error)

	// HandshakeTimeout bounds all that comes before the first message; 0 for
	// DefaultHandshakeTimeout, -1 for none. The context may end it sooner.
	HandshakeTimeout time.Duration

	// Conn are the options of the connection.
	Conn conn.Options
}

func (o *Options) handshakeContext(ctx context.Context) (context.Context, context.CancelFunc) {
	switch {
	case o.HandshakeTimeout < 0:
		return context.WithCancel(ctx)
	case o.HandshakeTimeout == 0:
		return context.WithTimeout(ctx, DefaultHandshakeTimeout)
	}
	return context.WithTimeout(ctx, o.HandshakeTimeout)
}
