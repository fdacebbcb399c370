package conn_test

import (
	"errors"
	"io"
	"iter"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/conn/conntest"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
	"pgregory.net/rapid"
)

// tester is what testing.T and rapid.T have in common.
type tester interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Fatal(args ...any)
	Cleanup(func())
}

// rig is a connection over a stream in memory, and the bare stream at its other
// end, for a peer that does as it likes.
type rig struct {
	*conn.Conn
	t      tester
	client bool          // the Conn is a client
	end    *conntest.End // under the Conn
	peer   *conntest.End // the other one
	words  []byte        // that the peer has read and not made out yet
}

// streamKind is a kind of stream that a Conn can run over.
type streamKind struct {
	name string
	of   func(*conntest.End) io.ReadWriteCloser
	once bool // its deadlines cannot be set again once they have passed
}

// streamKinds are those of which the documentation of New tells.
var streamKinds = []streamKind{
	{name: "renewable deadlines", of: func(e *conntest.End) io.ReadWriteCloser { return e }},
	{name: "one-shot deadlines", of: func(e *conntest.End) io.ReadWriteCloser { return e.HTTP2() }, once: true},
	{name: "no deadlines", of: func(e *conntest.End) io.ReadWriteCloser { return e.Plain() }},
}

// renewable is the kind that a TCP connection is of.
var renewable = streamKinds[0]

// rigOptions say how a rig is made. The zero value is a server over a stream with
// renewable deadlines, without compression.
type rigOptions struct {
	kind    streamKind
	client  bool
	deflate *deflate.Params
	window  int // of the stream; 0 for one without bound
	conn.Options
}

// newRig makes a rig. Unless a test wants it, there is no keepalive: its pings
// would be in the way.
func newRig(t tester, o rigOptions) *rig {
	t.Helper()
	if o.kind.of == nil {
		o.kind = renewable
	}
	if o.window == 0 {
		o.window = -1
	}
	if o.PingInterval == 0 {
		o.PingInterval = -1
	}
	end, peer := conntest.Pipe(&conntest.Options{Window: o.window})
	c, err := conn.New(o.kind.of(end), conn.Setup{
		Client:           o.client,
		Deflate:          o.deflate,
		OneShotDeadlines: o.kind.once,
	}, &o.Options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.CloseNow(); peer.Close() })
	return &rig{Conn: c, t: t, client: o.client, end: end, peer: peer}
}

// onEveryStream runs f in a bubble for each kind of stream and in either role.
func onEveryStream(t *testing.T, f func(t *testing.T, o rigOptions)) {
	t.Helper()
	for _, kind := range streamKinds {
		for role, client := range map[string]bool{"server": false, "client": true} {
			t.Run(kind.name+"/"+role, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { f(t, rigOptions{kind: kind, client: client}) })
			})
		}
	}
}

// checkInBubble has rapid check a property in a bubble, in which it may not ask for
// the deadline of the test.
func checkInBubble(t *testing.T, property func(*rapid.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { rapid.Check(struct{ rapid.TB }{t}, property) })
}

// raw is a frame as the peer sends it: masked, with a key of zero, if the peer is
// the client.
func (r *rig) raw(fin bool, rsv frame.RSV, op frame.Opcode, payload string) []byte {
	h := frame.Header{Fin: fin, RSV: rsv, Opcode: op, Masked: !r.client}
	return frame.AppendFrame(nil, h, []byte(payload))
}

// The frames that a peer sends most.

func (r *rig) text(s string) []byte   { return r.raw(true, 0, frame.Text, s) }
func (r *rig) binary(s string) []byte { return r.raw(true, 0, frame.Binary, s) }
func (r *rig) first(s string) []byte  { return r.raw(false, 0, frame.Text, s) }
func (r *rig) more(s string) []byte   { return r.raw(false, 0, frame.Continuation, s) }
func (r *rig) last(s string) []byte   { return r.raw(true, 0, frame.Continuation, s) }
func (r *rig) ping(s string) []byte   { return r.raw(true, 0, frame.Ping, s) }
func (r *rig) pong(s string) []byte   { return r.raw(true, 0, frame.Pong, s) }

