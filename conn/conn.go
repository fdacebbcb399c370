package conn

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parleyws/parley/conn/message"
	"github.com/parleyws/parley/deflate"
)

// Conn is a connection. One goroutine at a time may read; any may write.
type Conn struct {
	rw          io.ReadWriteCloser
	opts        *Options // with defaults; shared
	client      bool
	subprotocol string
	params      *deflate.Params
	opened      time.Time

	reader lock // the right to read
	in     incoming

	turn lock // the right to send a message that depends on others: compressed, or streamed
	wire lock // the right to write frames
	out  outgoing

	owed      owed
	pings     pings
	keepalive keepalive

	tick     tick         // of Options.Wheel
	more     atomic.Bool  // there is input to be dealt with before the next read
	lastRead atomic.Int64 // nanoseconds after opened
	pinged   atomic.Int64 // when the last ping of keepalive has left, likewise
	written  atomic.Int64 // when bytes have left while a ping was behind them, likewise
	phase    phase        // what the reading half does
	closing  atomic.Bool  // Close was called

	// Set once, by the holder of wire.
	closeSent   atomic.Pointer[closeFrame] // what our close frame said
	writeFailed atomic.Pointer[CloseError] // why nothing more may be written

	streamFailed atomic.Bool // the stream takes no more

	life    life
	service atomic.Pointer[service] // of Start

	onEnd    func(*Conn)
	endOnce  sync.Once
	isEnding atomic.Bool   // end is set, and ended is being closed
	ended    chan struct{} // closed after end is set
	end      *CloseError
}

// New returns the connection that runs over rw, on which the opening handshake
// is done. opts may be nil. The Conn owns rw from now on.
//
// rw may be any stream whose Close interrupts Read and Write. If it has the
// deadlines of a [net.Conn], that can be set again after they have passed, an
// ended context interrupts a call without harm. If not (see
// [Setup.OneShotDeadlines]), it is the same for reading, by means of a goroutine
// while a call waits; to interrupt a write that is under way costs the connection.
// If rw has the CloseWrite of a [*net.TCPConn], the closing handshake uses it.
func New(rw io.ReadWriteCloser, s Setup, opts *Options) (*Conn, error) {
	if opts == nil {
		opts = &Options{}
	}
	c := &Conn{
		opts:        opts.resolve(s.Client),
		client:      s.Client,
		subprotocol: s.Subprotocol,
		opened:      time.Now(),
		ended:       make(chan struct{}),
	}
	c.life.parent, c.onEnd = s.Context, s.OnEnd
	c.watchStream(rw, s.OneShotDeadlines)
	c.in.buf.begin(s.Buffered)
	c.in.counts.wire.Add(uint64(len(s.Buffered)))
	c.in.Decoder = message.Decoder{
		FromClient: !s.Client,
		MaxMessage: c.opts.MaxMessage,
		MaxFrames:  c.opts.MaxFrames,
		SkipUTF8:   c.opts.SkipUTF8,
	}
	c.out.frames.FromClient = s.Client
	c.out.messages = message.Encoder{FromClient: s.Client, CompressFrom: c.opts.CompressFrom}
	if s.Deflate != nil {
		if err := c.compress(*s.Deflate); err != nil {
			return nil, err
		}
	}
	if c.opts.Queue != nil {
		c.out.queue = new(queue)
	}
	c.startKeepalive()
	return c, nil
}

// compress sets up the compression that was agreed. RFC 7692 speaks of server
// and client; from here on it is in and out.
func (c *Conn) compress(p deflate.Params) error {
	c.params = &p
	in, out := p.FromClient(), p.FromServer()
	if c.client {
		in, out = out, in
	}
	z, err := deflate.NewCompressor(out, c.opts.Level)
	if err != nil {
		return err
	}
	c.out.messages.Deflate, c.out.direction = z, out
	c.in.Inflate = deflate.NewDecompressor(in)
	return nil
}

// Subprotocol returns the agreed subprotocol, or "".
func (c *Conn) Subprotocol() string { return c.subprotocol }

// Deflate returns the agreed parameters of permessage-deflate, RFC 7692, and
// whether it was agreed at all.
func (c *Conn) Deflate() (deflate.Params, bool) {
	if c.params == nil {
		return deflate.Params{}, false
	}
	return *c.params, true
}

// LocalAddr returns this endpoint's network address, or nil if the stream has
// none.
func (c *Conn) LocalAddr() net.Addr {
	if nc, ok := c.rw.(interface{ LocalAddr() net.Addr }); ok {
		return nc.LocalAddr()
	}
	return nil
}

// RemoteAddr returns the peer's network address, or nil if the stream has none.
func (c *Conn) RemoteAddr() net.Addr {
	if nc, ok := c.rw.(interface{ RemoteAddr() net.Addr }); ok {
		return nc.RemoteAddr()
	}
	return nil
}
