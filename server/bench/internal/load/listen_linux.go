package load

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"github.com/parleyws/parley/frame"
	"github.com/parleyws/parley/server/bench/internal/stamp"
)

// Expected is a series of messages that every connection is to receive.
type Expected struct {
	First uint64 // number of the first one, see package stamp
	Count int
	Size  int           // bytes of each
	End   time.Duration // when the last one is due, by [stamp.Now]
}

// Heard is what the connections received of a series.
type Heard struct {
	Latencies []time.Duration // of all messages, from when each was due until it had come
	Lost      int             // messages that did not come
	Closed    int             // connections that the server closed
}

// grace is how long nothing may come, after the last message was due, until the rest
// is given up.
const grace = 5 * time.Second

// Listen receives a series, and returns when each connection has its last message.
// It cannot follow Run.
func (cs *Clients) Listen(x Expected) (Heard, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := cs.watch(); err != nil {
		return Heard{}, err
	}
	l := newListener(x, len(cs.all))
	events := make([]unix.EpollEvent, 512)
	for l.listening > 0 {
		n, err := unix.EpollWait(cs.poll, events, int(grace/time.Millisecond))
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return Heard{}, fmt.Errorf("websocket: epoll: %w", err)
		}
		if n == 0 && stamp.Now() > x.End+grace {
			break
		}
		for _, ev := range events[:n] {
			if err := cs.hear(int(ev.Fd), l); err != nil {
				return Heard{}, err
			}
		}
	}
	return l.result(), nil
}

// hear reads what has come on connection i.
func (cs *Clients) hear(i int, l *listener) error {
	fd := cs.all[i].fd
	n, err := unix.Read(fd, cs.buf)
	now := stamp.Now()
	switch {
	case err == unix.EAGAIN || err == unix.EINTR:
		return nil
	case err == unix.ECONNRESET:
		n = 0
	case err != nil:
		return fmt.Errorf("websocket: read: %w", err)
	}
	if n > 0 {
		if err := l.hear(&l.ears[i], cs.buf[:n], now); !errors.Is(err, errClosing) {
			return err
		}
	}
	l.close(&l.ears[i])
	if err := unix.EpollCtl(cs.poll, unix.EPOLL_CTL_DEL, fd, nil); err != nil {
		return fmt.Errorf("websocket: epoll: %w", err)
	}
	return nil
}

// errClosing is a close frame, RFC 6455 section 5.5.1.
var errClosing = errors.New("websocket: the server closes a connection")

// listener collects what has been heard.
type listener struct {
	Expected
	filling   []byte // what every message is behind its stamp
	ears      []ear
	listening int // ears to which the last message has not come
	heard     Heard
}

// ear is what has been heard on one connection.
type ear struct {
	part []byte // the beginning of a message
	next uint64 // number of the next one
}

func newListener(x Expected, connections int) *listener {
	l := &listener{
		Expected:  x,
		filling:   stamp.Payload(x.Size)[stamp.Len:],
		ears:      make([]ear, connections),
		listening: connections,
		heard:     Heard{Latencies: make([]time.Duration, 0, connections*x.Count)},
	}
	for i := range l.ears {
		l.ears[i].next = x.First
	}
	return l
}

// end is the number behind the last one.
func (l *listener) end() uint64 { return l.First + uint64(l.Count) }

// hear hears bytes, wherever they are cut.
func (l *listener) hear(e *ear, p []byte, now time.Duration) error {
	if len(e.part) > 0 {
		e.part = append(e.part, p...)
		p = e.part
	}
	for {
		h, n, err := frame.ParseHeader(p)
		if err == io.ErrUnexpectedEOF || err == nil && int64(len(p)-n) < h.Length {
			break
		}
		if err != nil {
			return err
		}
		if err := l.message(e, h, p[n:][:h.Length], now); err != nil {
			return err
		}
		p = p[n+int(h.Length):]
	}
	e.part = append(e.part[:0], p...)
	return nil
}

func (l *listener) message(e *ear, h frame.Header, payload []byte, now time.Duration) error {
	switch {
	case h.Opcode == frame.Close:
		return errClosing
	case h.Opcode != frame.Binary || !h.Fin || len(payload) != l.Size || !bytes.Equal(payload[stamp.Len:], l.filling):
		return fmt.Errorf("websocket: the server has sent %v of %d bytes, %.30x, which is none of its messages", h.Opcode, h.Length, payload)
	}
	s := stamp.Of(payload)
	if s.Number < l.First && e.next == l.First {
		return nil // of the series before
	}
	if s.Number < e.next || s.Number >= l.end() {
		return fmt.Errorf("websocket: the server has sent message %d where %d was next", s.Number, e.next)
	}
	l.heard.Lost += int(s.Number - e.next)
	l.heard.Latencies = append(l.heard.Latencies, now-s.Due)
	if e.next = s.Number + 1; e.next == l.end() {
		l.listening--
	}
	return nil
}

// close notes that the server has closed a connection.
func (l *listener) close(e *ear) {
	l.heard.Closed++
	if e.next < l.end() {
		l.listening--
	}
}

func (l *listener) result() Heard {
	for i := range l.ears {
		l.heard.Lost += int(l.end() - l.ears[i].next)
	}
	return l.heard
}
