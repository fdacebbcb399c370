package load

import (
	"fmt"
	"net"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// Clients are connections to one server. Its methods are for one goroutine.
type Clients struct {
	all  []*client
	poll int // the epoll that watches them
	buf  []byte
}

// Open opens n connections, one after another. A bare server has no handshake.
func Open(addr net.Addr, n int, bare bool) (*Clients, error) {
	return open(addr, n, way{bare: bare})
}

// OpenStalled opens n connections that never read after their handshake, and have
// little room for what comes all the same.
func OpenStalled(addr net.Addr, n int) (*Clients, error) {
	return open(addr, n, way{narrow: true})
}

func open(addr net.Addr, n int, w way) (_ *Clients, err error) {
	if err := Enough(n); err != nil {
		return nil, err
	}
	cs := &Clients{poll: -1, buf: make([]byte, 256<<10)}
	defer func() {
		if err != nil {
			cs.Close()
		}
	}()
	for range n {
		c, err := dial(addr, w)
		if err != nil {
			return nil, err
		}
		cs.all = append(cs.all, c)
	}
	return cs, nil
}

// Exchange has each connection, one after another, send b and wait for the answer,
// which must be the right one. It cannot follow Run.
func (cs *Clients) Exchange(b Batch) error {
	for _, c := range cs.all {
		if err := c.exchange(&b); err != nil {
			return err
		}
	}
	return nil
}

// Close resets the connections.
func (cs *Clients) Close() {
	for _, c := range cs.all {
		c.close()
	}
	cs.all = nil
	if cs.poll >= 0 {
		unix.Close(cs.poll)
		cs.poll = -1
	}
}

// Run has every connection send b, and again as soon as the answer is there, for
// warm and then for d. At the beginning and at the end of d it calls mark. It
// returns how many messages came back in d, and how long that was exactly.
func (cs *Clients) Run(b Batch, warm, d time.Duration, mark func() error) (messages int, took time.Duration, err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := cs.watch(); err != nil {
		return 0, 0, err
	}
	for i, c := range cs.all {
		if err := cs.send(i, c, &b); err != nil {
			return 0, 0, err
		}
	}
	if _, _, err := cs.runFor(&b, warm); err != nil {
		return 0, 0, err
	}
	if err := mark(); err != nil {
		return 0, 0, err
	}
	messages, took, err = cs.runFor(&b, d)
	if err != nil {
		return 0, 0, err
	}
	return messages, took, mark()
}

// watch has poll watch the connections, whose calls do not wait any more.
func (cs *Clients) watch() (err error) {
	if cs.poll >= 0 {
		return nil
	}
	if cs.poll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return fmt.Errorf("websocket: epoll: %w", err)
	}
	for i, c := range cs.all {
		err := unix.SetNonblock(c.fd, true)
		if err == nil {
			err = unix.EpollCtl(cs.poll, unix.EPOLL_CTL_ADD, c.fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(i)})
		}
		if err != nil {
			return fmt.Errorf("websocket: epoll: %w", err)
		}
	}
	return nil
}

func (cs *Clients) runFor(b *Batch, d time.Duration) (messages int, took time.Duration, err error) {
	events := make([]unix.EpollEvent, 512)
	start := time.Now()
	for took < d {
		n, err := unix.EpollWait(cs.poll, events, maxWait*1000)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return 0, 0, fmt.Errorf("websocket: epoll: %w", err)
		}
		if n == 0 {
			return 0, 0, fmt.Errorf("websocket: the server has said nothing for %d s", maxWait)
		}
		for _, ev := range events[:n] {
			done, err := cs.serve(ev, b)
			if err != nil {
				return 0, 0, err
			}
			if done {
				messages += b.Messages
			}
		}
		took = time.Since(start)
	}
	return messages, took, nil
}

// serve deals with what has happened on a connection. It reports whether the
// answer is there; then the next batch is on its way.
func (cs *Clients) serve(ev unix.EpollEvent, b *Batch) (done bool, err error) {
	i := int(ev.Fd)
	c := cs.all[i]
	if ev.Events&unix.EPOLLOUT != 0 {
		if err := cs.sendRest(i, c, b); err != nil {
			return false, err
		}
	}
	if ev.Events&^unix.EPOLLOUT == 0 {
		return false, nil
	}
	n, err := unix.Read(c.fd, cs.buf)
	switch {
	case err == unix.EAGAIN || err == unix.EINTR:
		return false, nil
	case err != nil:
		return false, fmt.Errorf("websocket: read: %w", err)
	case n == 0:
		return false, fmt.Errorf("websocket: the server has closed a connection")
	case n > c.left:
		return false, fmt.Errorf("websocket: the server has sent %d bytes too many", n-c.left)
	}
	if c.left -= n; c.left > 0 {
		return false, nil
	}
	return true, cs.send(i, c, b)
}

// send begins to send b.
func (cs *Clients) send(i int, c *client, b *Batch) error {
	c.sent, c.left = 0, len(b.answer)
	return cs.sendRest(i, c, b)
}

// sendRest sends what is left of b, as far as there is room, and has poll watch for
// more.
func (cs *Clients) sendRest(i int, c *client, b *Batch) error {
	n, err := unix.Write(c.fd, b.request[c.sent:])
	if err != nil && err != unix.EAGAIN && err != unix.EINTR {
		return fmt.Errorf("websocket: write: %w", err)
	}
	c.sent += max(n, 0)
	full := c.sent < len(b.request)
	if full == c.full {
		return nil
	}
	c.full = full
	ev := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(i)}
	if full {
		ev.Events |= unix.EPOLLOUT
	}
	if err := unix.EpollCtl(cs.poll, unix.EPOLL_CTL_MOD, c.fd, &ev); err != nil {
		return fmt.Errorf("websocket: epoll: %w", err)
	}
	return nil
}
