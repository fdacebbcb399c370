package conn

import (
	"bytes"
	"context"
	"sync"

	"github.com/parleyws/parley/conn/message"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
	"github.com/parleyws/parley/utf8check"
)

// Prepared is a message to be sent to many. It is encoded and compressed at most
// once for each kind of receiver, and its memory is shared by all. It is safe for
// use by any number of goroutines. The zero value is not.
type Prepared struct {
	t     Type
	data  []byte
	plain []byte // the frame of a server

	mu         sync.Mutex
	compressed map[kind][]byte // the frames of a server; nil where compression gains nothing
}

// kind is what the receivers that can share a compressed frame have in common.
type kind struct {
	bits  int // of the window
	level int
}

// Prepare prepares a message. data is copied. The error is [ErrNotUTF8] for text
// that is not.
func Prepare(t Type, data []byte) (*Prepared, error) {
	if err := checkType(t); err != nil {
		return nil, err
	}
	if t == Text && !utf8check.Valid(data) {
		return nil, ErrNotUTF8
	}
	h := frame.Header{Fin: true, Opcode: frame.Opcode(t)}
	plain := h.AppendFrame(make([]byte, 0, frame.MaxHeaderLen+len(data)), data)
	return &Prepared{t: t, data: plain[len(plain)-len(data):], plain: plain}, nil
}

// Len returns the length of the message in bytes.
func (p *Prepared) Len() int { return len(p.data) }

// WritePrepared sends p, as [Conn.Write] does. Where compression without context
// takeover was agreed, all connections of the same window size share the compressed
// form. Where the context is taken over no two receivers need the same bytes, so
// the message is sent uncompressed; to have it compressed for each, use Write.
// A client has to mask each frame by itself, so there p saves nothing.
func (c *Conn) WritePrepared(ctx context.Context, p *Prepared) error {
	if c.client {
		return c.dispatch(ctx, &outMessage{t: p.t, data: p.data})
	}
	return c.dispatch(ctx, &outMessage{t: p.t, data: p.data, frame: p.frameFor(c)})
}

// frameFor returns the frame to send on c.
func (p *Prepared) frameFor(c *Conn) []byte {
	d := c.out.direction
	if !c.out.messages.Compresses(len(p.data)) || d.ContextTakeover {
		return p.plain
	}
	k := kind{d.WindowBits, c.opts.Level}
	p.mu.Lock()
	defer p.mu.Unlock()
	f, ok := p.compressed[k]
	if !ok {
		if p.compressed == nil {
			p.compressed = make(map[kind][]byte)
		}
		f = p.compress(d, c.opts.Level)
		p.compressed[k] = f
	}
	return f
}

// compress returns the compressed frame, or the plain one if that is no longer.
func (p *Prepared) compress(d deflate.Direction, level int) []byte {
	z, err := deflate.NewCompressor(d, level)
	if err != nil {
		return p.plain // a Conn has no such direction: New refused it
	}
	e := message.Encoder{Deflate: z, CompressFrom: -1}
	defer e.Free()
	f, err := e.AppendMessage(nil, frame.Opcode(p.t), p.data)
	if err != nil || len(f) >= len(p.plain) {
		return p.plain
	}
	return bytes.Clone(f)
}
