package conn_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/conn/conntest"
	"github.com/parleyws/parley/conn/message"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
)

// A script says, byte by byte, what happens to one connection: what its peer and
// the network do, what is called, and how the time passes. Every sequence of
// bytes is a script; where it ends early, zeros follow. It begins with scriptHead
// bytes that set the stage, and goes on with steps, each of them a step number
// with up to two arguments behind it.
type script []byte

const (
	scriptHead  = 7
	scriptSteps = 48 // are played at most
)

// next returns the next byte.
func (s *script) next() (b byte) {
	if len(*s) > 0 {
		b, *s = (*s)[0], (*s)[1:]
	}
	return b
}

// pickOne returns the one of all that b picks.
func pickOne[T any](b byte, all ...T) T { return all[int(b)%len(all)] }

// scriptStage is where a script is played: one connection and its peer, in a bubble.
type scriptStage struct {
	c      *conn.Conn
	client bool
	kind   string // of the stream
	opts   conn.Options
	tap    *streamTap
	end    *conntest.End // the connection's, for its flows
	peer   *conntest.End
	net    *conn.NetConn // of c

	polite  atomic.Bool // the peer answers pings and the close frame
	deflate *deflate.Params
	zip     *deflate.Compressor // of the peer
	peerLaw sentLaw             // what the polite peer reads by

	calls  sync.WaitGroup
	group  context.Context // that some calls have
	cancel context.CancelFunc
	undo   []context.CancelFunc
	state  conn.State // the last that was seen

	ends     atomic.Int32 // calls of OnEnd
	anything atomic.Bool  // the peer has said what nobody took note of

	slow    bool // the network passes few bytes at a time, so no message is long
	numbers int  // of messages, so that each is another
	faults  lawFaults

	mu        sync.Mutex
	said      map[string]bool  // messages that the peer has sent
	delivered map[string]bool  // those of them that came
	asked     map[string]bool  // payloads of pings by the peer, and of Pong
	wrote     map[string]error // what the call returned that sent the message
	onWire    map[string]bool  // messages that were sent
	sent      message.Decoder  // of what the connection sends
	lastPong  string           // payload of the last that answered a ping
	onClose   int

	impaired   bool // the peer or the network has done something to the stream
	passesOver bool // some call may leave messages unread
}

var errScriptRuns = errors.New("the call has not returned")

// playScript plays a script and returns what was against the law.
func playScript(t *testing.T, s script) []string {
	var wrong []string
	synctest.Test(t, func(t *testing.T) {
		st := newScriptStage(t, &s)
		finale := s.next()
		go st.listen()
		for n := 0; n < scriptSteps && len(s) > 0; n++ {
			step := s.next()
			scriptStepTable[int(step&0x7F)%len(scriptStepTable)](st, s.next(), &s)
			if step&0x80 == 0 { // else the next step comes on the heels of this one
				synctest.Wait()
			}
			st.watchState()
		}
		st.probe()
		st.finish(finale)
		wrong = st.verdict()
	})
	return wrong
}

func newScriptStage(t *testing.T, s *script) *scriptStage {
	st := &scriptStage{
		said: make(map[string]bool), delivered: make(map[string]bool), asked: make(map[string]bool),
		wrote: make(map[string]error), onWire: make(map[string]bool),
	}
	st.group, st.cancel = context.WithCancel(bg)
	who, times, limits := s.next(), s.next(), s.next()
	more, misc, queue := s.next(), s.next(), s.next()

	st.client = who&1 != 0
	st.polite.Store(who&2 != 0)
	st.kind = pickOne(who>>2, "deadlines", "plain", "http2")
	st.deflate = pickOne(more>>3, nil, nil, &deflate.Params{},
		&deflate.Params{ServerNoContextTakeover: true, ClientNoContextTakeover: true},
		&deflate.Params{ServerMaxWindowBits: 9, ClientMaxWindowBits: 10})
	st.opts = conn.Options{
		PingInterval:   pickOne[time.Duration](times, 0, -1, time.Second),
		PongTimeout:    pickOne[time.Duration](times>>2, 0, time.Second),
		CloseTimeout:   pickOne[time.Duration](times>>3, 0, time.Second, -1),
		WriteTimeout:   pickOne[time.Duration](times>>5, 0, time.Second, -1),
		ReadTimeout:    pickOne[time.Duration](limits, 0, 0, time.Second),
		MessageTimeout: pickOne[time.Duration](limits>>2, 0, 3*time.Second),
		MaxMessage:     pickOne[int64](limits>>3, 0, 100, -1),
		MaxFrames:      pickOne(limits>>5, 0, 3, -1),
		CompressFrom:   pickOne(more, 0, -1),
		Budget:         conn.NewBudget(pickOne[int64](more>>1, 1<<30, 100_000)),
		CompressLimit:  pickOne(more>>2, nil, deflate.NewLimit(1)),
		Queue: pickOne(queue, nil, nil, &conn.Queue{}, &conn.Queue{Bytes: 1000},
			&conn.Queue{Messages: 2, Full: conn.DropNewestWhenFull},
			&conn.Queue{Messages: 2, Full: conn.DropOldestWhenFull},
			&conn.Queue{Bytes: 100_000, Full: conn.CloseWhenFull, OnDrain: func(c *conn.Conn) { c.Stats() }}),
	}

	a, b := conntest.Pipe(&conntest.Options{Window: pickOne(misc, 0, 10, 4096, -1)})
	st.end, st.peer = a, b
	b.Out().SetWindow(-1) // the peer never waits
	if size := pickOne(misc>>2, 0, 1, 7); size > 0 {
		st.slow = true
		a.In().SetReadSizes(conntest.Cycle(size, 0, 2*size))
	}
	if size := pickOne(misc>>4, 0, 0, 1, 50); size > 0 {
		st.slow = true
		a.Out().SetWriteSizes(conntest.Each(size))
	}
	var rw io.ReadWriteCloser = a
	setup := conn.Setup{Client: st.client, Deflate: st.deflate, OnEnd: func(c *conn.Conn) {
		st.ends.Add(1)
		if c.Err() == nil {
			st.faults.add("OnEnd comes before the end")
		}
	}}
	switch st.kind {
	case "plain":
		rw = a.Plain()
	case "http2":
		rw, setup.OneShotDeadlines = a.HTTP2(), true
	}
	st.tap, rw = newStreamTap(rw, st.client, st.deflate != nil)
	st.readsWhatIsSent()
	c, err := conn.New(rw, setup, &st.opts)
	if err != nil {
		t.Fatal(err)
	}
	st.c, st.net = c, c.NetConn(conn.Text)
	return st
}

