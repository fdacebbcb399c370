package conn_test

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
)

// The hostile tests hold a Conn against a peer that means harm, in either role.
// The peer is bytes, never a Conn. The tests have the ids of the project's list
// of attacks in their names: L are lengths, F fragments, Z compression, K control
// frames and close, X the life of a connection. Rows are those of the table of
// behaviour.

// inEitherRole runs f with a Conn that is to be the server and with one that is
// to be the client, and then holds the process to condition N: another
// connection still echoes, and goroutines, descriptors and memory are back to
// where they were. f must see to it that its Conns end.
func inEitherRole(t *testing.T, f func(t *testing.T, client bool)) {
	t.Helper()
	base := takeMeasure()
	bystander := newBystander(t)
	t.Run("server", func(t *testing.T) { f(t, false) })
	t.Run("client", func(t *testing.T) { f(t, true) })
	bystander(t)
	base.expectBack(t)
}

// newBystander makes a connection that has nothing to do with the attack. The
// function that it returns has it echo a message, and closes it.
func newBystander(t *testing.T) func(t *testing.T) {
	t.Helper()
	server, client := pairTCP(t, nil, nil)
	served := make(chan error, 1)
	go func() {
		served <- server.Serve(bg, conn.Handler{OnMessage: func(c *conn.Conn, m conn.Message) {
			if err := c.Write(bg, m.Type, m.Data); err != nil {
				t.Errorf("bystander writes: %v", err)
			}
		}})
	}()
	return func(t *testing.T) {
		t.Helper()
		if err := client.Write(timeout(t), conn.Text, []byte("still here")); err != nil {
			t.Errorf("bystander writes: %v", err)
		}
		if m, err := client.Read(timeout(t)); err != nil || string(m.Data) != "still here" {
			t.Errorf("bystander reads %q, %v", m.Data, err)
		}
		if err := client.Close(timeout(t), frame.NormalClosure, ""); err != nil {
			t.Errorf("bystander closes: %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("bystander served: %v", err)
		}
	}
}

// measure is what the process uses.
type measure struct {
	goroutines  int
	descriptors int
	heap        int64 // live, in bytes
}

func takeMeasure() measure {
	warmUp()
	return measure{runtime.NumGoroutine(), descriptors(), liveHeap()}
}

// warmUp starts more goroutines than any attack does, and ends them: the runtime
// keeps some memory for as many as there once were.
var warmUp = sync.OnceFunc(func() {
	var idlers sync.WaitGroup
	leave := make(chan struct{})
	for range 5000 {
		idlers.Go(func() { <-leave })
	}
	close(leave)
	idlers.Wait()
})

// liveHeap returns the bytes of the heap that are in use. It is not HeapInuse,
// which counts the holes between what lives and tells of other tests as well.
func liveHeap() int64 {
	runtime.GC()
	runtime.GC() // pools keep things for one more
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// descriptors counts the open files, where the system shows them.
func descriptors() int {
	d, err := os.Open("/proc/self/fd")
	if err != nil {
		return 0
	}
	defer d.Close()
	names, _ := d.Readdirnames(-1)
	return len(names)
}

// leftHeap is how much more of the heap may be in use after an attack.
const leftHeap = 256 << 10

func (base measure) expectBack(t *testing.T) {
	t.Helper()
	patience := time.Now().Add(guard)
	for {
		now := takeMeasure() // which takes a while: nothing spins here
		if now.goroutines <= base.goroutines && now.descriptors <= base.descriptors && now.heap <= base.heap+leftHeap {
			return
		}
		if time.Now().After(patience) {
			stacks := make([]byte, 16<<10)
			stacks = stacks[:runtime.Stack(stacks, true)]
			t.Errorf("the attack leaves %+v, before it there was %+v\n%s", now, base, stacks)
			return
		}
		runtime.Gosched()
	}
}

// allocatedBy returns how many bytes of heap f asks for, given back or not.
func allocatedBy(f func()) int64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}

// readStyle is a way to read. read hands over every message, and returns why
// there are no more.
type readStyle struct {
	name string
	read func(c *conn.Conn, got func(conn.Type, []byte)) error
}

var readStyles = []readStyle{
	{"Read", func(c *conn.Conn, got func(conn.Type, []byte)) error {
		for {
			m, err := c.Read(bg)
			if err != nil {
				return err
			}
			got(m.Type, m.Data)
		}
	}},
	{"ReadInto", func(c *conn.Conn, got func(conn.Type, []byte)) error {
		var buf []byte
		for {
			typ, data, err := c.ReadInto(bg, buf)
			if err != nil {
				return err
			}
			got(typ, data)
			buf = data
		}
	}},
	{"Messages", func(c *conn.Conn, got func(conn.Type, []byte)) error {
		for m, err := range c.Messages(bg) {
			if err != nil {
				return err
			}
			got(m.Type, m.Data)
		}
		return c.Err()
	}},
	{"Serve", func(c *conn.Conn, got func(conn.Type, []byte)) error {
		closed := 0
		var told error
		err := c.Serve(bg, conn.Handler{
			OnMessage: func(_ *conn.Conn, m conn.Message) { got(m.Type, m.Data) },
			OnClose:   func(_ *conn.Conn, err error) { told = err; closed++ },
		})
		if closed != 1 || told != err {
			return errors.New("OnClose was called other than once, or with another error than Serve returns")
		}
		if err == nil {
			return c.Err()
		}
		return err
	}},
}

// twoStyles are for what takes long: one that collects messages for the caller,
// and one that lends them.
var twoStyles = []readStyle{readStyles[0], readStyles[3]}

// noMessage is for readStyle.read where nothing may arrive.
func noMessage(t *testing.T) func(conn.Type, []byte) {
	return func(typ conn.Type, data []byte) {
		t.Helper()
		t.Errorf("a %v of %d bytes was delivered: %.40q", typ, len(data), data)
	}
}

// scripted is a stream whose peer says its lines, whatever it hears, and then
// hangs up. Every line is one Read, if there is room for it.
type scripted struct {
	lines   [][]byte
	atATime int    // how many bytes a Read returns at most; 0 for all
	forever []byte // said again and again after the lines, if there is anything
	onWrite func() // called when the peer hears its first bytes

	mu     sync.Mutex
	left   []byte // of the line that was begun
	begun  int    // lines
	said   int    // bytes that were read
	heard  []byte // what was written
	closed bool

	begunBefore, saidBefore int // begun and said, when the first bytes were heard
}

func (s *scripted) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return 0, net.ErrClosed
	}
	if len(s.left) == 0 {
		switch {
		case s.begun < len(s.lines):
			s.left = s.lines[s.begun]
		case len(s.forever) > 0 && s.said < 64<<20: // or a Conn that never stops would hang the test
			s.left = s.forever
		default:
			return 0, io.EOF
		}
		s.begun++
	}
	if s.atATime > 0 && len(p) > s.atATime {
		p = p[:s.atATime]
	}
	n := copy(p, s.left)
	s.left = s.left[n:]
	s.said += n
	return n, nil
}

