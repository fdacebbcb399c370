package conn_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/conn/conntest"
	"github.com/parleyws/parley/frame"
)

// connModel says what a connection must answer to one call after another, and
// what it must send, while its peer does one thing after another. One goroutine
// calls, and everything has arrived before the next call, so there is one right
// answer to each.
type connModel struct {
	c      *conn.Conn
	tap    *streamTap
	peer   *conntest.End
	client bool
	polite bool // the peer answers a close frame

	// What the peer has sent.
	arrived  []modelItem // not read from the stream
	buffered []modelItem // read, and not decoded
	gone     bool        // it has ended the stream

	closeSent *modelClose
	since     time.Time // when CloseTimeout began to count; zero if it does not
	end       *modelEnd
	told      error // the one error of the end

	wire    []modelFrame // what must have been sent
	numbers int
	onClose int
	onEnd   int
	faults  lawFaults
}

// modelItem is something that the peer sends.
type modelItem struct {
	what string // "message", "ping", "pong", "close", "bad", "fin"
	text string
	code frame.CloseCode
}

type modelClose struct {
	code   frame.CloseCode
	reason string
}

// modelEnd is what is to be seen of the end.
type modelEnd struct {
	remote, clean bool
	code          frame.CloseCode
	reason        string
	cause         error // that is to be found in Err; nil if Err is
}

// modelAnyReason stands for a reason in plain words, whatever they are.
const modelAnyReason = "*"

// modelFrame is a frame on the wire. An optional one is a pong that a later one
// may replace, RFC 6455 section 5.5.3.
type modelFrame struct {
	text     string
	optional bool
}

// modelAction is one thing that happens.
type modelAction struct {
	What string
	N    int
}

var modelActions = []string{
	"write", "write streamed", "ping", "pong", "read", "serve", "close", "close write", "close now", "wait",
	"peer message", "peer ping", "peer pong", "peer close", "peer breach", "peer fin",
}

// playModel plays a list of actions and returns what was not as the model has it.
func playModel(t *testing.T, client, polite bool, kind string, actions []modelAction) (wrong []string) {
	synctest.Test(t, func(t *testing.T) {
		m := newConnModel(t, client, polite, kind)
		for i, a := range actions {
			m.do(a)
			synctest.Wait()
			time.Sleep(2 * time.Millisecond) // for what is held back to leave together with more
			synctest.Wait()
			m.pass()
			m.look()
			if faults := m.faults.list(); len(faults) > 0 {
				wrong = append([]string{fmt.Sprintf("action %d, %v:", i, a)}, faults...)
				break
			}
		}
		m.c.CloseNow()
		m.peer.Close()
		synctest.Wait()
		if wrong == nil {
			wrong = append(wrong, afterEnd(m.c)...)
			wrong = append(wrong, m.tap.verdict()...)
			if m.onClose > 1 || m.onEnd != 1 {
				wrong = append(wrong, fmt.Sprintf("OnClose was called %d times, OnEnd %d times", m.onClose, m.onEnd))
			}
		}
	})
	return wrong
}

func newConnModel(t *testing.T, client, polite bool, kind string) *connModel {
	m := &connModel{client: client, polite: polite}
	a, b := conntest.Pipe(&conntest.Options{Window: -1})
	m.peer = b
	var rw io.ReadWriteCloser = a
	setup := conn.Setup{Client: client, OnEnd: func(*conn.Conn) { m.onEnd++ }}
	switch kind {
	case "plain":
		rw = a.Plain()
	case "http2":
		rw, setup.OneShotDeadlines = a.HTTP2(), true
	}
	m.tap, rw = newStreamTap(rw, client, false)
	c, err := conn.New(rw, setup, &conn.Options{PingInterval: -1})
	if err != nil {
		t.Fatal(err)
	}
	m.c = c
	m.tap.sent.onFrame = func(h frame.Header, payload []byte) { m.sent(h, payload) }
	go m.listen()
	return m
}

// listen is the peer's reading. A polite one answers the close frame, unless it
// has ended the stream.
func (m *connModel) listen() {
	var law sentLaw
	law.init(m.client, false)
	law.onFrame = func(h frame.Header, payload []byte) {
		if h.Opcode == frame.Close && m.polite {
			m.peer.Write(frame.AppendFrame(nil, frame.Header{Fin: true, Opcode: frame.Close, Masked: !m.client}, payload))
			m.peer.CloseWrite()
		}
	}
	buf := make([]byte, 4096)
	for {
		n, err := m.peer.Read(buf)
		law.feed(buf[:n])
		if err != nil {
			return
		}
	}
}

