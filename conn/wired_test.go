package conn_test

import (
	"bytes"
	"io"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/conn/conntest"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
	"pgregory.net/rapid"
)

// wired is a Conn over a stream in memory whose other end is bytes, for a peer
// that does as it likes.
type wired struct {
	*conn.Conn
	client bool          // the Conn is a client
	end    *conntest.End // under the Conn
	peer   *conntest.End // the other one
	reader *frame.Reader // of peer
}

// wiring says what is special about a wired. The zero value is a server without
// compression over a stream of any capacity.
type wiring struct {
	client bool
	params *deflate.Params
	window int // of the stream, in bytes; 0 for no bound
	stream func(*conntest.End) io.ReadWriteCloser
	setup  conn.Setup // the rest of it
	conn.Options
}

// wire makes a wired. There is no keepalive unless o asks for it: its pings would
// be in the way.
func wire(t testing.TB, o wiring) *wired {
	t.Helper()
	if o.window == 0 {
		o.window = -1
	}
	if o.PingInterval == 0 {
		o.PingInterval = -1
	}
	end, peer := conntest.Pipe(&conntest.Options{Window: o.window})
	var rw io.ReadWriteCloser = end
	if o.stream != nil {
		rw = o.stream(end)
	}
	o.setup.Client, o.setup.Deflate = o.client, o.params
	c := newConn(t, rw, o.setup, &o.Options)
	t.Cleanup(func() { peer.Close() })
	return &wired{Conn: c, client: o.client, end: end, peer: peer, reader: frame.NewReader(peer)}
}

// bytesOf is a frame as the peer of w sends it. If it masks, the key is zero.
func (w *wired) bytesOf(op frame.Opcode, payload string) []byte {
	return frame.AppendFrame(nil, frame.Header{Fin: true, Opcode: op, Masked: !w.client}, []byte(payload))
}

// says sends bytes as the peer, all at once.
func (w *wired) says(t testing.TB, pieces ...[]byte) {
	t.Helper()
	if _, err := w.peer.Write(bytes.Join(pieces, nil)); err != nil {
		t.Errorf("the peer writes: %v", err)
	}
}

// seen is a frame that the peer has read.
type seen struct {
	frame.Header
	payload string
}

// sees reads the next frame as the peer.
func (w *wired) sees() (seen, error) {
	h, err := w.reader.Next()
	if err != nil {
		return seen{}, err
	}
	payload, err := io.ReadAll(w.reader)
	return seen{h, string(payload)}, err
}

// mustSee reads the next frame as the peer, which has to be this one.
func (w *wired) mustSee(t testing.TB, op frame.Opcode, payload string) {
	t.Helper()
	f, err := w.sees()
	if err != nil || f.Opcode != op || f.payload != payload || !f.Fin || f.RSV != 0 || f.Masked != w.client {
		t.Errorf("the peer reads %+v %.60q, %v, want a %v frame %.60q", f.Header, f.payload, err, op, payload)
	}
}

// mustSeeClose reads the next frame as the peer, which has to be this one.
func (w *wired) mustSeeClose(t testing.TB, code frame.CloseCode, reason string) {
	t.Helper()
	w.mustSee(t, frame.Close, string(frame.AppendClose(nil, code, reason)))
}

// written is what has gone from the Conn to the stream so far.
func (w *wired) written() conntest.Stats { return w.end.Out().Stats() }

// linked returns two Conns in memory. As in wire there is no keepalive unless the
// options ask for it.
func linked(t testing.TB, o conntest.PairOptions) *conntest.Conns {
	t.Helper()
	for _, of := range []**conn.Options{&o.Server, &o.Client} {
		if *of == nil {
			*of = &conn.Options{PingInterval: -1}
		}
	}
	c, err := conntest.Pair(&o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseNow)
	return c
}

// inBothRoles runs f in a bubble with a fake clock, for a Conn that is to be the
// server and for one that is to be the client.
func inBothRoles(t *testing.T, f func(t *testing.T, client bool)) {
	t.Helper()
	for role, client := range map[string]bool{"server": false, "client": true} {
		t.Run(role, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { f(t, client) })
		})
	}
}

// checkOnFakeClock has rapid check a property in a bubble, where it may not ask
// for the deadline of the test.
func checkOnFakeClock(t *testing.T, property func(*rapid.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { rapid.Check(struct{ rapid.TB }{t}, property) })
}

// collected is the messages that a Conn has delivered so far.
type collected struct {
	count atomic.Int64
	done  chan error // yields what Serve returned
	all   []conn.Message
}

// collect serves c on a goroutine and keeps what it delivers, which may be looked
// at after done has yielded, or in a bubble when all is quiet.
func collect(c *conn.Conn) *collected {
	got := &collected{done: make(chan error, 1)}
	go func() {
		got.done <- c.Serve(bg, conn.Handler{OnMessage: func(_ *conn.Conn, m conn.Message) {
			got.all = append(got.all, conn.Message{Type: m.Type, Data: bytes.Clone(m.Data)})
			got.count.Add(1)
		}})
	}()
	return got
}

// texts are the messages as strings.
func (got *collected) texts() []string {
	var all []string
	for _, m := range got.all {
		all = append(all, string(m.Data))
	}
	return all
}
