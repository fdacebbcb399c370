package conntest

import (
	"net"
	"os"
	"syscall"
)

// Errors are shaped as those of package net, so that what looks into them finds
// what it would find there.

// failed returns the error of a call on e, and nil for nil.
func (e *End) failed(op string, err error) error {
	switch errno, ok := err.(syscall.Errno); {
	case ok:
		err = os.NewSyscallError(op, errno)
	case err != net.ErrClosed && err != os.ErrDeadlineExceeded:
		return err // nil, io.EOF, or what the test wants
	}
	return &net.OpError{Op: op, Net: e.local.Network(), Source: e.local, Addr: e.remote, Err: err}
}