// readsWhatIsSent decodes the messages that the connection sends, and notes what
// is answered to nobody.
func (st *scriptStage) readsWhatIsSent() {
	st.sent = message.Decoder{FromClient: st.client, MaxMessage: -1, MaxFrames: -1}
	st.peerLaw.init(st.client, st.deflate != nil)
	if st.deflate != nil {
		in, out := st.deflate.FromClient(), st.deflate.FromServer()
		if !st.client {
			in, out = out, in
		}
		st.sent.Inflate = deflate.NewDecompressor(in)
		st.zip, _ = deflate.NewCompressor(out, 0)
	}
	var whole []byte
	take := func(b []byte) {
		for ev, err := range st.sent.Feed(b) {
			switch {
			case err != nil:
				st.faults.add("what was sent cannot be decoded: %v", err)
			case ev.Opcode == frame.Text || ev.Opcode == frame.Binary:
				if whole = append(whole, ev.Payload...); ev.Last {
					st.sentMessage(string(whole))
					whole = whole[:0]
				}
			case ev.Opcode == frame.Pong:
				st.mu.Lock()
				if string(ev.Payload) != "a beat" && len(ev.Payload) > 0 {
					st.lastPong = string(ev.Payload)
				}
				st.mu.Unlock()
				if !st.was(st.asked, string(ev.Payload)) && !st.anything.Load() {
					st.faults.add("a pong with %q, which nobody asked for", ev.Payload)
				}
			}
		}
	}
	st.tap.sent.onFrame = func(h frame.Header, payload []byte) {
		take(frame.AppendFrame(nil, h, payload))
	}
}

func (st *scriptStage) sentMessage(m string) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if _, known := st.wrote[m]; !known || st.onWire[m] {
		st.faults.add("sent is %.40q, which nobody wrote, or twice", m)
	}
	st.onWire[m] = true
}

func (st *scriptStage) note(set map[string]bool, s string) {
	st.mu.Lock()
	defer st.mu.Unlock()
	set[s] = true
}

func (st *scriptStage) was(set map[string]bool, s string) bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return set[s]
}

// got takes a message that the connection has delivered.
func (st *scriptStage) got(typ conn.Type, data []byte) {
	m := typ.String() + string(data)
	st.mu.Lock()
	defer st.mu.Unlock()
	if (!st.said[m] || st.delivered[m]) && !st.anything.Load() {
		st.faults.add("delivered is %.40q, which the peer did not send, or twice", m)
	}
	st.delivered[m] = true
}

// text returns a message of about so many bytes, unlike all others.
func (st *scriptStage) text(size int) string {
	if st.slow {
		size = min(size, 1000)
	}
	st.numbers++
	m := fmt.Sprintf("%d ", st.numbers)
	for len(m) < size {
		m += m[:min(len(m), size-len(m))]
	}
	return m
}

