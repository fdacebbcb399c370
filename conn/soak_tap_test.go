package conn_test

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// streamTap is the stream of a connection, and notes what the connection does to it:
// what it writes, that it calls as it may, and that it leaves it alone at last.
// All of it may be called from any goroutine.
type streamTap struct {
	rw io.ReadWriteCloser

	mu      sync.Mutex
	calls   int // of every kind, begun
	writing int // Writes that run
	reading int // Reads that run
	closes  int
	read    int // bytes
	written int // bytes
	sent    sentLaw
	faults  lawFaults
}

// tapDeadliner is a stream whose calls can be interrupted.
type tapDeadliner interface {
	io.ReadWriteCloser
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
}

// tapHalver is a stream whose writing half can end by itself.
type tapHalver interface {
	tapDeadliner
	CloseWrite() error
}

// newStreamTap returns a tap of rw, and the stream to give to the connection, which can
// do what rw can and no more.
func newStreamTap(rw io.ReadWriteCloser, client, compressed bool) (*streamTap, io.ReadWriteCloser) {
	t := &streamTap{rw: rw}
	t.sent.init(client, compressed)
	switch rw := rw.(type) {
	case tapHalver:
		return t, tapWithHalves{tapWithDeadlines{t, rw}, rw}
	case tapDeadliner:
		return t, tapWithDeadlines{t, rw}
	}
	return t, tapPlain{t}
}

type tapPlain struct{ *streamTap }

func (t tapPlain) Read(p []byte) (int, error)  { return t.doRead(p) }
func (t tapPlain) Write(p []byte) (int, error) { return t.doWrite(p) }
func (t tapPlain) Close() error                { return t.doClose() }

type tapWithDeadlines struct {
	*streamTap
	dl tapDeadliner
}

func (t tapWithDeadlines) Read(p []byte) (int, error)  { return t.doRead(p) }
func (t tapWithDeadlines) Write(p []byte) (int, error) { return t.doWrite(p) }
func (t tapWithDeadlines) Close() error                { return t.doClose() }

func (t tapWithDeadlines) SetReadDeadline(at time.Time) error {
	t.called()
	return t.dl.SetReadDeadline(at)
}

func (t tapWithDeadlines) SetWriteDeadline(at time.Time) error {
	t.called()
	return t.dl.SetWriteDeadline(at)
}

type tapWithHalves struct {
	tapWithDeadlines
	h tapHalver
}

func (t tapWithHalves) CloseWrite() error {
	t.called()
	return t.h.CloseWrite()
}

func (t *streamTap) called() {
	t.mu.Lock()
	t.calls++
	t.mu.Unlock()
}

// doRead passes a Read on. Two at a time would share the bytes by chance.
func (t *streamTap) doRead(p []byte) (int, error) {
	t.mu.Lock()
	t.calls++
	if t.reading++; t.reading > 1 {
		t.faults.add("two Reads of the stream at a time")
	}
	t.mu.Unlock()
	n, err := t.rw.Read(p)
	t.mu.Lock()
	t.reading--
	t.read += n
	t.mu.Unlock()
	return n, err
}

// doWrite passes a Write on. Of two at a time the frames may mix.
func (t *streamTap) doWrite(p []byte) (int, error) {
	t.mu.Lock()
	t.calls++
	if t.writing++; t.writing > 1 {
		t.faults.add("two Writes of the stream at a time")
	}
	t.mu.Unlock()
	n, err := t.rw.Write(p)
	t.mu.Lock()
	t.writing--
	t.written += n
	t.sent.feed(p[:n])
	t.mu.Unlock()
	return n, err
}

func (t *streamTap) doClose() error {
	t.mu.Lock()
	t.calls++
	t.closes++
	t.mu.Unlock()
	return t.rw.Close()
}

// total returns how many calls have begun.
func (t *streamTap) total() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.calls
}

// verdict returns what was wrong with how a connection that has ended used its
// stream.
func (t *streamTap) verdict() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := append([]string(nil), t.faults.list()...)
	all = append(all, t.sent.faults.list()...)
	if t.closes != 1 {
		all = append(all, fmt.Sprintf("the stream was closed %d times", t.closes))
	}
	return all
}

// lawFaults are what went wrong, the first few of it. It may be used by many
// goroutines.
type lawFaults struct {
	mu  sync.Mutex
	all []string
}

const maxLawFaults = 10

func (f *lawFaults) add(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.all) < maxLawFaults {
		f.all = append(f.all, fmt.Sprintf(format, args...))
	}
}

func (f *lawFaults) list() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.all...)
}
