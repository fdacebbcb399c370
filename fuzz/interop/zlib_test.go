package interop

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// zlib is a running node/zlib.mjs, which see: a zlib that keeps to what a
// header field says. It may be used by several goroutines at once.
type zlib struct {
	writing sync.Mutex
	in      *bufio.Writer // of the holder of writing

	mu      sync.Mutex
	last    uint32                       // number of the last request; of the holder of mu
	waiting map[uint32]chan<- zlibAnswer // of the holder of mu; nil once the process has ended
}

// zlibAnswer is what came of a request.
type zlibAnswer struct {
	messages [][]byte
	err      error // why there are no more messages
}

var errZlibEnded = errors.New("node zlib.mjs has ended")

// startZlib starts the process and ends it after the test.
func startZlib(t *testing.T) *zlib {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		missing(t, "node is not installed: these tests need Node 20.18 or newer")
	}
	// What the test has looked at, a cached result depends on.
	if _, err := os.Stat(filepath.Join("node", "zlib.mjs")); err != nil {
		t.Fatal(err)
	}
	process := exec.Command("node", "zlib.mjs")
	process.Dir = "node"
	var stderr bytes.Buffer
	process.Stderr = &stderr
	stdin, err := process.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	z := &zlib{in: bufio.NewWriter(stdin), waiting: make(map[uint32]chan<- zlibAnswer)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		z.deliver(bufio.NewReader(stdout))
	}()
	t.Cleanup(func() {
		stdin.Close()
		<-ended
		if err := process.Wait(); err != nil {
			t.Errorf("node zlib.mjs: %v\n%s", err, &stderr)
		}
	})
	return z
}

// inflate has payloads inflated that sender, which is 's' for the server or 'c'
// for the client, sent under the agreed header field. It returns as many as
// could be.
func (z *zlib) inflate(field string, sender byte, payloads [][]byte) ([][]byte, error) {
	return z.ask('i', field, sender, payloads)
}

// deflate has messages deflated as sender would.
func (z *zlib) deflate(field string, sender byte, messages [][]byte) ([][]byte, error) {
	return z.ask('d', field, sender, messages)
}

func (z *zlib) ask(act byte, field string, sender byte, messages [][]byte) ([][]byte, error) {
	answered := make(chan zlibAnswer, 1)
	z.mu.Lock()
	if z.waiting == nil {
		z.mu.Unlock()
		return nil, errZlibEnded
	}
	z.last++
	number := z.last
	z.waiting[number] = answered
	z.mu.Unlock()

	length := 8 + len(field)
	for _, m := range messages {
		length += 4 + len(m)
	}
	head := binary.BigEndian.AppendUint32(nil, uint32(length))
	head = binary.BigEndian.AppendUint32(head, number)
	head = append(head, act, sender)
	head = binary.BigEndian.AppendUint16(head, uint16(len(field)))

	z.writing.Lock()
	z.in.Write(head) // an error stays until Flush
	z.in.WriteString(field)
	for _, m := range messages {
		z.in.Write(binary.BigEndian.AppendUint32(nil, uint32(len(m))))
		z.in.Write(m)
	}
	err := z.in.Flush()
	z.writing.Unlock()
	if err != nil {
		return nil, err
	}
	a := <-answered
	return a.messages, a.err
}

// deliver hands out answers until there are no more.
func (z *zlib) deliver(r io.Reader) {
	for {
		number, a, err := readAnswer(r)
		z.mu.Lock()
		if err != nil {
			for _, answered := range z.waiting {
				answered <- zlibAnswer{err: fmt.Errorf("%w: %w", errZlibEnded, err)}
			}
			z.waiting = nil
			z.mu.Unlock()
			return
		}
		answered := z.waiting[number]
		delete(z.waiting, number)
		z.mu.Unlock()
		answered <- a
	}
}

func readAnswer(r io.Reader) (number uint32, a zlibAnswer, err error) {
	var length [4]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return 0, a, err
	}
	b := make([]byte, binary.BigEndian.Uint32(length[:]))
	if _, err := io.ReadFull(r, b); err != nil {
		return 0, a, err
	}
	next := func() (n uint32) {
		n, b = binary.BigEndian.Uint32(b), b[4:]
		return n
	}
	number = next()
	for range next() {
		n := next()
		a.messages, b = append(a.messages, b[:n]), b[n:]
	}
	if len(b) > 0 {
		a.err = errors.New(string(b))
	}
	return number, a, nil
}
