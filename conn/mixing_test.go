package conn_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/conn/message"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
	"pgregory.net/rapid"
)

// Row G3: however the styles of reading are mixed, and wherever a context cuts a
// call short, the messages come one after another, each whole and each once. Only
// one that a MessageReader left is missing.
func TestAnyMixtureOfStylesYieldsTheMessagesG3(t *testing.T) {
	checkInBubble(t, mixStyles)
}

// mixture is one connection and what has been read of it.
type mixture struct {
	*rig
	t        *rapid.T
	messages []conn.Message // in the order in which they are sent
	next     int            // the one that comes next

	mu       sync.Mutex
	arrivals [][]byte // the bytes of all, as they are to come

	reader io.Reader // of a message that is not read to its end; nil if there is none
	of     int       // that message
	read   int       // how much of it
	stale  bool      // another call has passed over the rest
}

func mixStyles(t *rapid.T) {
	m := &mixture{t: t}
	o := rigOptions{
		kind:    streamKinds[rapid.IntRange(0, len(streamKinds)-1).Draw(t, "kind of stream")],
		client:  rapid.Bool().Draw(t, "client"),
		Options: conn.Options{ReadTimeout: 1500 * time.Millisecond},
	}
	if rapid.Bool().Draw(t, "compressed") {
		o.deflate = &deflate.Params{}
	}
	m.rig = newRig(t, o)
	m.drawMessages(o)
	styles := map[string]func(context.Context){
		"Read":         m.byRead,
		"ReadInto":     m.byReadInto,
		"Messages":     m.byMessages,
		"Serve":        m.byServe,
		"NextReader":   m.byNextReader,
		"the same one": m.byTheSameReader,
	}
	for m.expectsMore() {
		for range rapid.IntRange(0, 2).Draw(t, "arrivals before") {
			m.arrive()
		}
		if rapid.Bool().Draw(t, "arrival meanwhile") {
			later := time.AfterFunc(500*time.Millisecond, m.arrive)
			t.Cleanup(func() { later.Stop() })
		}
		style := rapid.SampledFrom([]string{"Read", "ReadInto", "Messages", "Serve", "NextReader", "the same one"}).Draw(t, "style")
		m.call(styles[style])
	}
	time.Sleep(time.Second) // for what arrives meanwhile
	for m.next < len(m.messages) {
		before := m.next
		m.call(m.byRead)
		if m.next == before {
			t.Fatalf("message %d of %d did not come", m.next, len(m.messages))
		}
	}
	m.says(m.close(frame.NormalClosure, ""))
	_, err := m.Read(bg)
	if end := (*conn.CloseError)(nil); !errors.As(err, &end) || !end.Clean {
		t.Errorf("after the last: %v", err)
	}
}

// drawMessages makes messages, cuts them into fragments, puts control frames
// between those, and cuts the whole anywhere.
func (m *mixture) drawMessages(o rigOptions) {
	t := m.t
	enc := &message.Encoder{FromClient: !o.client, CompressFrom: -1, NewKey: func() frame.Key { return frame.Key{} }}
	if o.deflate != nil {
		z, err := deflate.NewCompressor(deflate.Direction{ContextTakeover: true}, 1)
		if err != nil {
			t.Fatal(err)
		}
		enc.Deflate = z
	}
	var wire []byte
	for i := range rapid.IntRange(1, 8).Draw(t, "messages") {
		op := rapid.SampledFrom([]frame.Opcode{frame.Text, frame.Binary}).Draw(t, "type")
		size := rapid.SampledFrom([]int{0, 1, 7, 130, 5000, 70_000}).Draw(t, "size")
		data := bytes.Repeat(fmt.Appendf(nil, "<%d>", i), size/3+1)[:size]
		m.messages = append(m.messages, conn.Message{Type: conn.Type(op), Data: data})
		appendFragment := enc.AppendFragment
		if rapid.Bool().Draw(t, "plain") {
			appendFragment = enc.AppendUncompressedFragment
		}
		for left := data; ; {
			k := rapid.IntRange(0, len(left)).Draw(t, "fragment")
			last := rapid.Bool().Draw(t, "the last fragment")
			if last {
				k = len(left)
			}
			wire, _ = appendFragment(wire, op, left[:k], last)
			if left = left[k:]; last {
				break
			}
			if rapid.Bool().Draw(t, "ping") {
				wire = append(wire, m.ping(fmt.Sprint(i))...)
			}
		}
	}
	for len(wire) > 0 {
		k := rapid.OneOf(rapid.IntRange(1, 20), rapid.IntRange(1, 100_000)).Draw(t, "arrival")
		k = min(k, len(wire))
		m.arrivals = append(m.arrivals, wire[:k])
		wire = wire[k:]
	}
}

