//go:build amd64 || arm64

package server

import (
	"net"
	"path/filepath"
	"syscall"
	"testing"
	"unsafe"
)

// Where the server listens, the kernel has the backlog that was asked for.
func TestTheBacklogReachesTheKernelRow5(t *testing.T) {
	for asked, want := range map[int]uint32{0: 511, 7: 7, 1024: 1024} {
		l, err := (&Server{Addr: "127.0.0.1:0", Backlog: asked}).listen()
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		if got := backlogOf(t, l.(*net.TCPListener)); got != want {
			t.Errorf("Backlog %d: the kernel has %d, want %d", asked, got, want)
		}
	}
	l, err := (&Server{Addr: "unix:" + filepath.Join(t.TempDir(), "s"), Backlog: 5}).listen()
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
}

// backlogOf asks the kernel, tcp(7): of a listening socket, tcpi_sacked is its limit.
func backlogOf(t *testing.T, l *net.TCPListener) uint32 {
	t.Helper()
	raw, err := l.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var info [104]byte
	size := uint32(len(info))
	var errno syscall.Errno
	raw.Control(func(fd uintptr) {
		_, _, errno = syscall.Syscall6(syscall.SYS_GETSOCKOPT, fd, syscall.IPPROTO_TCP, syscall.TCP_INFO,
			uintptr(unsafe.Pointer(&info[0])), uintptr(unsafe.Pointer(&size)), 0)
	})
	if errno != 0 {
		t.Fatal(errno)
	}
	return *(*uint32)(unsafe.Pointer(&info[28]))
}
