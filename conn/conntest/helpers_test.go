package conntest_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/parleyws/parley/conn/conntest"
)

var bg = context.Background()

// timeout is a guard for what must come, where time is real.
func timeout(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(bg, 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// write wants a Write to take all of s.
func write(t testing.TB, w io.Writer, s string) {
	t.Helper()
	if n, err := w.Write([]byte(s)); n != len(s) || err != nil {
		t.Errorf("Write(%q) = %d, %v", s, n, err)
	}
}

// writeFails wants a Write of s to take n bytes and fail with want.
func writeFails(t testing.TB, w io.Writer, s string, n int, want error) {
	t.Helper()
	if got, err := w.Write([]byte(s)); got != n || !errors.Is(err, want) {
		t.Errorf("Write(%q) = %d, %v, want %d, %v", s, got, err, n, want)
	}
}

// read wants one Read of at most 100 bytes to return s, and err with it, which
// may be nil.
func read(t testing.TB, r io.Reader, s string, want error) {
	t.Helper()
	b := make([]byte, 100)
	n, err := r.Read(b)
	if string(b[:n]) != s || !errors.Is(err, want) {
		t.Errorf("Read = %q, %v, want %q, %v", b[:n], err, s, want)
	}
}

// readAll wants the stream to end by io.EOF after s.
func readAll(t testing.TB, r io.Reader, s string) {
	t.Helper()
	if b, err := io.ReadAll(r); string(b) != s || err != nil {
		t.Errorf("reads %q, %v to the end, want %q", b, err, s)
	}
}

// pattern is n bytes that tell where they stand.
func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i>>16 ^ i>>8 ^ i)
	}
	return b
}

func same(t testing.TB, what string, got, want []byte) {
	t.Helper()
	if !bytes.Equal(got, want) {
		t.Errorf("%s: %d bytes arrived of %d, or others", what, len(got), len(want))
	}
}

// wants compares counts of a flow; zero counts of want as well.
func wants(t testing.TB, f *conntest.Flow, want conntest.Stats) {
	t.Helper()
	if got := f.Stats(); got != want {
		t.Errorf("counts\n%+v, want\n%+v", got, want)
	}
}
