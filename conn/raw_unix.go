//go:build unix

package conn

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
)

// rawWriter writes to a socket without waiting for room. The zero value can
// write nothing.
type rawWriter struct {
	conn  syscall.RawConn
	bytes []byte // to write
	n     int    // written
	write func(fd uintptr) bool
}

// vector is two slices to write, with what net.Buffers needs to allocate nothing.
type vector struct {
	pair    [2][]byte
	buffers net.Buffers
}

var vectors = sync.Pool{New: func() any { return new(vector) }}

// rawReader reads from a socket into a buffer that is borrowed when there is
// something to read, so that a connection that waits has none.
type rawReader struct {
	conn syscall.RawConn
	buf  *readBuffer

	impatient bool // returns errIdle rather than wait

	n    int
	err  error
	read func(fd uintptr) bool
}

// socket returns the socket under rw, or nil if it is not one of TCP or of unix.
func socket(rw io.ReadWriteCloser) syscall.RawConn {
	switch rw.(type) {
	case *net.TCPConn, *net.UnixConn:
		if raw, err := rw.(syscall.Conn).SyscallConn(); err == nil {
			return raw
		}
	}
	return nil
}

func (r *rawWriter) open(raw syscall.RawConn) {
	if raw != nil {
		r.conn, r.write = raw, r.writeOnce
	}
}

// tryWrite writes as much of p as there is room for, and returns how much that
// was. An error shows in what is written next.
func (r *rawWriter) tryWrite(p []byte) int {
	if r.conn == nil {
		return 0
	}
	r.bytes, r.n = p, 0
	r.conn.Write(r.write)
	r.bytes = nil
	return r.n
}

// writeOnce never asks to be called again, which would wait for room.
func (r *rawWriter) writeOnce(fd uintptr) bool {
	for {
		n, err := syscall.Write(int(fd), r.bytes)
		if err != syscall.EINTR {
			r.n = max(n, 0)
			return true
		}
	}
}

// vectors reports whether the stream takes two slices with one call.
func (r *rawWriter) vectors() bool { return r.conn != nil }

// writeVector writes two slices, and waits for room.
func (r *rawWriter) writeVector(w io.Writer, head, data []byte) (int, error) {
	v := vectors.Get().(*vector)
	defer vectors.Put(v)
	v.pair = [2][]byte{head, data}
	v.buffers = v.pair[:]
	n, err := v.buffers.WriteTo(w)
	*v = vector{}
	return int(n), err
}

func (r *rawReader) open(raw syscall.RawConn, buf *readBuffer) {
	if raw != nil {
		r.conn, r.buf, r.read = raw, buf, r.readOnce
	}
}

// readInto reads into the buffer that it was opened with.
func (r *rawReader) readInto() (n int, err error) {
	r.n, r.err = 0, nil
	if err := r.conn.Read(r.read); err != nil {
		return 0, err
	}
	return r.n, r.err
}

func (r *rawReader) readOnce(fd uintptr) bool {
	p := r.buf.borrow()
	for {
		n, err := syscall.Read(int(fd), p)
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			r.buf.free()
			if r.impatient {
				r.err = errIdle
				return true
			}
			return false
		case err != nil:
			r.err = &net.OpError{Op: "read", Net: "socket", Err: os.NewSyscallError("read", err)}
		case n == 0:
			r.err = io.EOF
		default:
			r.n = n
		}
		return true
	}
}
