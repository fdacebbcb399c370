package load

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"

	"golang.org/x/sys/unix"
)

// client is one connection.
type client struct {
	fd   int
	left int  // bytes of the answer to come
	sent int  // bytes of the batch that have left
	full bool // the socket takes no more for now
}

// maxWait is how many seconds a server may say nothing before it is given up.
const maxWait = 10

const request = "GET / HTTP/1.1\r\n" +
	"Host: localhost\r\n" +
	"Upgrade: websocket\r\n" +
	"Connection: Upgrade\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
	"Sec-WebSocket-Version: 13\r\n\r\n"

// accepted is what shows that the server has understood the key, RFC 6455
// section 1.3.
const accepted = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

// way is how to open a connection.
type way struct {
	bare   bool // without the opening handshake
	narrow bool // with room for little that has not been read
}

// segment is how many bytes a packet to a narrow connection has, at most: the
// kernel of the sender buffers as many as fit twenty large packets, of which those
// on a loopback have 64 KiB.
const segment = 536

// dial opens a connection, whose calls wait.
func dial(addr net.Addr, w way) (*client, error) {
	to, err := netip.ParseAddrPort(addr.String())
	if err != nil {
		return nil, fmt.Errorf("websocket: where to connect: %w", err)
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("websocket: socket: %w", err)
	}
	c := &client{fd: fd}
	limit := unix.Timeval{Sec: maxWait}
	err = errors.Join(
		unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &limit),
		unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &limit),
		unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1),
		// To reset leaves no port in TIME_WAIT, of which ten thousand would
		// soon use up all there are.
		unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1}),
	)
	if err == nil && w.narrow {
		err = errors.Join(
			unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 1), // the kernel's least
			unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_MAXSEG, segment),
		)
	}
	if err == nil {
		err = retry(func() error {
			return unix.Connect(fd, &unix.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()})
		})
	}
	if err == nil && !w.bare {
		err = c.open()
	}
	if err != nil {
		c.close()
		return nil, fmt.Errorf("websocket: open a connection: %w", err)
	}
	return c, nil
}

// open does the opening handshake.
func (c *client) open() error {
	if err := c.write([]byte(request)); err != nil {
		return err
	}
	head := make([]byte, 0, 1<<10)
	end := []byte("\r\n\r\n")
	for !bytes.HasSuffix(head, end) {
		if len(head) == cap(head) || bytes.Contains(head, end) {
			return fmt.Errorf("the server's answer is %.60q", head)
		}
		n, err := c.read(head[len(head):cap(head)])
		if err != nil {
			return err
		}
		head = head[:len(head)+n]
	}
	if !bytes.HasPrefix(head, []byte("HTTP/1.1 101 ")) || !bytes.Contains(head, []byte(accepted)) {
		return fmt.Errorf("the server's answer is %.60q", head)
	}
	return nil
}

// exchange sends b and waits for the answer, which must be the right one.
func (c *client) exchange(b *Batch) error {
	if err := c.write(b.request); err != nil {
		return err
	}
	answer := make([]byte, len(b.answer))
	for n := 0; n < len(answer); {
		m, err := c.read(answer[n:])
		if err != nil {
			return err
		}
		n += m
	}
	if !bytes.Equal(answer, b.answer) {
		return fmt.Errorf("websocket: the echo of %.30x is %.30x, not %.30x", b.request, answer, b.answer)
	}
	return nil
}

func (c *client) write(p []byte) error {
	for len(p) > 0 {
		err := retry(func() error {
			n, err := unix.Write(c.fd, p)
			p = p[max(n, 0):]
			return err
		})
		if err != nil {
			return fmt.Errorf("websocket: write: %w", err)
		}
	}
	return nil
}

func (c *client) read(p []byte) (n int, err error) {
	err = retry(func() (err error) {
		n, err = unix.Read(c.fd, p)
		return err
	})
	switch {
	case err != nil:
		return 0, fmt.Errorf("websocket: read: %w", err)
	case n == 0:
		return 0, fmt.Errorf("websocket: read: %w", io.ErrUnexpectedEOF)
	}
	return n, nil
}

// retry calls f until no signal interrupts it.
func retry(f func() error) error {
	for {
		if err := f(); err != unix.EINTR {
			return err
		}
	}
}

func (c *client) close() { unix.Close(c.fd) }