func (s *scripted) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return 0, net.ErrClosed
	}
	if len(s.heard) == 0 {
		s.begunBefore, s.saidBefore = s.begun, s.said
		if s.onWrite != nil {
			s.onWrite()
		}
	}
	s.heard = append(s.heard, p...)
	return len(p), nil
}

func (s *scripted) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}

// wasClosed says whether the Conn let go of the stream.
func (s *scripted) wasClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// words returns what the peer heard.
func (s *scripted) words() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.heard)
}

// lines returns each frame as a line of the peer.
func lines(client bool, frames ...string) [][]byte {
	all := make([][]byte, len(frames))
	for i, f := range frames {
		all[i] = fromPeer(client, f)
	}
	return all
}

// fromPeer returns frames as the peer of a Conn sends them, lawful or not. They
// are written down as a server sends them; a client's have the mask bit, and a
// key of zeros behind the length, RFC 6455 section 5.2.
func fromPeer(client bool, frames ...string) []byte {
	var b []byte
	for _, f := range frames {
		if client {
			b = append(b, f...)
			continue
		}
		head := 2
		switch f[1] {
		case 126:
			head = 4
		case 127:
			head = 10
		}
		b = append(b, f[0], f[1]|0x80)
		b = append(b, f[2:head]...)
		b = append(b, 0, 0, 0, 0)
		b = append(b, f[head:]...)
	}
	return b
}

