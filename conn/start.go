package conn

import (
	"context"
	"sync/atomic"

	"github.com/parleyws/parley/frame"
)

// Start is [Conn.Serve] on a goroutine of its own: it returns at once, and the
// connection is served until it ends, of which OnClose tells.
//
// Where the system allows it, which is on Linux for a stream that is a
// [*net.TCPConn] or a [*net.UnixConn], a connection that has been silent for a
// second gives up its goroutine, with the stack, until something arrives. With a
// ReadTimeout, or a MessageTimeout while a message is unfinished, it does not.
//
// The functions of h run one at a time, though not all on one goroutine. If one
// of them panics and there is an OnPanic, only this connection ends, with 1011.
func (c *Conn) Start(h Handler) error {
	if err := c.beginReading(context.Background()); err != nil {
		return err
	}
	c.leaveStream()
	s := &service{Handler: h}
	c.service.Store(s)
	go c.run(s)
	return nil
}

// service is what Start keeps of a connection. But for what is atomic it belongs to
// the holder of reader, as which a parked connection counts.
type service struct {
	Handler
	stage   serviceStage
	parked  atomic.Bool
	place   place
	unable  bool   // to be parked
	woken   bool   // and has not looked yet what for
	counted uint64 // messages that had come when it was parked
}

type serviceStage uint8

const (
	opening serviceStage = iota
	serving
	ending
)

// run goes through what is left of the service, until that is over or the
// connection is parked.
func (c *Conn) run(s *service) {
	left := false
	defer func() {
		if left {
			return // so that s is perhaps another's
		}
		var reason any
		if s.OnPanic != nil {
			reason = recover()
		}
		c.brokenService(s, reason)
	}()
	if s.stage == opening {
		s.stage = serving
		s.open(c)
	}
	for s.stage == serving {
		err := c.serve(context.Background(), &s.Handler)
		if err == errIdle {
			if left = c.park(s); left {
				return
			}
			continue
		}
		s.end()
		c.doneReading()
		c.Close(context.Background(), frame.NormalClosure, "") // if it lives, for the sake of ReadTimeout
	}
	if s.OnClose != nil {
		var err error
		if !c.end.normal() {
			err = c.end
		}
		s.OnClose(c, err)
	}
	left = true
}

// brokenService ends the connection because a function of the Handler has not
// returned.
func (c *Conn) brokenService(s *service, reason any) {
	broken := s.stage
	s.end()
	if broken != ending {
		c.doneReading()
	}
	if reason != nil {
		s.OnPanic(c, reason)
	}
	c.Close(context.Background(), frame.InternalError, "")
	if broken == serving {
		c.run(s)
	}
}

// end has the connection never be parked again.
func (s *service) end() {
	s.stage = ending
	lot.leave(&s.place)
}