// listen is the peer's reading, and answering if it is polite.
func (st *scriptStage) listen() {
	st.peerLaw.onFrame = func(h frame.Header, payload []byte) {
		switch {
		case !st.polite.Load():
		case h.Opcode == frame.Ping:
			st.say(frame.Header{Fin: true, Opcode: frame.Pong}, payload)
		case h.Opcode == frame.Close:
			st.say(frame.Header{Fin: true, Opcode: frame.Close}, payload)
			st.peer.CloseWrite()
		}
	}
	buf := make([]byte, 4096)
	for {
		n, err := st.peer.Read(buf)
		if n > 0 {
			st.peerLaw.feed(buf[:n])
		}
		if err != nil {
			return
		}
	}
}

// say sends a frame as the peer.
func (st *scriptStage) say(h frame.Header, payload []byte) {
	h.Masked = !st.client
	h.Key = frame.Key{1, 2, 3, 4}
	st.peer.Write(frame.AppendFrame(nil, h, payload))
}

// during calls f beside the script, with a context that b picks.
func (st *scriptStage) during(b byte, f func(ctx context.Context)) {
	ctx := st.context(b)
	st.calls.Go(func() { f(ctx) })
}

func (st *scriptStage) context(b byte) context.Context {
	within := func(d time.Duration) context.Context {
		ctx, cancel := context.WithTimeout(bg, d)
		st.undo = append(st.undo, cancel)
		return ctx
	}
	switch b % 8 {
	case 0, 1:
		return bg
	case 2, 3:
		return st.group
	case 4:
		return within(time.Millisecond)
	case 5:
		return within(time.Second)
	case 6:
		return within(30 * time.Second)
	}
	ctx, cancel := context.WithCancel(bg)
	cancel()
	return ctx
}

// judge judges the error of a call that had ctx: it is the connection's end, or
// that of ctx, or one of those that are allowed.
func (st *scriptStage) judge(what string, ctx context.Context, err error, allowed ...error) {
	var end *conn.CloseError
	switch {
	case err == nil, errors.As(err, &end):
		return
	case ctx.Err() != nil && errors.Is(err, context.Cause(ctx)):
		return
	}
	for _, a := range allowed {
		if errors.Is(err, a) {
			return
		}
	}
	st.faults.add("%s returns %v", what, err)
}

// writing notes what became of a message.
func (st *scriptStage) writing(m string, write func() error) (err error) {
	st.mu.Lock()
	st.wrote[m] = errScriptRuns
	st.mu.Unlock()
	err = write()
	st.mu.Lock()
	st.wrote[m] = err
	st.mu.Unlock()
	return err
}

// watchState holds the state to its one direction.
func (st *scriptStage) watchState() {
	now := st.c.State()
	if now < st.state {
		st.faults.add("the state goes from %v to %v", st.state, now)
	}
	if (st.c.Err() != nil) != (st.c.State() == conn.Closed) && now == st.c.State() {
		st.faults.add("state %v with error %v", now, st.c.Err())
	}
	st.state = now
}

// probe sees to it that a connection that is open is of use, if the network and
// the peer have done nothing against it: messages go both ways, and pings are
// answered.
func (st *scriptStage) probe() {
	if st.impaired || st.c.State() != conn.Open {
		return
	}
	asked, written := st.text(0), st.text(0)
	said := st.text(0)
	st.note(st.asked, asked)
	st.note(st.said, "text"+said)
	st.say(frame.Header{Fin: true, Opcode: frame.Ping}, []byte(asked))
	st.say(frame.Header{Fin: true, Opcode: frame.Text}, []byte(said))
	ctx, cancel := context.WithTimeout(bg, time.Minute)
	defer cancel()
	st.calls.Go(func() {
		for !st.was(st.delivered, "text"+said) && ctx.Err() == nil && st.c.Err() == nil {
			m, err := st.c.Read(ctx)
			switch {
			case err == nil:
				st.got(m.Type, m.Data)
			case err == conn.ErrConcurrentRead: // then somebody else does
				time.Sleep(time.Second)
			}
		}
	})
	err := st.writing(written, func() error { return st.c.WriteText(ctx, written) })
	<-ctx.Done()
	synctest.Wait()
	switch {
	case st.c.State() != conn.Open:
	case err != nil && st.opts.Queue == nil: // which a CloseWrite that came to nothing closes for a while
		st.faults.add("the connection is open, but a write fails: %v", err)
	case !st.answered(asked):
		st.faults.add("the connection is open, but a ping is not answered")
	case !st.passesOver && !st.was(st.delivered, "text"+said):
		st.faults.add("the connection is open, but a message does not come")
	}
}

// answered reports whether the ping with that payload, the last, has its pong.
func (st *scriptStage) answered(payload string) bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.lastPong == payload
}