// asFrame returns a frame as a server sends it, with the length in its shortest
// form.
func asFrame(first byte, payload string) string {
	head := []byte{first}
	switch n := len(payload); {
	case n < 126:
		head = append(head, byte(n))
	case n < 1<<16:
		head = binary.BigEndian.AppendUint16(append(head, 126), uint16(n))
	default:
		head = binary.BigEndian.AppendUint64(append(head, 127), uint64(n))
	}
	return string(head) + payload
}

// judge is a test, be it of package testing or of rapid.
type judge interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// sentFrame is a frame that a Conn sent: its first byte and its payload,
// unmasked.
type sentFrame struct {
	first   byte
	payload string
}

// sentFrames takes apart what a Conn sent, by hand: the judge must not lean on
// the code that it judges. Its frames have less than 126 bytes of payload.
func sentFrames(t judge, client bool, b []byte) []sentFrame {
	t.Helper()
	var all []sentFrame
	for len(b) > 0 {
		head := 2
		if client {
			head = 6
		}
		if len(b) < head || b[1]&0x80 != 0 != client || b[1]&0x7F > 125 || len(b) < head+int(b[1]&0x7F) {
			t.Fatalf("no frame of this end: %x", b)
		}
		n := int(b[1] & 0x7F)
		payload := bytes.Clone(b[head : head+n])
		for i := range payload {
			if client {
				payload[i] ^= b[2+i%4]
			}
		}
		all = append(all, sentFrame{b[0], string(payload)})
		b = b[head+n:]
	}
	return all
}

// expectVerdict checks that what a Conn sent ends with a close frame of the code
// and a short reason in plain words, and returns the frames before it.
func expectVerdict(t judge, client bool, b []byte, code frame.CloseCode) (before []sentFrame) {
	t.Helper()
	all := sentFrames(t, client, b)
	if len(all) == 0 {
		t.Errorf("the peer hears nothing, want a close frame with %v", code)
		return nil
	}
	before, last := all[:len(all)-1], all[len(all)-1]
	if last.first != 0x88 || len(last.payload) < 3 || binary.BigEndian.Uint16([]byte(last.payload)) != uint16(code) {
		t.Errorf("the peer hears %x %q, want a close frame with %v and a reason", last.first, last.payload, code)
		return before
	}
	for _, r := range last.payload[2:] {
		if r >= utf8.RuneSelf || r < ' ' {
			t.Errorf("reason %q is not plain ASCII", last.payload[2:])
			break
		}
	}
	for _, f := range before {
		if f.first == 0x88 {
			t.Errorf("more than one close frame: %q", all)
		}
	}
	return before
}

// expectVerdictAlone is expectVerdict where nothing else may be said.
func expectVerdictAlone(t judge, client bool, b []byte, code frame.CloseCode) {
	t.Helper()
	if before := expectVerdict(t, client, b, code); len(before) > 0 {
		t.Errorf("the peer also hears %q", before)
	}
}

