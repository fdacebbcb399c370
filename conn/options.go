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

	// OnEnd is called once, when the connection has ended, on whichever goroutine
	// has ended it: it must not wait. nil for nothing.
	OnEnd func(c *Conn)

	// OneShotDeadlines says that the deadlines of the stream, if it has any,
	// cannot be set again once they have passed, as those of an HTTP/2 stream
	// in net/http: the Conn leaves them alone and keeps the time itself.
	OneShotDeadlines bool

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

	// SkipUTF8Sent leaves text to be sent unchecked. Otherwise text that is
	// not UTF-8 is refused with [ErrNotUTF8]: the peer would fail the connection.
	SkipUTF8Sent bool

	// ManualPong leaves it to the application to answer pings, with [Conn.Pong]:
	// those of a peer that it does not answer go unanswered, and the peer will
	// take the connection for dead. [Handler.OnPing] tells of them.
	ManualPong bool

	// Fair lets other goroutines run after each function of a [Handler]: at most
	// one event of a connection at a time. Otherwise all that one read has
	// brought is handled before others get their turn, which is faster.
	Fair bool

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

	// ReadTimeout is how long a call that reads waits, for those who do not
	// want a context: then it returns [ErrReadTimeout], nothing is lost, and the
	// connection goes on. In [Conn.Serve] it is how long no message may come. By
	// default there is none. It costs no allocation.
	ReadTimeout time.Duration

	// MessageTimeout is how long a message may take from when its first bytes
	// came to its end, while somebody reads; by default there is none. When it
	// passes the connection fails with 1008 and [ErrMessageTimeout]. Without it a
	// peer that answers pings may leave a message unfinished for ever.
	MessageTimeout time.Duration

	// Budget bounds the memory for unfinished messages of all connections
	// that share it; nil for no bound but MaxMessage. The first 64 KiB of each
	// message do not count. A message that needs more than is left fails its
	// connection with 1013 and a [*LimitError]; the others are not harmed.
	Budget *Budget

	// Queue makes writing a matter of a queue, so that nobody has to wait for a
	// peer that is slow to read; nil for none: then a call that writes waits.
	Queue *Queue

	// MaxPings is how many pings a second the peer may send for long; by default
	// 100. At once it may send ten times as many. A peer that sends more is
	// disconnected with 1008 and a [*LimitError].
	MaxPings int

	// WriteTimeout bounds the writing of one message, or of one fragment of a
	// streamed one, to a peer that does not read; by default 10 s. When it passes
	// the connection fails with [ErrWriteTimeout]. One that follows another soon
	// may get up to a quarter less. It costs no allocation.
	WriteTimeout time.Duration

	// Wheel keeps the time for all connections that share it, which takes one
	// timer for them all; nil for one of its own. A server that has none makes one
	// for its connections.
	Wheel *Wheel

	// CloseTimeout bounds the closing handshake; by default 5 s. When it
	// passes the connection is cut.
	CloseTimeout time.Duration
}

// Defaults of [Options].
const (
	DefaultMaxMessage      = message.DefaultMaxMessage
	DefaultMaxFrames       = message.DefaultMaxFrames
	DefaultMaxFramesClient = 262144
	DefaultMaxPings        = 100 // a second
	DefaultPingInterval    = 20 * time.Second
	DefaultPongTimeout     = 20 * time.Second
	DefaultWriteTimeout    = 10 * time.Second
	DefaultCloseTimeout    = 5 * time.Second
)

// resolve returns o with its defaults, to be read only: connections that share a
// Wheel share them, too, if they are the same.
func (o *Options) resolve(client bool) *Options {
	full := o.withDefaults(client)
	return full.Wheel.share(&full)
}

// withDefaults returns o with every 0 replaced, and durations of none as 0.
func (o Options) withDefaults(client bool) Options {
	if o.MaxFrames == 0 && client {
		o.MaxFrames = DefaultMaxFramesClient
	}
	if o.MaxPings == 0 {
		o.MaxPings = DefaultMaxPings
	}
	if o.Wheel == nil {
		o.Wheel = new(Wheel)
	}
	o.PingInterval = duration(o.PingInterval, DefaultPingInterval)
	o.PongTimeout = duration(o.PongTimeout, DefaultPongTimeout)
	o.ReadTimeout = duration(o.ReadTimeout, 0)
	o.MessageTimeout = duration(o.MessageTimeout, 0)
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
