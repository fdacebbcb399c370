package conn_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
)

var (
	soakFor  = flag.Duration("soak", time.Second, "how long the soak test runs its rounds")
	soakSeed = flag.Uint64("soakseed", 0, "the seed of its first round; 0 for any")
)

// Test X6: whatever is called at once, by a hundred goroutines and more, over
// whatever stream, messages arrive whole and in order or not at all, frames never
// mix, every call returns, and the connection ends with one error. Each round is
// another connection, or several that share what connections can share.
func TestRandomCallsFromManyGoroutinesX6(t *testing.T) {
	seed := *soakSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	var total soakTotal
	over := time.Now().Add(*soakFor)
	for i := 0; i < len(soakStreams) || time.Now().Before(over); i++ {
		if wrong := soakRound(t, seed+uint64(i), &total); len(wrong) > 0 {
			t.Fatalf("round %d, to see it again: -soak=1m -soakseed=%d\n%s", i, seed+uint64(i), strings.Join(wrong, "\n"))
		}
	}
	t.Logf("%+v", total)
}

// soakCompressors is how many messages may be compressed at a time.
const soakCompressors = 2

// soakTotal is what a soak has done.
type soakTotal struct {
	Rounds, Calm           int   // and those in which nothing may be lost
	Connections            int   // ends of them
	Sent, Received, Frames int64 // messages, messages, frames that were watched
	Clean                  int   // ends of connections with a closing handshake
}

// soakEnd is one end of a connection.
type soakEnd struct {
	plan    soakPlan
	c       *conn.Conn
	net     *conn.NetConn
	tap     *streamTap // nil if there is none
	shared  context.Context
	senders []*soakSender
	sending sync.WaitGroup
	reader  *soakReader
	ends    atomic.Int32
	sent    atomic.Int64 // messages that were written without error
	got     atomic.Int64
	faults  lawFaults
}

// judge judges an error: it is the connection's end, or that of ctx, or one that
// is allowed.
func (e *soakEnd) judge(what string, ctx context.Context, err error, allowed ...error) {
	var end *conn.CloseError
	if err == nil || errors.As(err, &end) || ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
		return
	}
	for _, a := range allowed {
		if errors.Is(err, a) {
			return
		}
	}
	e.faults.add("%s returns %v", what, err)
}

// soakRound makes some connections, lets everybody call, ends them, and returns
// what was wrong.
func soakRound(t *testing.T, seed uint64, total *soakTotal) (wrong []string) {
	before := runningGoroutines()
	plan := newSoakPlan(seed)
	r := rand.New(rand.NewPCG(seed, 1))
	shared, cancel := context.WithTimeout(bg, time.Duration(r.IntN(200))*time.Millisecond)
	defer cancel()
	plan.opts.Budget = conn.NewBudget(1 << 30)
	if r.IntN(2) == 0 {
		plan.opts.CompressLimit = deflate.NewLimit(soakCompressors)
	}
	if r.IntN(2) == 0 {
		plan.opts.Wheel = new(conn.Wheel)
	}

	var ends []*soakEnd
	var calls, weather sync.WaitGroup
	stop := make(chan struct{})
	for range 1 + r.IntN(2) {
		w := plan.wire(t, r)
		server, client := newSoakEnd(t, plan, w, false), newSoakEnd(t, plan, w, true)
		if w.weather != nil {
			r := rand.New(rand.NewPCG(r.Uint64(), 0))
			weather.Go(func() { w.weather(r, stop) })
		}
		server.shared, client.shared = shared, shared
		server.start(&calls, r, 0)
		client.start(&calls, r, 1000)
		if plan.calm {
			calls.Go(func() { sayGoodbye(server, client) })
		} else {
			calls.Go(server.sayEnough(r.IntN(4)))
			calls.Go(client.sayEnough(r.IntN(4)))
		}
		ends = append(ends, server, client)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		calls.Wait()
	}()
	if stuck := awaitSoak(done); stuck != "" {
		return []string{"calls do not return:", stuck}
	}
	close(stop)
	weather.Wait()
	if left := goroutinesLeft(before); len(left) > 0 {
		return append([]string{"goroutines are left:"}, left...)
	}

	total.Rounds++
	if plan.calm {
		total.Calm++
	}
	for i, e := range ends {
		total.Connections++
		total.Sent += e.sent.Load()
		total.Received += e.got.Load()
		wrong = append(wrong, e.verdict(ends[i^1], total)...)
	}
	if used := plan.opts.Budget.Used(); used != 0 {
		wrong = append(wrong, fmt.Sprintf("%d bytes of the Budget are not given back", used))
	}
	for range soakCompressors {
		if l := plan.opts.CompressLimit; l != nil && !l.TryAcquire() {
			wrong = append(wrong, "the CompressLimit is not given back")
		}
	}
	if len(wrong) > 0 {
		wrong = append(wrong, fmt.Sprintf("%+v", plan))
	}
	return wrong
}

// awaitSoak waits until done is closed, and returns all stacks if that takes too
// long.
func awaitSoak(done <-chan struct{}) (stuck string) {
	late := time.NewTimer(2 * guard)
	defer late.Stop()
	select {
	case <-done:
		return ""
	case <-late.C:
		stacks := make([]byte, 1<<20)
		return string(stacks[:runtime.Stack(stacks, true)])
	}
}

