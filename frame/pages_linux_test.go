package frame_test

import (
	"os"
	"runtime/debug"
	"syscall"
	"testing"
	"unsafe"
)

// guarded returns at least size bytes, whole pages of zeros, between two pages
// that nobody may touch. They are lent until the test ends.
func guarded(tb testing.TB, size int) []byte {
	tb.Helper()
	page := os.Getpagesize()
	size = (size + page - 1) / page * page
	all, err := syscall.Mmap(-1, 0, page+size+page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := syscall.Munmap(all); err != nil {
			tb.Error(err)
		}
	})
	for _, guard := range [][]byte{all[:page], all[page+size:]} {
		if err := syscall.Mprotect(guard, syscall.PROT_NONE); err != nil {
			tb.Fatal(err)
		}
	}
	return all[page : page+size : page+size]
}

// touches reports whether f touches memory that it may not.
func touches(f func()) (touched bool) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		switch r := recover().(type) {
		case nil:
		case interface{ Addr() uintptr }: // of a fault
			touched = true
		default:
			panic(r)
		}
	}()
	f()
	return false
}

// The tests that use guarded pages are worth nothing without this one.
func TestGuardedPagesShowAByteThatIsTouched(t *testing.T) {
	b := guarded(t, 1)
	first, last := unsafe.Pointer(&b[0]), unsafe.Pointer(&b[len(b)-1])
	for _, c := range []struct {
		name string
		at   unsafe.Pointer
		want bool
	}{
		{"before", unsafe.Add(first, -1), true},
		{"first", first, false},
		{"last", last, false},
		{"after", unsafe.Add(last, 1), true},
	} {
		read := byte(1)
		if touched := touches(func() { read = *(*byte)(c.at) }); touched != c.want {
			t.Errorf("read %s: %v", c.name, touched)
		}
		if !c.want && read != 0 {
			t.Errorf("%s: %d was read", c.name, read)
		}
		if touched := touches(func() { *(*byte)(c.at) = 0 }); touched != c.want {
			t.Errorf("write %s: %v", c.name, touched)
		}
	}
}