// finish brings the connection to an end in one of several ways, and sees to it
// that afterwards nothing happens any more.
func (st *scriptStage) finish(how byte) {
	c := st.c
	switch pickOne(how, "now", "close", "close write", "let be") {
	case "close":
		st.calls.Go(func() { c.Close(bg, frame.NormalClosure, "the end") })
		time.Sleep(time.Minute)
		if c.Err() == nil && st.opts.CloseTimeout >= 0 {
			st.faults.add("a minute after Close the connection lives")
		}
	case "close write":
		if c.CloseWrite(st.context(6), frame.NormalClosure, "the end") == nil {
			st.calls.Go(func() { st.read(bg) })
			time.Sleep(time.Minute)
			if c.Err() == nil && st.opts.CloseTimeout >= 0 {
				st.faults.add("a minute after CloseWrite the connection lives")
			}
		}
	case "let be":
		time.Sleep(time.Hour)
	}
	st.watchState()
	c.CloseNow()
	st.calls.Wait()
	st.cancel()
	for _, cancel := range st.undo {
		cancel()
	}
	st.net.SetDeadline(time.Time{})
	synctest.Wait()
	st.watchState()

	end, calls := c.Err(), st.tap.total()
	st.end.In().Resume()
	st.end.Out().Resume()
	st.end.Out().SetWindow(-1)
	st.peer.Write([]byte("too late"))
	time.Sleep(time.Hour)
	synctest.Wait()
	if now := st.tap.total(); now != calls {
		st.faults.add("%d calls of the stream in the hour after the end", now-calls)
	}
	for _, fault := range afterEnd(c) {
		st.faults.add("after the end: %s", fault)
	}
	time.Sleep(time.Hour)
	if c.Err() != end {
		st.faults.add("the end was %v and is %v", end, c.Err())
	}
	st.peer.Close()
}

// read reads messages until there are no more. ReadTimeout ends a call, never the
// connection.
func (st *scriptStage) read(ctx context.Context) error {
	for {
		m, err := st.c.Read(ctx)
		switch {
		case err == nil:
			st.got(m.Type, m.Data)
		case err != conn.ErrReadTimeout:
			return err
		}
	}
}

// verdict returns all that was against the law.
func (st *scriptStage) verdict() []string {
	for m, err := range st.wrote {
		var end *conn.CloseError
		switch sent := st.onWire[m]; {
		case err == nil && !sent && st.opts.Queue == nil && st.tap.sent.closed:
			// What waited to leave together with more leaves before the close frame.
			st.faults.add("%.40q was written without error and not sent", m)
		case sent && err != nil && !errors.As(err, &end) && err != errScriptPart:
			st.faults.add("%.40q was sent, but the error is %v", m, err)
		}
		if err == errScriptRuns {
			st.faults.add("the writing of %.40q does not return", m)
		}
	}
	if errors.Is(st.c.Err(), conn.ErrReadTimeout) {
		st.faults.add("the connection ended by ReadTimeout: %v", st.c.Err())
	}
	if errors.Is(st.c.Err(), errScriptEnded) {
		st.faults.add("the connection ended by a context that had ended before: %v", st.c.Err())
	}
	if n := st.ends.Load(); n != 1 {
		st.faults.add("OnEnd was called %d times", n)
	}
	stats := st.c.Stats()
	if read, sent := st.tap.read, st.tap.written; stats.Written.Wire != uint64(sent) || stats.Read.Wire > uint64(read) {
		st.faults.add("Stats are %+v of %d bytes read and %d sent", stats, read, sent)
	}
	if st.onClose > 1 {
		st.faults.add("OnClose was called %d times", st.onClose)
	}
	if used := st.opts.Budget.Used(); used != 0 {
		st.faults.add("%d bytes of the Budget are not given back", used)
	}
	return append(st.faults.list(), st.tap.verdict()...)
}

// errScriptPart stands for the error of a NetConn that was late, but of whose
// message a part had left.
var errScriptPart = errors.New("part of the message had left")

// errScriptEnded is the cause of a context that has ended before the call.
var errScriptEnded = errors.New("context has ended before")

