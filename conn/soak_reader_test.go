package conn_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/frame"
)

// soakReader is the one goroutine that reads a connection, in one style after
// another.
type soakReader struct {
	end *soakEnd
	r   *rand.Rand

	// What was received, in order, as far as it was looked at.
	received []soakMessage
	open     int // how many of them came while nothing could have been discarded
	passed   int // messages that were passed over without a look at them
	onClose  int
	rest     []byte // of the stream of a NetConn, up to its last whole message
}

// run reads until the connection has ended.
func (d *soakReader) run() {
	for d.end.c.Err() == nil {
		ctx, cancel := bg, context.CancelFunc(func() {})
		if d.r.IntN(3) > 0 {
			ctx, cancel = context.WithTimeout(bg, time.Duration(d.r.IntN(5000))*time.Microsecond)
		}
		d.read(ctx)
		cancel()
	}
}

func (d *soakReader) read(ctx context.Context) {
	c := d.end.c
	switch n := d.r.IntN(12); {
	case n < 3:
		m, err := c.Read(ctx)
		d.got("Read", ctx, m.Data, err)
	case n < 5:
		buf := make([]byte, 0, d.r.IntN(2000))
		for range d.r.IntN(5) {
			_, data, err := c.ReadInto(ctx, buf)
			d.got("ReadInto", ctx, data, err)
			if err == nil {
				buf = data
			}
		}
	case n < 7:
		d.nextReader(ctx)
	case n < 8:
		left := d.r.IntN(5)
		for m, err := range c.Messages(ctx) {
			d.got("Messages", ctx, m.Data, err)
			if left--; left < 0 {
				break
			}
		}
	case n < 11 || !d.end.plan.binary:
		d.serve(ctx)
	default:
		d.stream()
	}
}

// got takes a message that was received whole.
func (d *soakReader) got(what string, ctx context.Context, data []byte, err error) {
	if err != nil {
		d.judge(what, ctx, err)
		return
	}
	m, err := parseSoakMessage(data)
	if err != nil {
		d.end.faults.add("%s: %v", what, err)
	}
	d.note(m)
}

func (d *soakReader) judge(what string, ctx context.Context, err error, allowed ...error) {
	d.end.judge(what, ctx, err, append(allowed, conn.ErrReadTimeout)...)
}

// note notes a message. As long as the connection is open nothing has been
// discarded for the sake of Close.
func (d *soakReader) note(m soakMessage) {
	d.received = append(d.received, m)
	d.end.got.Add(1)
	if d.end.c.State() == conn.Open {
		d.open = len(d.received)
	}
}

// nextReader reads a message as it comes, perhaps not to its end.
func (d *soakReader) nextReader(ctx context.Context) {
	_, r, err := d.end.c.NextReader(ctx)
	d.judge("NextReader", ctx, err)
	if err != nil {
		return
	}
	most := 1 << 30
	if d.r.IntN(2) == 0 {
		most = soakHead + d.r.IntN(1000)
	}
	var data []byte
	buf := make([]byte, 1+d.r.IntN(5000))
	for len(data) < most {
		n, err := r.Read(buf[:min(len(buf), most-len(data))])
		data = append(data, buf[:n]...)
		if err == io.EOF {
			d.got("MessageReader", ctx, data, nil)
			return
		}
		if d.judge("MessageReader.Read", ctx, err); err != nil {
			break
		}
	}
	m, err := parseSoakHead(data)
	if err != nil {
		d.passed++ // its head has not come
		return
	}
	if want := m.text(); len(data) > len(want) || string(data) != want[:len(data)] {
		d.end.faults.add("MessageReader: the first %d bytes of %+v are others", len(data), m)
	}
	d.note(m)
}

// serve serves, with a handler that calls something itself now and then.
func (d *soakReader) serve(ctx context.Context) {
	opened, closed := 0, 0
	var told error
	err := d.end.c.Serve(ctx, conn.Handler{
		OnOpen: func(*conn.Conn) { opened++ },
		OnMessage: func(c *conn.Conn, m conn.Message) {
			d.got("Serve", ctx, m.Data, nil)
			if d.end.plan.calm { // for both ends could wait for each other
				c.Buffered()
				return
			}
			soon, cancel := context.WithTimeout(ctx, time.Duration(d.r.IntN(2000))*time.Microsecond)
			defer cancel()
			switch d.r.IntN(100) {
			case 0:
				d.judge("Pong", soon, c.Pong(soon, nil))
			case 1:
				_, err := c.Ping(soon)
				d.judge("Ping", soon, err)
			case 2:
				if d.r.IntN(20) == 0 {
					d.judge("Close", soon, c.Close(soon, frame.GoingAway, "in a handler"), conn.ErrCloseTimeout)
				}
			}
		},
		OnPing:  func(c *conn.Conn, _ []byte) { c.State() },
		OnClose: func(_ *conn.Conn, err error) { closed, told = closed+1, err },
	})
	d.judge("Serve", ctx, err)
	d.onClose += closed
	var end *conn.CloseError
	over := err == nil || errors.As(err, &end)
	if opened > 1 || closed > opened || opened == 1 && over && closed == 0 || closed == 1 && told != err {
		d.end.faults.add("Serve: opened %d times, closed %d times with %v; returns %v", opened, closed, told, err)
	}
}

// stream reads through a NetConn, which does not see where messages end.
func (d *soakReader) stream() {
	n := d.end.net
	n.SetReadDeadline(time.Now().Add(time.Duration(d.r.IntN(5000)) * time.Microsecond))
	d.rest = d.rest[:0]
	for most := d.r.IntN(10); most >= 0 || len(d.rest) > 0; most-- {
		buf := make([]byte, 1+d.r.IntN(20_000))
		k, err := n.Read(buf)
		d.rest = append(d.rest, buf[:k]...)
		d.takeStreamed()
		switch {
		case err == nil:
		case errors.Is(err, os.ErrDeadlineExceeded):
			if len(d.rest) > 0 { // to be finished in the same style
				n.SetReadDeadline(time.Now().Add(time.Duration(d.r.IntN(5000)) * time.Microsecond))
				continue
			}
			return
		default:
			d.judge("NetConn.Read", bg, err, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed)
			return
		}
	}
}

// takeStreamed takes the whole messages out of the stream.
func (d *soakReader) takeStreamed() {
	for len(d.rest) >= soakHead {
		m, err := parseSoakHead(d.rest)
		if err != nil {
			d.end.faults.add("NetConn.Read: %v", err)
			d.rest = nil
			return
		}
		if len(d.rest) < soakHead+m.size {
			return
		}
		d.got("NetConn.Read", bg, d.rest[:soakHead+m.size], nil)
		d.rest = append(d.rest[:0], d.rest[soakHead+m.size:]...)
	}
}
