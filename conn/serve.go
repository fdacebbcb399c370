package conn

import (
	"context"
	"runtime"
	"time"

	"github.com/parleyws/parley/conn/message"
)

// Handler holds functions to call as events happen. Any may be nil. They run on
// the goroutine that called [Conn.Serve], one at a time, so while one runs
// nothing is read: a peer that sends faster than they work has to wait.
type Handler struct {
	OnOpen    func(c *Conn)
	OnMessage func(c *Conn, m Message)      // m.Data is lent until OnMessage returns
	OnPing    func(c *Conn, payload []byte) // lent; unless Options.ManualPong is set the pong is already on its way
	OnPong    func(c *Conn, payload []byte) // lent
	OnClose   func(c *Conn, err error)      // the connection has ended; err is nil if the peer closed normally
	OnPanic   func(c *Conn, reason any)     // one of the others has panicked with reason; see [Conn.Start]
}

// Serve reads c until the connection ends or ctx does, and calls h: OnOpen
// first, and OnClose last, once, if the connection has ended. It returns nil if the
// peer closed normally, else the [*CloseError] or the error of ctx. It closes
// nothing: after ctx has ended, c may be read again.
func (c *Conn) Serve(ctx context.Context, h Handler) error {
	if err := c.beginReading(ctx); err != nil {
		return err
	}
	c.leaveStream()
	h.open(c)
	err := c.serve(ctx, &h)
	c.doneReading()
	if closedNormally(err) {
		err = nil
	}
	if h.OnClose != nil && c.hasEnded() {
		h.OnClose(c, err)
	}
	return err
}

func (c *Conn) serve(ctx context.Context, h *Handler) error {
	var ev message.Event
	for {
		c.in.until = time.Time{}
		if err := c.nextPiece(ctx, h, &ev); err != nil {
			return err
		}
		if err := c.deliver(h, &ev); err != nil {
			return err
		}
	}
}

// deliver hands over a message that is whole, and collects one that is not.
func (c *Conn) deliver(h *Handler, ev *message.Event) error {
	u := &c.in.message
	if !ev.Last {
		return c.collect(ev)
	}
	data := ev.Payload
	if u.collected != nil {
		*u.collected = append(*u.collected, ev.Payload...)
		data = *u.collected
	}
	if !c.closing.Load() {
		h.message(c, Message{Type(ev.Opcode), data})
	}
	c.endMessage()
	return nil
}

// The functions below call those of a Handler, and say so until the next read: see
// awaitClose.

func (h *Handler) open(c *Conn) {
	if h.OnOpen != nil {
		c.phase.enter(handling)
		h.OnOpen(c)
	}
}

func (h *Handler) message(c *Conn, m Message) {
	if h.OnMessage != nil {
		c.phase.enter(handling)
		h.OnMessage(c, m)
		c.giveWay()
	}
}

func (h *Handler) ping(c *Conn, payload []byte) {
	if h != nil && h.OnPing != nil {
		c.phase.enter(handling)
		h.OnPing(c, payload)
		c.giveWay()
	}
}

func (h *Handler) pong(c *Conn, payload []byte) {
	if h != nil && h.OnPong != nil {
		c.phase.enter(handling)
		h.OnPong(c, payload)
		c.giveWay()
	}
}

// giveWay lets others run, if that is wanted.
func (c *Conn) giveWay() {
	if c.opts.Fair {
		runtime.Gosched()
	}
}