// scriptStepTable is what may happen. Each has an argument, and takes more from the script
// if it must.
var scriptStepTable = []func(st *scriptStage, arg byte, s *script){
	// 0 to 7: the peer.
	(*scriptStage).stepPeerFrame,
	(*scriptStage).stepPeerFrame,
	(*scriptStage).stepPeerMessage,
	func(st *scriptStage, arg byte, s *script) { // raw bytes
		n := min(int(arg%32), len(*s))
		st.anything.Store(true)
		st.impaired = true
		st.peer.Write((*s)[:n])
		*s = (*s)[n:]
	},
	(*scriptStage).stepPeerCut,
	func(st *scriptStage, arg byte, _ *script) { st.hangUp(arg) },
	func(st *scriptStage, arg byte, _ *script) { st.polite.Store(arg%2 == 0) },
	(*scriptStage).stepPeerMessage,

	// 8 to 11: the network.
	func(st *scriptStage, arg byte, _ *script) { // stalls
		flow := pickOne(arg, st.end.In(), st.end.Out())
		st.impaired = true
		if arg&2 == 0 {
			flow.Stall()
		} else {
			flow.Resume()
		}
	},
	func(st *scriptStage, arg byte, _ *script) {
		size := pickOne(arg, 0, 1, 20, 70_000)
		st.impaired = st.impaired || size == 0
		st.end.Out().SetWindow(size)
	},
	(*scriptStage).stepFault,
	func(st *scriptStage, arg byte, _ *script) {
		flow := pickOne(arg, st.end.In(), st.end.Out())
		st.impaired = true
		flow.SetLatency(pickOne(arg>>1, 0, time.Millisecond, time.Second, 3*time.Second))
	},

	// 12 to 15: time.
	func(st *scriptStage, arg byte, _ *script) {
		time.Sleep(pickOne(arg, time.Millisecond, time.Second, 2*time.Second, 5*time.Second, 10*time.Second, 20*time.Second, time.Minute))
	},
	func(st *scriptStage, arg byte, _ *script) { time.Sleep(time.Duration(arg) * 100 * time.Millisecond) },
	func(st *scriptStage, _ byte, _ *script) {
		st.cancel()
		st.group, st.cancel = context.WithCancel(bg)
	},
	func(*scriptStage, byte, *script) { synctest.Wait() },

	// 16 to 23: reading.
	(*scriptStage).stepRead,
	(*scriptStage).stepRead,
	(*scriptStage).stepReadInto,
	(*scriptStage).stepNextReader,
	(*scriptStage).stepMessages,
	(*scriptStage).stepServe,
	(*scriptStage).stepNetRead,
	(*scriptStage).stepReadAll,

	// 24 to 31: writing.
	(*scriptStage).stepWrite,
	(*scriptStage).stepWrite,
	(*scriptStage).stepWriteUncompressed,
	(*scriptStage).stepWriteNotUTF8,
	(*scriptStage).stepNextWriter,
	(*scriptStage).stepNextWriter,
	(*scriptStage).stepNetWrite,
	(*scriptStage).stepNetDeadline,

	// 32 to 40: control frames, and looking on.
	(*scriptStage).stepPing,
	(*scriptStage).stepPong,
	(*scriptStage).stepClose,
	(*scriptStage).stepCloseWrite,
	func(st *scriptStage, arg byte, _ *script) { // ends
		switch arg % 4 {
		case 0:
			st.c.CloseNow()
		case 1:
			st.during(0, func(context.Context) { st.net.Close() })
		case 2:
			st.during(0, func(context.Context) { st.net.CloseWrite() })
		}
	},
	func(st *scriptStage, _ byte, _ *script) {
		ctx := st.c.Context()
		st.calls.Go(func() {
			<-ctx.Done()
			if cause := context.Cause(ctx); cause != st.c.Err() {
				st.faults.add("the cause of Context is %v, the end is %v", cause, st.c.Err())
			}
		})
	},
	func(st *scriptStage, arg byte, _ *script) {
		st.during(arg, func(ctx context.Context) { st.judge("Flush", ctx, st.c.Flush(ctx)) })
	},
	(*scriptStage).stepWritePrepared,
	func(st *scriptStage, arg byte, _ *script) {
		switch arg % 3 {
		case 0:
			st.c.Stats()
		case 1:
			st.c.Buffered()
		case 2:
			st.c.Queue()
		}
	},
}

// stepPeerFrame sends a control frame, or one of those that no peer may send.
func (st *scriptStage) stepPeerFrame(arg byte, _ *script) {
	fin := func(op frame.Opcode) frame.Header { return frame.Header{Fin: true, Opcode: op} }
	ping := func() []byte {
		m := st.text(5)
		st.note(st.asked, m)
		return []byte(m)
	}
	switch arg % 20 {
	case 0:
		st.say(fin(frame.Ping), ping())
	case 1:
		st.say(fin(frame.Pong), []byte("unasked"))
	case 2:
		st.say(fin(frame.Pong), []byte{0, 0, 0, 0, 0, 0, 0, 1}) // to the first ping, perhaps
	case 3:
		st.say(fin(frame.Close), []byte("\x03\xe8bye"))
	case 4:
		st.say(fin(frame.Close), nil)
	case 5:
		st.say(fin(frame.Close), []byte("\x0f\xa0mine"))
	case 6:
		st.say(fin(frame.Close), []byte{3})
	case 7:
		st.say(fin(frame.Close), []byte("\x03\xedno such code"))
	case 8:
		st.say(fin(frame.Close), []byte("\x03\xe8\xff"))
	case 9:
		st.say(frame.Header{Opcode: frame.Ping}, nil) // in fragments
	case 10:
		st.say(fin(3), []byte("reserved"))
	case 11:
		st.say(frame.Header{Fin: true, RSV: frame.RSV2, Opcode: frame.Text}, []byte("rsv2"))
	case 12:
		st.say(frame.Header{Fin: true, RSV: frame.RSV1, Opcode: frame.Binary}, []byte("\xff\xff not deflated"))
	case 13:
		st.say(fin(frame.Text), []byte("\xc0\x80"))
	case 14:
		st.say(fin(frame.Continuation), []byte("of nothing"))
	case 15:
		st.peer.Write(frame.AppendFrame(nil, frame.Header{Fin: true, Opcode: frame.Text, Masked: st.client}, []byte("wrong mask")))
	case 16:
		st.peer.Write([]byte{0x82, 0xFE, 0, 1, 0, 0, 0, 0, 0}) // not the shortest length
	case 17:
		st.impaired = true // all that follows belongs to it, if MaxMessage allows
		st.peer.Write([]byte{0x82, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0})
	case 18:
		st.say(fin(frame.Ping), bytes.Repeat([]byte("x"), 126))
	case 19:
		for range 30 {
			st.say(fin(frame.Ping), ping())
		}
	}
}