// expectFailed checks that err, which a call on c returned, says that c failed
// the connection with the code for what the peer did, RFC 6455 section 7.1.7, and
// that c is of no use any more.
func expectFailed(t testing.TB, c *conn.Conn, err error, code frame.CloseCode) {
	t.Helper()
	end := closeError(t, err)
	if end.Remote || end.Clean || end.Code != code || errors.Is(err, net.ErrClosed) {
		t.Errorf("ended by %+v, want a failure with %v", end, code)
	}
	var breach *frame.Error
	var limit *conn.LimitError
	switch {
	case errors.As(err, &breach):
		if breach.Code != code || breach.Section == "" {
			t.Errorf("cause is %+v, want one of %v with its section", breach, code)
		}
	case errors.As(err, &limit):
		if limit.Code != code || limit.Option == "" {
			t.Errorf("cause is %+v, want one of %v with its option", limit, code)
		}
	default:
		t.Errorf("cause is %v, want a *frame.Error or a *LimitError", end.Err)
	}
	if limited := code == frame.MessageTooBig || code == frame.PolicyViolation; limited != (limit != nil) {
		t.Errorf("cause of %v is a %T", code, end.Err)
	}
	expectOver(t, c, err)
}

// expectOver checks that c has ended with err, once and for all.
func expectOver(t testing.TB, c *conn.Conn, err error) {
	t.Helper()
	<-c.Done()
	if c.Err() != err {
		t.Errorf("Err is %v, the call returned %v", c.Err(), err)
	}
	if _, again := c.Read(bg); again != err {
		t.Errorf("the next Read returns %v", again)
	}
	if again := c.Write(bg, conn.Binary, nil); !errors.Is(again, net.ErrClosed) {
		t.Errorf("the next Write returns %v", again)
	}
	if context.Cause(c.Context()) != err {
		t.Errorf("the cause of Context is %v", context.Cause(c.Context()))
	}
}

// overTCP returns a Conn and the socket of its peer.
func overTCP(t *testing.T, client bool, p *deflate.Params, opts *conn.Options) (*conn.Conn, *net.TCPConn) {
	t.Helper()
	a, peer := tcp(t)
	peer.SetDeadline(time.Now().Add(guard))
	return newConn(t, a, conn.Setup{Client: client, Deflate: p}, opts), peer.(*net.TCPConn)
}

// hear reads as the peer until the Conn ends its half of the stream. A reset is
// no such end: it might have taken with it what the peer has not read.
func hear(t testing.TB, peer io.Reader) []byte {
	t.Helper()
	b, err := io.ReadAll(peer)
	if err != nil {
		t.Errorf("the peer reads %x and then %v, want the end of the stream", b, err)
	}
	return b
}

// duplex returns the two ends of a stream in memory whose halves end one by one,
// as those of TCP do. Nothing is buffered.
func duplex() (a, b *duplexEnd) {
	aIn, bOut := net.Pipe()
	bIn, aOut := net.Pipe()
	return &duplexEnd{aIn, aOut}, &duplexEnd{bIn, bOut}
}

// duplexEnd reads from one pipe and writes to another.
type duplexEnd struct {
	net.Conn // to read
	out      net.Conn
}

func (d *duplexEnd) Write(p []byte) (int, error)        { return d.out.Write(p) }
func (d *duplexEnd) SetWriteDeadline(t time.Time) error { return d.out.SetWriteDeadline(t) }
func (d *duplexEnd) CloseWrite() error                  { return d.out.Close() }

func (d *duplexEnd) SetDeadline(t time.Time) error {
	d.SetReadDeadline(t)
	return d.SetWriteDeadline(t)
}

func (d *duplexEnd) Close() error {
	d.Conn.Close()
	return d.out.Close()
}

// deflatedWith compresses messages with the standard library, as RFC 7692
// section 7.2.1 says: each may refer to those before it.
func deflatedWith(t testing.TB, level int, messages ...string) []string {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, level)
	if err != nil {
		t.Fatal(err)
	}
	all := make([]string, len(messages))
	for i, m := range messages {
		b.Reset()
		io.WriteString(w, m)
		w.Flush()
		payload, ok := bytes.CutSuffix(b.Bytes(), []byte("\x00\x00\xff\xff"))
		if !ok {
			t.Fatalf("flushed data ends with %x", b.Bytes())
		}
		all[i] = string(payload)
	}
	return all
}
