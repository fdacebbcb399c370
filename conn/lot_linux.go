package conn

import (
	"os"
	"sync"
	"syscall"
)

const canPark = true

// lot is that of all connections.
var lot parkingLot

// parkingLot watches the sockets of parked connections, with an epoll(7) and a
// goroutine, which it has while any connection has a place.
type parkingLot struct {
	mu      sync.Mutex
	poll    *os.File // nil while nobody has a place
	fd      int      // of poll
	places  []*Conn
	free    []int32 // indexes of those places that are nobody's
	tickets uint32  // places that have been given so far
}

// place is where a connection stands, from when it is parked first to its end. The
// zero value is none.
type place struct {
	taken  bool
	epoll  int
	index  int32
	ticket uint32 // tells it from those who had the place before
}

// enter has the lot wake c when something arrives, by the holder of reader. It
// reports false if that cannot be done.
func (l *parkingLot) enter(c *Conn, p *place) (ok bool) {
	op := syscall.EPOLL_CTL_MOD
	if !p.taken {
		op = syscall.EPOLL_CTL_ADD
		if !l.assign(c, p) {
			return false
		}
	}
	// One shot: it is woken once, and watched again when it enters again.
	ev := syscall.EpollEvent{
		Events: syscall.EPOLLIN | syscall.EPOLLRDHUP | syscall.EPOLLONESHOT,
		Fd:     p.index,
		Pad:    int32(p.ticket),
	}
	epoll := p.epoll
	err := c.in.raw.conn.Control(func(fd uintptr) {
		ok = syscall.EpollCtl(epoll, op, int(fd), &ev) == nil
	})
	return err == nil && ok
}

// assign gives c a place.
func (l *parkingLot) assign(c *Conn, p *place) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.poll == nil && !l.open() {
		return false
	}
	l.tickets++
	*p = place{taken: true, epoll: l.fd, ticket: l.tickets}
	if n := len(l.free); n > 0 {
		p.index = l.free[n-1]
		l.free = l.free[:n-1]
		l.places[p.index] = c
	} else {
		p.index = int32(len(l.places))
		l.places = append(l.places, c)
	}
	return true
}

// leave gives the place back, by the holder of reader, when the stream is closed
// or soon will be.
func (l *parkingLot) leave(p *place) {
	if !p.taken {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.places[p.index] = nil
	l.free = append(l.free, p.index)
	*p = place{}
	if len(l.free) == len(l.places) {
		l.poll.Close()
		l.poll, l.places, l.free = nil, nil, nil
	}
}

// open begins to watch. Go's own poller watches the epoll, so that no thread has to.
func (l *parkingLot) open() bool {
	fd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return false
	}
	syscall.SetNonblock(fd, true)
	poll := os.NewFile(uintptr(fd), "epoll")
	raw, err := poll.SyscallConn()
	if err != nil {
		poll.Close()
		return false
	}
	l.poll, l.fd = poll, fd
	go l.watch(raw)
	return true
}

// watch wakes connections until the lot is closed.
func (l *parkingLot) watch(raw syscall.RawConn) {
	var events [128]syscall.EpollEvent
	raw.Read(func(epoll uintptr) (closed bool) {
		for {
			n, err := syscall.EpollWait(int(epoll), events[:], 0)
			if err == syscall.EINTR {
				continue
			}
			if n <= 0 {
				return false
			}
			for i := range events[:n] {
				if c := l.who(&events[i]); c != nil {
					c.wake()
				}
			}
		}
	})
}

// who returns the connection that an event is for, or nil if it has left.
func (l *parkingLot) who(ev *syscall.EpollEvent) *Conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	if int(ev.Fd) >= len(l.places) {
		return nil
	}
	c := l.places[ev.Fd]
	if c == nil || c.service.Load().place.ticket != uint32(ev.Pad) {
		return nil
	}
	return c
}
