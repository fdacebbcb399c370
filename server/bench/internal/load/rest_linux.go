package load

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/parleyws/parley/frame"
)

// Rest sends nothing for d but the answers to pings, RFC 6455 section 5.5.3. It
// cannot follow Run.
func (cs *Clients) Rest(d time.Duration) error {
	if err := cs.watch(); err != nil {
		return err
	}
	events := make([]unix.EpollEvent, 512)
	for end := time.Now().Add(d); ; {
		left := time.Until(end)
		if left <= 0 {
			return nil
		}
		n, err := unix.EpollWait(cs.poll, events, int(left/time.Millisecond)+1)
		if err != nil && err != unix.EINTR {
			return fmt.Errorf("websocket: epoll: %w", err)
		}
		for _, ev := range events[:max(n, 0)] {
			if err := cs.all[ev.Fd].answer(cs.buf); err != nil {
				return err
			}
		}
	}
}

// answer answers the pings that have come.
func (c *client) answer(buf []byte) error {
	n, err := c.read(buf)
	if err != nil {
		return err
	}
	var pongs []byte
	for p := buf[:n]; len(p) > 0; {
		h, n, err := frame.ParseHeader(p)
		if err != nil || int64(len(p)-n) < h.Length || h.Opcode != frame.Ping {
			return fmt.Errorf("websocket: the server has sent %.30x, which is no ping", p)
		}
		payload := p[n:][:h.Length]
		pongs = frame.AppendFrame(pongs, frame.Header{Fin: true, Opcode: frame.Pong, Masked: true, Key: key}, payload)
		p = p[n+len(payload):]
	}
	return c.write(pongs)
}
