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

// outcome is what became of a message for the one who wrote it.
type outcome uint8

const (
	notSent outcome = iota // and so it must not arrive
	sent                   // and so no later one of the same sender arrives without it
	unknown                // the connection came to its end meanwhile
)

// soakSender calls at random what any goroutine may call, and keeps account of its
// messages.
type soakSender struct {
	end      *soakEnd
	id       int
	r        *rand.Rand
	net      *conn.NetConn
	outcomes []outcome // by number
}

func (s *soakSender) run() {
	for i := range s.end.plan.calls {
		s.call(!s.end.plan.calm && s.id%10 == 0 && 4*i > 3*s.end.plan.calls)
	}
}

// call makes one call; if it may close, perhaps one that ends the connection.
func (s *soakSender) call(mayClose bool) {
	c, r := s.end.c, s.r
	ctx, cancel := s.context()
	defer cancel()
	switch n := r.IntN(200); {
	case n < 110:
		s.write(ctx)
	case n < 130:
		_, err := c.Ping(ctx)
		s.judge("Ping", ctx, err)
	case n < 150:
		s.judge("Pong", ctx, c.Pong(ctx, []byte("beat")))
	case n < 160:
		s.judge("Flush", ctx, c.Flush(ctx))
	case n < 170:
		s.look()
	case n < 180:
		s.notUTF8(ctx)
	case n < 190:
		s.deadline()
	case mayClose:
		s.close(ctx, n)
	}
}

func (s *soakSender) context() (context.Context, context.CancelFunc) {
	switch n := s.r.IntN(8); {
	case n == 0:
		ctx, cancel := context.WithCancel(bg)
		cancel()
		return ctx, cancel
	case n == 1 || s.end.plan.calm: // where one that ends inside a frame would end all
		return bg, func() {}
	case n == 2:
		return s.end.shared, func() {}
	}
	return context.WithTimeout(bg, time.Duration(s.r.IntN(20_000))*time.Microsecond)
}

// judge judges the error of a call with ctx.
func (s *soakSender) judge(what string, ctx context.Context, err error, allowed ...error) {
	s.end.judge(what, ctx, err, allowed...)
}

func (s *soakSender) write(ctx context.Context) {
	m := soakMessage{sender: s.id, number: len(s.outcomes), size: s.size(), fill: rune("abcdefghijklm?????"[s.r.IntN(18)])}
	typ := conn.Text
	if s.end.plan.binary || s.r.IntN(2) == 0 {
		typ = conn.Binary
	}
	s.outcomes = append(s.outcomes, unknown)
	err := s.writeSomehow(ctx, typ, m.text())
	s.judge("writing", ctx, err, os.ErrDeadlineExceeded, conn.ErrQueueFull, errSoakPart, net.ErrClosed)
	var end *conn.CloseError
	switch {
	case err == nil:
		s.outcomes[m.number] = sent
		s.end.sent.Add(1)
	case !errors.As(err, &end) && err != errSoakPart && err != net.ErrClosed:
		s.outcomes[m.number] = notSent
	}
}

// errSoakPart stands for the error of a NetConn of whose message a part had left.
var errSoakPart = errors.New("part of the message had left")

func (s *soakSender) size() int {
	switch s.r.IntN(20) {
	case 0:
		return s.r.IntN(100_000)
	case 1, 2, 3:
		return s.r.IntN(20_000)
	}
	return s.r.IntN(1000)
}

func (s *soakSender) writeSomehow(ctx context.Context, typ conn.Type, m string) error {
	c := s.end.c
	switch n := s.r.IntN(12); {
	case n < 3:
		return c.Write(ctx, typ, []byte(m))
	case n < 5 && !s.end.plan.binary:
		return c.WriteText(ctx, m)
	case n < 7:
		return c.WriteUncompressed(ctx, typ, []byte(m))
	case n < 8:
		p, err := conn.Prepare(typ, []byte(m))
		if err != nil {
			return err
		}
		return c.WritePrepared(ctx, p)
	case n < 9 && s.end.plan.binary:
		k, err := s.net.Write([]byte(m))
		if k > 0 && err != nil {
			err = errSoakPart
		}
		return err
	}
	next := c.NextWriter
	if s.r.IntN(3) == 0 {
		next = c.NextWriterUncompressed
	}
	w, err := next(ctx, typ)
	if err != nil {
		return err
	}
	return streamInPieces(w, m, byte(s.r.IntN(0x20)))
}

// notUTF8 has text refused, whole and in the midst of a stream of nothing sent yet.
func (s *soakSender) notUTF8(ctx context.Context) {
	err := s.end.c.WriteText(ctx, "\xff")
	s.judge("WriteText", ctx, err, conn.ErrNotUTF8)
	if err == nil {
		s.end.faults.add("text that is not UTF-8 is sent")
	}
	w, err := s.end.c.NextWriter(ctx, conn.Text)
	s.judge("NextWriter", ctx, err)
	if err != nil {
		return
	}
	if _, err := io.WriteString(w, "abc\xff"); err == nil {
		s.end.faults.add("streamed text that is not UTF-8 is taken")
	}
	s.judge("MessageWriter.Close", ctx, w.Close(), conn.ErrNotUTF8)
}

func (s *soakSender) look() {
	c := s.end.c
	c.Buffered()
	c.Queue()
	c.Stats()
	err, state := c.Err(), c.State()
	if err != nil && state != conn.Closed {
		s.end.faults.add("after %v the state is %v", err, state)
	}
	if err == nil {
		return
	}
	select {
	case <-c.Done():
	default:
		s.end.faults.add("after %v Done is open", err)
	}
	<-c.Context().Done() // at the latest soon
	if cause := context.Cause(c.Context()); cause != err {
		s.end.faults.add("after %v the cause of Context is %v", err, cause)
	}
}

// deadline sets deadlines of the sender's own NetConn, and sometimes of the
// reader's.
func (s *soakSender) deadline() {
	at := time.Now().Add(time.Duration(s.r.IntN(20_000)-2000) * time.Microsecond)
	if s.r.IntN(3) == 0 {
		at = time.Time{}
	}
	switch s.r.IntN(3) {
	case 0:
		s.net.SetDeadline(at)
	case 1:
		s.net.SetWriteDeadline(at)
	case 2:
		s.end.net.SetReadDeadline(at)
	}
}

// close ends the connection in one of many ways, or tries to.
func (s *soakSender) close(ctx context.Context, n int) {
	c := s.end.c
	switch n {
	case 190, 191:
		s.judge("Close", ctx, c.Close(ctx, frame.NormalClosure, "at random"), conn.ErrCloseTimeout)
	case 192:
		s.judge("CloseWrite", ctx, c.CloseWrite(ctx, frame.GoingAway, "half"), conn.ErrCloseTimeout)
	case 193:
		c.CloseNow()
	case 194:
		s.net.Close()
	case 195:
		s.judge("NetConn.CloseWrite", ctx, s.net.CloseWrite(), conn.ErrCloseTimeout, net.ErrClosed)
	case 196:
		s.judge("Close", ctx, c.Close(bg, 4000, "at random"), conn.ErrCloseTimeout)
	}
}