func (m *mixture) expectsMore() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.arrivals) > 0
}

func (m *mixture) arrive() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.arrivals) > 0 {
		m.says(m.arrivals[0])
		m.arrivals = m.arrivals[1:]
	}
}

// call reads in a style, with a context that ends when nothing more comes.
func (m *mixture) call(style func(context.Context)) {
	ctx, cancel := context.WithTimeout(bg, time.Second)
	defer cancel()
	style(ctx)
}

// got notes a message that was read whole.
func (m *mixture) got(typ conn.Type, data []byte) {
	m.stale = true
	if m.next == len(m.messages) {
		m.t.Fatalf("one message too much: %.20q", data)
	}
	want := m.messages[m.next]
	if typ != want.Type || !bytes.Equal(data, want.Data) {
		m.t.Fatalf("message %d is a %v %.20q of %d bytes, want a %v %.20q of %d",
			m.next, typ, data, len(data), want.Type, want.Data, len(want.Data))
	}
	m.next++
}

// ended notes the end of a call: nothing but the context may be its cause.
func (m *mixture) ended(err error) {
	m.stale = true
	if !errors.Is(err, context.DeadlineExceeded) {
		m.t.Fatalf("ended by %v", err)
	}
}

func (m *mixture) byRead(ctx context.Context) {
	msg, err := m.Read(ctx)
	if err != nil {
		m.ended(err)
		return
	}
	m.got(msg.Type, msg.Data)
}

func (m *mixture) byReadInto(ctx context.Context) {
	buf := make([]byte, 10, rapid.SampledFrom([]int{10, 6000}).Draw(m.t, "buffer"))
	typ, data, err := m.ReadInto(ctx, buf)
	if err != nil {
		m.ended(err)
		return
	}
	m.got(typ, data)
}

func (m *mixture) byMessages(ctx context.Context) {
	enough := rapid.IntRange(1, 3).Draw(m.t, "enough")
	for msg, err := range m.Messages(ctx) {
		if err != nil {
			m.ended(err)
			return
		}
		m.got(msg.Type, msg.Data)
		if enough--; enough == 0 {
			return
		}
	}
	m.t.Fatal("Messages ends without an error")
}

func (m *mixture) byServe(ctx context.Context) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	enough := rapid.IntRange(1, 3).Draw(m.t, "enough")
	m.ended(m.Serve(ctx, conn.Handler{OnMessage: func(_ *conn.Conn, msg conn.Message) {
		m.got(msg.Type, msg.Data)
		if enough--; enough == 0 {
			cancel(context.DeadlineExceeded)
		}
	}}))
}

func (m *mixture) byNextReader(ctx context.Context) {
	if rapid.Bool().Draw(m.t, "with ReadTimeout") {
		ctx = bg // so that the reader is good for more
	}
	typ, r, err := m.NextReader(ctx)
	m.stale = true
	if err == conn.ErrReadTimeout {
		return
	}
	if err != nil {
		m.ended(err)
		return
	}
	if m.next == len(m.messages) || typ != m.messages[m.next].Type {
		m.t.Fatalf("message %d is a %v", m.next, typ)
	}
	m.reader, m.of, m.read, m.stale = r, m.next, 0, false
	m.next++
	m.byTheSameReader(ctx)
}

// byTheSameReader reads from the last reader, if there is any.
func (m *mixture) byTheSameReader(context.Context) {
	if m.reader == nil {
		return
	}
	buf := make([]byte, rapid.SampledFrom([]int{1, 10, 4000}).Draw(m.t, "buffer"))
	for range rapid.IntRange(0, 40).Draw(m.t, "reads") {
		n, err := m.reader.Read(buf)
		want := m.messages[m.of].Data
		if n > 0 && m.stale || !bytes.HasPrefix(want[m.read:], buf[:n]) {
			m.t.Fatalf("%d bytes at %d of message %d are %.20q", n, m.read, m.of, buf[:n])
		}
		m.read += n
		switch {
		case err == nil:
			continue
		case err == conn.ErrReadTimeout && !m.stale:
		case err == conn.ErrMessageEnded && m.stale:
			m.reader = nil
		case err == io.EOF:
			if m.read < len(want) {
				m.t.Fatalf("message %d ends after %d bytes of %d", m.of, m.read, len(want))
			}
			m.reader = nil
		case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
			m.reader = nil // its context is that of NextReader
		default:
			m.t.Fatalf("the reader of message %d: %v", m.of, err)
		}
		return
	}
}