// sent takes a frame that has left, which must be the next one.
func (m *connModel) sent(h frame.Header, payload []byte) {
	got := h.Opcode.String()
	switch h.Opcode {
	case frame.Ping:
	case frame.Close:
		code, reason, _ := frame.ParseClose(payload)
		got = modelClose{code, reason}.frame()
	default:
		got += " " + string(payload)
	}
	for len(m.wire) > 0 {
		next := m.wire[0]
		m.wire = m.wire[1:]
		prefix, open := strings.CutSuffix(next.text, modelAnyReason)
		if next.text == got || open && strings.HasPrefix(got, prefix) {
			return
		}
		if !next.optional {
			m.faults.add("sent is %q instead of %q", got, next.text)
			return
		}
	}
	m.faults.add("sent is %q, and should not be", got)
}

func (c modelClose) frame() string { return fmt.Sprintf("close %d %s", uint16(c.code), c.reason) }

func (m *connModel) expect(format string, args ...any) {
	m.wire = append(m.wire, modelFrame{text: fmt.Sprintf(format, args...)})
}

// look compares the state, the end, and what was sent.
func (m *connModel) look() {
	state := conn.Open
	switch {
	case m.end != nil:
		state = conn.Closed
	case m.closeSent != nil:
		state = conn.Closing
	}
	if got := m.c.State(); got != state {
		m.faults.add("state is %v, want %v (%v)", got, state, m.c.Err())
		return
	}
	for _, f := range m.wire {
		if !f.optional {
			m.faults.add("%q was not sent", f.text)
		}
	}
	m.wire = nil
	if m.end == nil {
		if err := m.c.Err(); err != nil {
			m.faults.add("Err is %v", err)
		}
		return
	}
	if m.told == nil {
		m.told = m.c.Err()
		m.judgeEnd()
	}
	if m.c.Err() != m.told {
		m.faults.add("Err was %v and is %v", m.told, m.c.Err())
	}
}

func (m *connModel) judgeEnd() {
	var got *conn.CloseError
	if !errors.As(m.told, &got) {
		m.faults.add("Err is %v", m.told)
		return
	}
	want := *m.end
	if got.Remote != want.remote || got.Clean != want.clean || got.Code != want.code || got.Reason != want.reason && want.reason != modelAnyReason ||
		(want.cause == nil) != (got.Err == nil) || want.cause != nil && !isModelCause(got.Err, want.cause) {
		m.faults.add("the end is %+v, want %+v", *got, want)
	}
}

// isModelCause is errors.Is, and with errModelBreach asks for any *frame.Error.
func isModelCause(err, want error) bool {
	if want == errModelBreach {
		var breach *frame.Error
		return errors.As(err, &breach)
	}
	return errors.Is(err, want)
}

var errModelBreach = errors.New("a breach of the protocol")

// modelLate is how much later than it should a Wheel may be, twice over, for what is
// scheduled once more.
const modelLate = conn.DefaultCloseTimeout/16 + 10*time.Millisecond

// pass notes what the time has brought.
func (m *connModel) pass() {
	if m.end != nil || m.since.IsZero() {
		return
	}
	switch silent := time.Since(m.since); {
	case silent > conn.DefaultCloseTimeout+modelLate, silent >= conn.DefaultCloseTimeout && m.c.Err() != nil:
		m.finish(modelEnd{code: m.closeSent.code, reason: m.closeSent.reason, cause: conn.ErrCloseTimeout})
	}
}

func (m *connModel) finish(end modelEnd) { m.end = &end }

// sayClose is what becomes of the close frame that a call is to send.
func (m *connModel) sayClose(code frame.CloseCode, reason string) {
	if m.closeSent != nil {
		return
	}
	m.closeSent = &modelClose{code, reason}
	m.expect("%s", m.closeSent.frame())
	if m.polite && !m.gone {
		m.gone = true
		m.arrived = append(m.arrived, modelItem{what: "close", code: code, text: reason}, modelItem{what: "fin"})
	}
}

