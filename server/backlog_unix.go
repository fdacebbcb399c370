//go:build unix

package server

import (
	"net"
	"os"
	"syscall"
)

// setBacklog has l keep as many connections that wait to be accepted: to listen
// again on a socket that listens changes that and nothing else.
func setBacklog(l net.Listener, n int) error {
	raw, ok := l.(syscall.Conn)
	if !ok {
		return nil
	}
	c, err := raw.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	if err := c.Control(func(fd uintptr) { failed = syscall.Listen(int(fd), n) }); err != nil {
		return err
	}
	return os.NewSyscallError("listen", failed)
}
