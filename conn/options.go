package conn

import (
	"context"
	"time"

	"github.com/parleyws/parley/conn/message"
	"github.com/parleyws/parley/deflate"
)

// Setup is what the opening handshake leaves behind.
type Setup struct {
	Client      bool            // this endpoint is the client
	Subprotocol string          // "" if none was agreed
	Deflate     *deflate.Params // nil if no compression was agreed
	Buffered    []byte          // bytes that the peer sent on the heels of its handshake; the Conn keeps them

	// Context is the parent of [Conn.Context], for the values in it; nil for
	// context.Background.
	Context context.Context
}

// Options tune a Conn. The zero value is good for most. Everywhere 0 means the
// default and -1 means none. A Conn copies its Options.
type Options struct {
	// MaxMessage is the largest message to receive, in bytes, inflated; by
	// default 1 MiB. A larger one fails the connection with 1009 as soon as
	// it is known to be larger, and Read returns a [*LimitError].
	MaxMessage int64

	// MaxFrames is how many frames a received message may consist of; by
	// default 16 384 for a server and 262 144 for a client. A message of more
	// fails the connection with 1008.
	MaxFrames int

	// SkipUTF8 leaves received text unchecked, against RFC 6455 section 8.1:
	// only for peers that are trusted to send nothing else.
	SkipUTF8 bool

	// CompressFrom is the size in bytes of the smallest message to compress,
	// where compression was agreed; by default 512. -1 compresses all.
	CompressFrom int

	// Level is the level of compression, 1 (fast, the default) to 9; see
	// [deflate.NewCompressor].
	Level int

	// CompressLimit bounds how many messages are compressed at the same time,
	// by all connections that share it; nil for no limit. A write that has to
	// wait for its turn heeds its context. A server that has none of its own
	// makes one for its connections.
	CompressLimit *deflate.Limit

	// PingInterval is how long nothing may arrive before the Conn asks the
	// peer with a ping, and PongTimeout how long it then waits for a sign of
	// life, any byte, before it fails the connection with [ErrPingTimeout]; by
	// default 20 s each. A peer is judged only while something waits to read:
	// bytes that nobody reads are no proof of death.
	PingInterval time.Duration
	PongTimeout  time.Duration

	// WriteTimeout bounds the writing of one message to a peer that does not
	// read; by default 10 s. When it passes the connection fails.
	WriteTimeout time.Duration

	// CloseTimeout bounds the closing handshake; by default 5 s. When it
	// passes the connection is cut.
	CloseTimeout time.Duration
}

// Defaults of [Options].
const (
	DefaultMaxMessage      = message.DefaultMaxMessage
	DefaultMaxFrames       = message.DefaultMaxFrames
	DefaultMaxFramesClient = 262144
	DefaultPingInterval    = 20 * time.Second
	DefaultPongTimeout     = 20 * time.Second
	DefaultWriteTimeout    = 10 * time.Second
	DefaultCloseTimeout    = 5 * time.Second
)

// withDefaults returns o with every 0 replaced, and durations of none as 0.
func (o Options) withDefaults(client bool) Options {
	if o.MaxFrames == 0 && client {
		o.MaxFrames = DefaultMaxFramesClient
	}
	o.PingInterval = duration(o.PingInterval, DefaultPingInterval)
	o.PongTimeout = duration(o.PongTimeout, DefaultPongTimeout)
	o.WriteTimeout = duration(o.WriteTimeout, DefaultWriteTimeout)
	o.CloseTimeout = duration(o.CloseTimeout, DefaultCloseTimeout)
	return o
}

func duration(d, byDefault time.Duration) time.Duration {
	switch {
	case d < 0:
		return 0
	case d == 0:
		return byDefault
	}
	return d
}