func newSoakEnd(t *testing.T, plan soakPlan, w soakWire, client bool) *soakEnd {
	e := &soakEnd{plan: plan}
	rw := w.server
	if client {
		rw = w.client
	}
	if plan.tapped && plan.stream != "tls" { // which must be seen to be TLS
		e.tap, rw = newStreamTap(rw, client, plan.deflate != nil)
	}
	opts := plan.opts
	if q := opts.Queue; q != nil {
		q := *q
		q.OnDrain = func(c *conn.Conn) { c.Buffered() }
		opts.Queue = &q
	}
	c, err := conn.New(rw, conn.Setup{
		Client: client, Deflate: plan.deflate, OneShotDeadlines: w.oneShot && !client,
		OnEnd: func(*conn.Conn) { e.ends.Add(1) },
	}, &opts)
	if err != nil {
		t.Fatal(err)
	}
	e.c, e.net = c, c.NetConn(conn.Binary)
	return e
}

// start starts the goroutines of e.
func (e *soakEnd) start(calls *sync.WaitGroup, r *rand.Rand, firstID int) {
	e.reader = &soakReader{end: e, r: rand.New(rand.NewPCG(r.Uint64(), 0))}
	calls.Go(e.reader.run)
	for i := range e.plan.senders {
		s := &soakSender{end: e, id: firstID + i, r: rand.New(rand.NewPCG(r.Uint64(), 0)), net: e.c.NetConn(conn.Binary)}
		e.senders = append(e.senders, s)
		e.sending.Go(s.run)
	}
}

// sayEnough ends the connection in one of several ways when the senders of e are
// through.
func (e *soakEnd) sayEnough(how int) func() {
	return func() {
		e.sending.Wait()
		switch how {
		case 0:
			e.judge("CloseWrite", bg, e.c.CloseWrite(bg, frame.GoingAway, ""), conn.ErrCloseTimeout)
		case 1:
			e.c.CloseNow()
		default:
			e.judge("Close", bg, e.c.Close(bg, frame.NormalClosure, ""), conn.ErrCloseTimeout)
		}
	}
}

// sayGoodbye ends a connection on which all that was written arrives: when nobody
// wants to write any more, and nothing is queued.
func sayGoodbye(server, client *soakEnd) {
	for _, e := range []*soakEnd{server, client} {
		e.sending.Wait()
	}
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for _, e := range []*soakEnd{server, client} {
		for e.c.Err() == nil && e.c.Queue().Messages > 0 {
			<-look.C
		}
	}
	first, second := server, client
	if server.plan.clientEnds {
		first, second = client, server
	}
	var closing sync.WaitGroup
	if server.plan.bothEnd {
		closing.Go(func() {
			second.judge("CloseWrite", bg, second.c.CloseWrite(bg, frame.GoingAway, "that is all here, too"))
		})
	}
	first.judge("CloseWrite", bg, first.c.CloseWrite(bg, frame.GoingAway, "that is all"))
	closing.Wait()
}

// verdict returns what was wrong at e, or with what came from peer.
func (e *soakEnd) verdict(peer *soakEnd, total *soakTotal) (wrong []string) {
	wrong = append(wrong, e.faults.list()...)
	wrong = append(wrong, afterEnd(e.c)...)
	var end *conn.CloseError
	switch errors.As(e.c.Err(), &end); {
	case end != nil && end.Clean:
		total.Clean++
	case e.plan.calm:
		wrong = append(wrong, fmt.Sprintf("the end is not clean: %v", e.c.Err()))
	}
	if n := e.ends.Load(); n != 1 {
		wrong = append(wrong, fmt.Sprintf("OnEnd was called %d times", n))
	}
	if e.reader.onClose > 1 {
		wrong = append(wrong, fmt.Sprintf("OnClose was called %d times", e.reader.onClose))
	}
	if e.tap != nil {
		wrong = append(wrong, e.tap.verdict()...)
		total.Frames += int64(e.tap.sent.frames)
	}
	if read, written := e.c.Stats().Read.Wire, peer.c.Stats().Written.Wire; e.plan.calm && read != written {
		wrong = append(wrong, fmt.Sprintf("%d bytes were read of %d", read, written))
	}
	return append(wrong, e.reader.compare(peer)...)
}

// compare compares what was received with what the senders of peer know.
func (d *soakReader) compare(peer *soakEnd) (wrong []string) {
	complain := func(format string, args ...any) {
		if len(wrong) < maxLawFaults {
			wrong = append(wrong, fmt.Sprintf(format, args...))
		}
	}
	missing := 0
	next := make(map[int]int) // number that a sender's next message has at least
	miss := func(sender, until int) {
		for _, became := range peer.senders[sender-peer.senders[0].id].outcomes[next[sender]:until] {
			if became == sent {
				missing++
			}
		}
	}
	for i, m := range d.received {
		first := peer.senders[0].id
		if m.sender < first || m.sender >= first+len(peer.senders) || m.number >= len(peer.senders[m.sender-first].outcomes) {
			complain("%+v was never sent", m)
			continue
		}
		outcomes := peer.senders[m.sender-first].outcomes
		if m.number < next[m.sender] {
			complain("%+v came after number %d", m, next[m.sender]-1)
			continue
		}
		if outcomes[m.number] == notSent {
			complain("%+v came, though its sender was told that it was not sent", m)
		}
		if i < d.open || d.end.plan.calm {
			miss(m.sender, m.number)
		}
		next[m.sender] = m.number + 1
	}
	if d.end.plan.calm {
		for _, s := range peer.senders {
			miss(s.id, len(s.outcomes))
		}
	}
	if missing > d.passed && !peer.plan.drops {
		complain("%d messages are missing, %d were passed over", missing, d.passed)
	}
	return wrong
}