// stepPeerMessage sends a message, whole or in fragments, compressed or not.
func (st *scriptStage) stepPeerMessage(arg byte, _ *script) {
	typ := pickOne(arg, conn.Text, conn.Text, conn.Binary)
	m := st.text(pickOne(arg>>2, 0, 90, 130, 5000, 70_000, 150_000))
	st.note(st.said, typ.String()+m)
	h, payload := frame.Header{Opcode: frame.Opcode(typ)}, []byte(m)
	if st.zip != nil && arg&0x40 == 0 {
		if out, ok := st.zip.Append(nil, payload); ok {
			h.RSV, payload = frame.RSV1, out
		}
	}
	if arg&0x80 != 0 {
		for range 3 {
			n := len(payload) / 3
			st.say(h, payload[:n])
			h, payload = frame.Header{}, payload[n:]
		}
	}
	h.Fin = true
	st.say(h, payload)
}

// stepPeerCut sends the beginning of a frame, and perhaps hangs up.
func (st *scriptStage) stepPeerCut(arg byte, s *script) {
	all := frame.AppendFrame(nil, frame.Header{Fin: true, Opcode: frame.Text, Masked: !st.client}, []byte("never to end"))
	st.anything.Store(true) // if more follows
	st.impaired = true
	st.peer.Write(all[:int(arg)%len(all)])
	if how := s.next(); how&1 != 0 {
		st.hangUp(how >> 1)
	}
}

func (st *scriptStage) hangUp(how byte) {
	st.impaired = true
	switch how % 3 {
	case 0:
		st.peer.CloseWrite()
	case 1:
		st.peer.Close()
	case 2:
		st.peer.Reset()
	}
}

// stepFault has the network fail a little later.
func (st *scriptStage) stepFault(arg byte, s *script) {
	st.impaired = true
	flow := pickOne(arg, st.end.In(), st.end.Out())
	after := int64(s.next())
	switch arg >> 1 % 5 {
	case 0:
		flow.ResetAfter(after)
	case 1:
		flow.EndAfter(after)
	case 2:
		flow.FailReadAfter(after, os.ErrPermission)
	case 3:
		flow.FailWriteAfter(after, os.ErrPermission)
	case 4:
		flow.BlackHole()
	}
}

var scriptReadErrors = []error{conn.ErrConcurrentRead, conn.ErrReadTimeout}

func (st *scriptStage) stepRead(arg byte, _ *script) {
	st.during(arg, func(ctx context.Context) {
		m, err := st.c.Read(ctx)
		if err == nil {
			st.got(m.Type, m.Data)
		}
		st.judge("Read", ctx, err, scriptReadErrors...)
	})
}

func (st *scriptStage) stepReadInto(arg byte, _ *script) {
	st.during(arg, func(ctx context.Context) {
		buf := make([]byte, 0, 100)
		for range 1 + arg>>5 {
			typ, data, err := st.c.ReadInto(ctx, buf)
			if err == nil {
				st.got(typ, data)
				buf = data
			}
			st.judge("ReadInto", ctx, err, scriptReadErrors...)
		}
	})
}

func (st *scriptStage) stepReadAll(arg byte, _ *script) {
	st.during(arg, func(ctx context.Context) {
		st.judge("Read", ctx, st.read(ctx), scriptReadErrors...)
	})
}

// stepNextReader reads a message through a MessageReader, or a part of it.
func (st *scriptStage) stepNextReader(arg byte, s *script) {
	most := pickOne(s.next(), 0, 1, 80, 1<<20, 1<<20)
	st.passesOver = true
	st.during(arg, func(ctx context.Context) {
		typ, r, err := st.c.NextReader(ctx)
		st.judge("NextReader", ctx, err, scriptReadErrors...)
		if err != nil {
			return
		}
		var data []byte
		buf := make([]byte, 1000)
		for len(data) < most {
			n, err := r.Read(buf[:min(len(buf), most-len(data))])
			data = append(data, buf[:n]...)
			if err == io.EOF {
				st.got(typ, data)
				return
			}
			st.judge("MessageReader.Read", ctx, err, append(scriptReadErrors, conn.ErrMessageEnded)...)
			if err != nil {
				return
			}
		}
	})
}