func (m *connModel) do(a modelAction) {
	switch a.What {
	case "peer message", "peer ping", "peer pong", "peer close", "peer breach", "peer fin":
		m.doPeer(a)
	case "write", "write streamed", "ping", "pong":
		m.doWrite(a)
	case "read", "serve":
		m.doRead(a)
	case "wait":
		time.Sleep(time.Duration(a.N%8) * time.Second)
	default:
		m.doClose(a)
	}
}

func (m *connModel) text() string {
	m.numbers++
	return fmt.Sprintf("m%d", m.numbers)
}

func (m *connModel) doPeer(a modelAction) {
	if m.gone {
		return
	}
	say := func(op frame.Opcode, payload []byte) {
		m.peer.Write(frame.AppendFrame(nil, frame.Header{Fin: true, Opcode: op, Masked: !m.client}, payload))
	}
	item := modelItem{what: a.What[len("peer "):], text: m.text()}
	switch item.what {
	case "message":
		say(frame.Text, []byte(item.text))
	case "ping":
		say(frame.Ping, []byte(item.text))
	case "pong":
		say(frame.Pong, []byte(item.text))
	case "close":
		item.code = []frame.CloseCode{frame.NormalClosure, frame.GoingAway, 4000}[a.N%3]
		say(frame.Close, frame.AppendClose(nil, item.code, item.text))
	case "breach":
		say(frame.Continuation, nil)
	}
	m.arrived = append(m.arrived, item)
	if item.what == "close" || item.what == "breach" {
		m.arrived = append(m.arrived, modelItem{what: "fin"})
	}
	if item.what != "message" && item.what != "ping" && item.what != "pong" {
		m.gone = true
		m.peer.CloseWrite()
	}
}

// doWrite writes, which can be done until the close frame.
func (m *connModel) doWrite(a modelAction) {
	ctx, cancel := context.WithTimeout(bg, 100*time.Millisecond)
	defer cancel()
	may := m.end == nil && m.closeSent == nil
	text := m.text()
	var err error
	switch a.What {
	case "write":
		if may {
			m.expect("text %s", text)
		}
		err = m.c.WriteText(ctx, text)
	case "write streamed":
		if may {
			m.expect("text %s", text)
		}
		var w *conn.MessageWriter
		if w, err = m.c.NextWriter(ctx, conn.Text); err == nil {
			w.WriteString(text)
			err = w.Close()
		}
	case "pong":
		if may {
			m.expect("pong %s", text)
		}
		err = m.c.Pong(ctx, []byte(text))
	case "ping": // which nobody answers
		if may {
			m.expect("ping")
		}
		if _, err = m.c.Ping(ctx); may && err == context.DeadlineExceeded {
			err = nil
		}
	}
	var end *conn.CloseError
	if may && err != nil || !may && !(errors.Is(err, net.ErrClosed) && errors.As(err, &end)) {
		m.faults.add("%s returns %v", a.What, err)
	}
}

