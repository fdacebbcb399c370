package conn

import (
	"context"
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
	opts        Options
	client      bool
	subprotocol string
	params      *deflate.Params
	opened      time.Time

	// Of the holder of reader: the goroutine that reads.
	reader  lock
	in      message.Decoder
	buf     []byte // read from rw; buf[r:w] is still to decode
	r, w    int
	partial []byte // of a message whose reading a context cut short
	midway  bool   // partial is in use

	// Of the holder of wire: one frame at a time.
	wire lock
	out  message.Encoder

	owed      owed
	pings     pings
	keepalive keepalive

	lastRead  atomic.Int64 // nanoseconds after opened
	waiting   atomic.Bool  // a goroutine waits for bytes from rw
	inHandler atomic.Bool  // a function of a Handler runs
	closing   atomic.Bool  // Close was called

	// Set once, by the holder of wire.
	closeSent   atomic.Pointer[closeFrame] // what our close frame said
	writeFailed atomic.Pointer[CloseError] // why the stream takes no more

	ctx    context.Context
	cancel context.CancelCauseFunc

	endOnce sync.Once
	ended   chan struct{} // closed after end is set
	end     *CloseError
}

// New returns the connection that runs over rw, on which the opening handshake
// is done. opts may be nil. The Conn owns rw from now on.
//
// If rw has the deadlines of a [net.Conn], an ended context interrupts a call
// without harm; otherwise it costs the connection.
func New(rw io.ReadWriteCloser, s Setup, opts *Options) (*Conn, error) {
	if opts == nil {
		opts = &Options{}
	}
	c := &Conn{
		rw:          rw,
		opts:        opts.withDefaults(s.Client),
		client:      s.Client,
		subprotocol: s.Subprotocol,
		opened:      time.Now(),
		reader:      newLock(),
		wire:        newLock(),
		ended:       make(chan struct{}),
		buf:         s.Buffered,
		w:           len(s.Buffered),
	}
	c.in = message.Decoder{
		FromClient: !s.Client,
		MaxMessage: c.opts.MaxMessage,
		MaxFrames:  c.opts.MaxFrames,
		SkipUTF8:   c.opts.SkipUTF8,
	}
	c.out = message.Encoder{FromClient: s.Client, CompressFrom: c.opts.CompressFrom}
	if s.Deflate != nil {
		if err := c.compress(*s.Deflate); err != nil {
			return nil, err
		}
	}
	parent := s.Context
	if parent == nil {
		parent = context.Background()
	}
	c.ctx, c.cancel = context.WithCancelCause(context.WithoutCancel(parent))
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
	c.out.Deflate = z
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

// RemoteAddr returns the peer's network address, or nil if the stream has none.
func (c *Conn) RemoteAddr() net.Addr {
	if nc, ok := c.rw.(interface{ RemoteAddr() net.Addr }); ok {
		return nc.RemoteAddr()
	}
	return nil
}

// Context returns a context that ends when the connection does, with the
// [*CloseError] as its cause, and not before. It has the values of the one that
// the connection was set up with. To wait with it costs nothing.
func (c *Conn) Context() context.Context { return c.ctx }

// Done returns a channel that is closed when the connection has ended.
func (c *Conn) Done() <-chan struct{} { return c.ended }

// Err returns nil while the connection lives, and then the [*CloseError] that
// says how it ended.
func (c *Conn) Err() error {
	select {
	case <-c.ended:
		return c.end
	default:
		return nil
	}
}

// finish ends the connection: the first cause stays, the stream is closed, and
// everything that waits wakes up.
func (c *Conn) finish(end CloseError) *CloseError {
	c.endOnce.Do(func() {
		end.LastRead = c.opened.Add(time.Duration(c.lastRead.Load()))
		c.end = &end
		close(c.ended)
		c.cancel(c.end)
		c.stopKeepalive()
		c.rw.Close()
	})
	c.freeIn()
	c.freeOut()
	return c.end
}

// freeIn gives back what the reading half has borrowed, unless it is in use;
// then its holder does it, in doneReading. The lock is never released again.
func (c *Conn) freeIn() {
	if c.reader.try() {
		c.in.Free()
		c.buf, c.partial = nil, nil
	}
}

// freeOut is freeIn for the writing half and releaseWire.
func (c *Conn) freeOut() {
	if c.wire.try() {
		c.out.Free()
	}
}

func (c *Conn) hasEnded() bool {
	select {
	case <-c.ended:
		return true
	default:
		return false
	}
}