func (st *scriptStage) stepMessages(arg byte, s *script) {
	most := int(s.next() % 4)
	st.during(arg, func(ctx context.Context) {
		for m, err := range st.c.Messages(ctx) {
			st.judge("Messages", ctx, err, scriptReadErrors...)
			if err == nil {
				st.got(m.Type, m.Data)
			}
			if most--; most < 0 {
				break
			}
		}
	})
}

// stepServe serves, with a handler that does something itself.
func (st *scriptStage) stepServe(arg byte, s *script) {
	does := s.next()
	st.during(arg, func(ctx context.Context) {
		opened, closed := 0, 0
		var told error
		act := func(c *conn.Conn) {
			soon, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			switch does % 8 {
			case 1:
				st.judge("Pong", soon, c.Pong(soon, nil))
			case 2:
				st.judge("Close", soon, c.Close(soon, frame.GoingAway, "in a handler"), conn.ErrCloseTimeout)
			case 3:
				c.CloseNow()
			case 4:
				_, err := c.Ping(soon)
				st.judge("Ping", soon, err)
			case 5:
				st.judge("CloseWrite", soon, c.CloseWrite(soon, frame.GoingAway, "in a handler"), conn.ErrCloseTimeout)
			case 6:
				c.Context()
			}
		}
		st.note(st.asked, "")
		err := st.c.Serve(ctx, conn.Handler{
			OnOpen: func(c *conn.Conn) {
				opened++
				if does&0x10 != 0 {
					act(c)
				}
			},
			OnMessage: func(c *conn.Conn, m conn.Message) {
				st.got(m.Type, m.Data)
				act(c)
			},
			OnPing: func(c *conn.Conn, _ []byte) {
				if does&0x20 != 0 {
					act(c)
				}
			},
			OnClose: func(c *conn.Conn, err error) {
				closed++
				told = err
				if c.State() != conn.Closed {
					st.faults.add("OnClose in state %v", c.State())
				}
			},
		})
		st.judge("Serve", ctx, err, scriptReadErrors...)
		st.mu.Lock()
		st.onClose += closed
		st.mu.Unlock()
		var end *conn.CloseError
		over := err == nil || errors.As(err, &end)
		if opened > 1 || closed > opened || opened == 1 && over && closed == 0 || closed == 1 && told != err {
			st.faults.add("Serve: opened %d times, closed %d times with %v; returns %v", opened, closed, told, err)
		}
	})
}

func (st *scriptStage) stepNetRead(arg byte, _ *script) {
	st.passesOver = true
	st.during(0, func(ctx context.Context) {
		_, err := st.net.Read(make([]byte, pickOne(arg, 0, 1, 1000, 100_000)))
		st.judge("NetConn.Read", ctx, err, append(scriptReadErrors, io.EOF, os.ErrDeadlineExceeded, net.ErrClosed)...)
	})
}

var scriptSizes = []int{0, 100, 126, 600, 5000, 20_000, 70_000, 150_000}

// scriptWriteLate is an error of a write that had to wait for others for too long.
var scriptWriteLate = os.ErrDeadlineExceeded

func (st *scriptStage) stepWrite(arg byte, _ *script) {
	typ, m := pickOne(arg, conn.Text, conn.Binary), st.text(pickOne(arg>>4, scriptSizes...))
	st.during(arg>>1, func(ctx context.Context) {
		err := st.writing(m, func() error {
			if arg&3 == 0 {
				return st.c.WriteText(ctx, m)
			}
			return st.c.Write(ctx, typ, []byte(m))
		})
		st.judge("Write", ctx, err, scriptWriteLate, conn.ErrQueueFull)
	})
}

func (st *scriptStage) stepWritePrepared(arg byte, _ *script) {
	m := st.text(pickOne(arg>>4, scriptSizes...))
	p, err := conn.Prepare(conn.Text, []byte(m))
	if err != nil {
		st.faults.add("Prepare returns %v", err)
		return
	}
	st.during(arg, func(ctx context.Context) {
		err := st.writing(m, func() error { return st.c.WritePrepared(ctx, p) })
		st.judge("WritePrepared", ctx, err, scriptWriteLate, conn.ErrQueueFull)
	})
}

func (st *scriptStage) stepWriteUncompressed(arg byte, _ *script) {
	m := st.text(pickOne(arg>>4, scriptSizes...))
	st.during(arg, func(ctx context.Context) {
		err := st.writing(m, func() error { return st.c.WriteUncompressed(ctx, conn.Text, []byte(m)) })
		st.judge("WriteUncompressed", ctx, err, conn.ErrQueueFull)
	})
}

func (st *scriptStage) stepWriteNotUTF8(arg byte, _ *script) {
	st.during(arg, func(ctx context.Context) {
		if err := st.c.WriteText(ctx, "\xff"); err != conn.ErrNotUTF8 {
			st.faults.add("text that is not UTF-8: %v", err)
		}
		w, err := st.c.NextWriter(ctx, conn.Text)
		st.judge("NextWriter", ctx, err)
		if err != nil {
			return
		}
		if _, err := w.WriteString("\xff"); err == nil {
			st.faults.add("streamed text that is not UTF-8 is taken")
		}
		w.Close()
	})
}