// doRead reads a message, or what comes within a second.
func (m *connModel) doRead(a modelAction) {
	started := time.Now()
	ctx, cancel := context.WithTimeout(bg, time.Second)
	defer cancel()
	var want []string
	var wantErr string // "", "end" or "ctx"
	serve := a.What == "serve"
	over := m.end != nil
	for wantErr == "" && (serve || len(want) == 0) {
		switch item, ok := m.next(); {
		case over:
			wantErr = "end"
		case !ok:
			wantErr = "ctx"
		case item.what == "message":
			want = append(want, item.text)
		default:
			m.take(item)
			if m.end != nil {
				wantErr = "end"
			}
		}
	}
	var got []string
	var err error
	opened, closed := 0, 0
	if serve {
		err = m.c.Serve(ctx, conn.Handler{
			OnOpen:    func(*conn.Conn) { opened++ },
			OnMessage: func(_ *conn.Conn, msg conn.Message) { got = append(got, string(msg.Data)) },
			OnClose:   func(_ *conn.Conn, e error) { closed++ },
		})
	} else {
		var msg conn.Message
		if msg, err = m.c.Read(ctx); err == nil {
			got = append(got, string(msg.Data))
		}
	}
	if wantErr == "ctx" {
		if m.pass(); m.end != nil && time.Since(started) > 0 {
			wantErr = "end" // CloseTimeout has passed meanwhile
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		m.faults.add("%s gets %q, want %q", a.What, got, want)
	}
	normal := m.end != nil && m.end.remote && m.end.clean && m.end.code <= frame.GoingAway
	switch {
	case wantErr == "" && err == nil:
	case wantErr == "ctx" && err == context.DeadlineExceeded:
	case wantErr == "end" && serve && !over && normal && err == nil:
	case wantErr == "end" && err != nil && err == m.c.Err():
	default:
		m.faults.add("%s returns %v, want %q of %+v", a.What, err, wantErr, m.end)
	}
	ends := serve && wantErr == "end" && !over
	if serve && (opened == 1) == over || (closed == 1) != ends {
		m.faults.add("Serve: %d calls of OnOpen, %d of OnClose", opened, closed)
	}
	m.onClose += closed
}

// next returns what a reading call meets next. The connection reads all that has
// arrived at once.
func (m *connModel) next() (item modelItem, ok bool) {
	if m.end != nil {
		return item, false
	}
	if len(m.buffered) == 0 {
		for len(m.arrived) > 0 && m.arrived[0].what != "fin" {
			m.buffered, m.arrived = append(m.buffered, m.arrived[0]), m.arrived[1:]
		}
		if len(m.buffered) > 0 && !m.since.IsZero() {
			m.since = time.Now()
		}
	}
	if len(m.buffered) > 0 {
		item, m.buffered = m.buffered[0], m.buffered[1:]
		return item, true
	}
	if len(m.arrived) > 0 {
		return m.arrived[0], true
	}
	return item, false
}

// take deals with what is not a message.
func (m *connModel) take(item modelItem) {
	switch item.what {
	case "ping":
		if m.closeSent == nil {
			for i := range m.wire {
				m.wire[i].optional = true
			}
			m.expect("pong %s", item.text)
		}
	case "close":
		m.mayForgetPongs()
		if sent := m.closeSent; sent != nil {
			m.finish(modelEnd{clean: true, code: sent.code, reason: sent.reason})
			return
		}
		m.sayClose(item.code, item.text)
		m.finish(modelEnd{remote: true, clean: true, code: item.code, reason: item.text})
	case "breach":
		m.mayForgetPongs()
		reason := modelAnyReason
		m.sayClose(frame.ProtocolError, reason)
		m.finish(modelEnd{code: frame.ProtocolError, reason: reason, cause: errModelBreach})
	case "fin":
		m.mayForgetPongs()
		if sent := m.closeSent; sent != nil {
			m.finish(modelEnd{code: sent.code, reason: sent.reason, cause: io.ErrUnexpectedEOF})
			return
		}
		m.finish(modelEnd{remote: true, code: frame.AbnormalClosure, cause: io.ErrUnexpectedEOF})
	}
}

// mayForgetPongs: the pongs that are owed at the end need not be sent.
func (m *connModel) mayForgetPongs() {
	for i := range m.wire {
		m.wire[i].optional = true
	}
}

func (m *connModel) doClose(a modelAction) {
	code, reason := []frame.CloseCode{frame.NormalClosure, frame.GoingAway, 4001}[a.N%3], m.text()
	switch a.What {
	case "close now":
		if m.end == nil {
			m.finish(modelEnd{code: frame.AbnormalClosure})
		}
		if err := m.c.CloseNow(); err != nil {
			m.faults.add("CloseNow returns %v", err)
		}
	case "close write":
		if m.end == nil && m.closeSent == nil {
			m.since = time.Now()
			m.sayClose(code, reason)
		}
		if err := m.c.CloseWrite(bg, code, reason); err != nil {
			m.faults.add("CloseWrite returns %v", err)
		}
	case "close":
		over := m.end != nil
		if !over {
			m.sayClose(code, reason)
			m.readToTheEnd()
		}
		err := m.c.Close(bg, code, reason)
		if clean := over || m.end.clean; clean && err != nil || !clean && (err == nil || err != m.c.Err()) {
			m.faults.add("Close returns %v", err)
		}
	}
}

// readToTheEnd is the rest of the closing handshake: what comes is discarded.
func (m *connModel) readToTheEnd() {
	for m.end == nil {
		item, ok := m.next()
		switch {
		case !ok:
			m.finish(modelEnd{code: m.closeSent.code, reason: m.closeSent.reason, cause: conn.ErrCloseTimeout})
		case item.what != "message":
			m.take(item)
		}
	}
}