func (r *rig) close(code frame.CloseCode, reason string) []byte {
	return r.raw(true, 0, frame.Close, string(frame.AppendClose(nil, code, reason)))
}

// says sends frames, all of them at once.
func (r *rig) says(frames ...[]byte) {
	r.t.Helper()
	var all []byte
	for _, f := range frames {
		all = append(all, f...)
	}
	if _, err := r.peer.Write(all); err != nil {
		r.t.Errorf("the peer writes: %v", err)
	}
}

// heard is a frame that the Conn has sent.
type heard struct {
	frame.Header
	payload string
}

// holdBack is longer than a Conn may hold back what it has to send.
const holdBack = 2 * time.Millisecond

// hears returns the frames that the Conn has sent since it was asked last. They
// must be lawful one by one; their order is for the caller to judge. It is for a
// bubble, in which all comes to rest first.
func (r *rig) hears() []heard {
	r.t.Helper()
	time.Sleep(holdBack)
	synctest.Wait()
	unread := make([]byte, r.end.Out().Stats().Unread)
	if _, err := io.ReadFull(r.peer, unread); err != nil {
		r.t.Errorf("the peer reads: %v", err)
	}
	r.words = append(r.words, unread...)
	var all []heard
	for {
		h, n, err := frame.ParseHeader(r.words)
		if errors.Is(err, io.ErrUnexpectedEOF) || err == nil && int64(len(r.words)-n) < h.Length {
			return all
		}
		if err != nil || h.Masked != r.client {
			r.t.Fatalf("the peer hears %+v, %v", h, err)
		}
		payload := r.words[n:][:h.Length]
		r.words = r.words[n+int(h.Length):]
		if h.Masked {
			frame.Mask(payload, h.Key, 0)
		}
		all = append(all, heard{h, string(payload)})
	}
}

// said is what the frames of a list say, in short.
func said(frames []heard) (short []string) {
	for _, f := range frames {
		s := f.Opcode.String() + " "
		if f.Opcode == frame.Close {
			code, reason, _ := frame.ParseClose([]byte(f.payload))
			s += code.String() + " " + reason
		} else if s += f.payload; len(s) > 40 {
			s = s[:40] + "..."
		}
		if !f.Fin {
			s += " +"
		}
		short = append(short, s)
	}
	return short
}

// expectHeard wants exactly these frames since the last time.
func (r *rig) expectHeard(want ...string) {
	r.t.Helper()
	got := said(r.hears())
	if len(got) != len(want) {
		r.t.Errorf("the peer hears %q, want %q", got, want)
		return
	}
	for i := range want {
		if got[i] != want[i] {
			r.t.Errorf("the peer hears %q, want %q", got, want)
			return
		}
	}
}

// messagesOf puts data frames together, and inflates what is compressed.
// What is not a message is an error; control frames are passed over.
func messagesOf(t tester, frames []heard, inflate *deflate.Decompressor) iter.Seq[conn.Message] {
	t.Helper()
	return func(yield func(conn.Message) bool) {
		var m conn.Message
		var deflated, inside bool
		for _, f := range frames {
			switch {
			case f.Opcode.IsControl():
				continue
			case inside != (f.Opcode == frame.Continuation):
				t.Fatalf("frames out of order: %q", said(frames))
			case !inside:
				m = conn.Message{Type: conn.Type(f.Opcode), Data: []byte{}}
				deflated = f.RSV == frame.RSV1
			case f.RSV != 0:
				t.Fatalf("RSV %v on a continuation", f.RSV)
			}
			m.Data = append(m.Data, f.payload...)
			if inside = !f.Fin; inside {
				continue
			}
			if deflated {
				whole, err := inflate.Append(nil, m.Data, -1)
				if err != nil {
					t.Fatalf("inflating what the Conn sent: %v", err)
				}
				m.Data = whole
			}
			if !yield(m) {
				return
			}
		}
	}
}
