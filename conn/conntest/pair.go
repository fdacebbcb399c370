package conntest

import (
	"io"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/deflate"
)

// PairOptions say how two connections are made. The zero value is good for most.
type PairOptions struct {
	Pipe   *Options      // of the stream between them; may be nil
	Server *conn.Options // of the server's end; may be nil
	Client *conn.Options // of the client's end; may be nil

	Subprotocol string          // that was agreed; "" for none
	Deflate     *deflate.Params // that were agreed; nil for no compression

	// ServerStream and ClientStream return the stream that the connection runs
	// over, made of its end; nil for the end itself. So a connection runs over
	// [End.Plain], over [End.HTTP2], or over a type of the test's own.
	ServerStream func(*End) io.ReadWriteCloser
	ClientStream func(*End) io.ReadWriteCloser
}

// Conns are two connections that talk to each other, as after an opening
// handshake, and the ends of the stream between them: ServerEnd.Out() is what the
// server sends, and ServerEnd.In() what it gets.
type Conns struct {
	Server, Client       *conn.Conn
	ServerEnd, ClientEnd *End
}

// Pair returns two connections over a [Pipe]. opts may be nil. A connection has a
// timer for its keepalive, so close them: [Conns.CloseNow] does. The error is that
// of [conn.New], for options that cannot be met.
func Pair(opts *PairOptions) (*Conns, error) {
	if opts == nil {
		opts = &PairOptions{}
	}
	a, b := Pipe(opts.Pipe)
	c := &Conns{ServerEnd: a, ClientEnd: b}
	setup := conn.Setup{Subprotocol: opts.Subprotocol, Deflate: opts.Deflate}
	var err error
	if c.Server, err = conn.New(stream(a, opts.ServerStream), setup, opts.Server); err != nil {
		return nil, err
	}
	setup.Client = true
	if c.Client, err = conn.New(stream(b, opts.ClientStream), setup, opts.Client); err != nil {
		c.Server.CloseNow()
		return nil, err
	}
	return c, nil
}

func stream(e *End, of func(*End) io.ReadWriteCloser) io.ReadWriteCloser {
	if of == nil {
		return e
	}
	return of(e)
}

// CloseNow ends both connections without a closing handshake.
func (c *Conns) CloseNow() {
	c.Server.CloseNow()
	c.Client.CloseNow()
}