// stepNextWriter streams a message, in pieces.
func (st *scriptStage) stepNextWriter(arg byte, s *script) {
	how := s.next()
	typ := pickOne(arg>>3, conn.Text, conn.Binary)
	m := st.text(pickOne(arg>>4, scriptSizes...))
	st.during(arg, func(ctx context.Context) {
		next := st.c.NextWriter
		if how&1 != 0 {
			next = st.c.NextWriterUncompressed
		}
		w, err := next(ctx, typ)
		st.judge("NextWriter", ctx, err)
		if err != nil {
			return
		}
		err = st.writing(m, func() error { return streamInPieces(w, m, how) })
		st.judge("MessageWriter", ctx, err, scriptWriteLate)
		again := w.Close()
		if again == nil || err == nil && again != conn.ErrMessageEnded {
			st.faults.add("a second Close of a MessageWriter returns %v", again)
		}
	})
}

// streamInPieces writes m to w in one of several ways, and closes w, whatever happens.
func streamInPieces(w *conn.MessageWriter, m string, how byte) (err error) {
	defer func() {
		if e := w.Close(); err == nil {
			err = e
		}
	}()
	piece := pickOne(how>>1, 10_000, 1<<20, 17_000, 50)
	if piece == 50 && len(m) > 1000 {
		piece = len(m) / 3
	}
	for len(m) > 0 {
		n := min(piece, len(m))
		switch how >> 3 % 4 {
		case 0:
			_, err = w.Write([]byte(m[:n]))
		case 1:
			_, err = w.WriteString(m[:n])
		case 2:
			_, err = io.WriteString(w, m[:n])
			if err == nil {
				err = w.Flush()
			}
		case 3:
			_, err = w.ReadFrom(bytes.NewReader([]byte(m[:n])))
		}
		if err != nil {
			return err
		}
		m = m[n:]
		if how&0x20 != 0 {
			time.Sleep(500 * time.Millisecond) // in the bubble: another step gets its turn
		}
	}
	return nil
}

func (st *scriptStage) stepNetWrite(arg byte, _ *script) {
	m := st.text(pickOne(arg>>4, scriptSizes...))
	st.during(0, func(ctx context.Context) {
		err := st.writing(m, func() error {
			n, err := st.net.Write([]byte(m))
			if err != nil && n > 0 {
				return errScriptPart
			}
			return err
		})
		st.judge("NetConn.Write", ctx, err, os.ErrDeadlineExceeded, net.ErrClosed, errScriptPart)
	})
}

func (st *scriptStage) stepNetDeadline(arg byte, _ *script) {
	at := time.Now().Add(pickOne(arg, -time.Second, time.Millisecond, time.Second, time.Minute))
	if arg&4 != 0 {
		at = time.Time{}
	}
	switch arg >> 3 % 3 {
	case 0:
		st.net.SetDeadline(at)
	case 1:
		st.net.SetReadDeadline(at)
	case 2:
		st.net.SetWriteDeadline(at)
	}
}

func (st *scriptStage) stepPing(arg byte, _ *script) {
	st.during(arg, func(ctx context.Context) {
		_, err := st.c.Ping(ctx)
		st.judge("Ping", ctx, err)
	})
}

func (st *scriptStage) stepPong(arg byte, _ *script) {
	st.note(st.asked, "a beat")
	st.during(arg, func(ctx context.Context) {
		st.judge("Pong", ctx, st.c.Pong(ctx, []byte("a beat")))
	})
}

func (st *scriptStage) stepClose(arg byte, _ *script) {
	code := pickOne(arg>>3, frame.NormalClosure, frame.GoingAway, 4000, frame.NoStatusReceived, 1004)
	st.during(arg, func(ctx context.Context) {
		err := st.c.Close(ctx, code, "")
		if code == 1004 {
			if err == nil {
				st.faults.add("Close takes a code that may not be sent")
			}
			return
		}
		st.judge("Close", ctx, err, conn.ErrCloseTimeout)
		if err != nil && st.c.Err() == nil {
			st.faults.add("Close returns %v and the connection lives", err)
		}
	})
}

func (st *scriptStage) stepCloseWrite(arg byte, _ *script) {
	st.during(arg, func(ctx context.Context) {
		if ctx.Err() != nil { // it must not come to anything
			ended, cancel := context.WithCancelCause(bg)
			cancel(errScriptEnded)
			ctx = ended
		}
		err := st.c.CloseWrite(ctx, frame.GoingAway, "my last word")
		st.judge("CloseWrite", ctx, err, conn.ErrCloseTimeout)
		if err == nil && st.c.State() == conn.Open {
			st.faults.add("after CloseWrite the connection is open")
		}
	})
}
