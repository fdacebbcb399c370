package kernels

import (
	"testing"
	"unsafe"
)

func TestBuffersBeginWhereTheyShouldAndDoNotOverlap(t *testing.T) {
	for _, n := range []int{1, 16} {
		for _, size := range []int{1, 31, 58, 64, 1 << 10, 1 << 20} {
			for _, at := range []int{0, behindHeader} {
				bufs := place(n, size, at)
				if len(bufs) != n {
					t.Fatalf("%d buffers, want %d", len(bufs), n)
				}
				end := uintptr(0)
				for i, b := range bufs {
					begin := uintptr(unsafe.Pointer(&b[0]))
					if len(b) != size || cap(b) != size || begin%line != uintptr(at) || begin < end {
						t.Errorf("%d of %d buffers of %d at %d: %d bytes, room for %d, at %d, after %d",
							i, n, size, at, len(b), cap(b), begin%line, end)
					}
					end = begin + uintptr(size)
				}
			}
		}
	}
}
