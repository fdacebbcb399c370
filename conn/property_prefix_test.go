package conn_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/conn/conntest"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
)

// lossyTalk is two endpoints that send messages to each other over a network that does
// its worst.
type lossyTalk struct {
	Deflate int // which of lossyDeflates
	Server  lossyTalker
	Client  lossyTalker
}

// lossyTalker is one of the two, and the direction from it to the other.
type lossyTalker struct {
	Stream   string // "deadlines", "plain" or "http2"
	Queue    int64  // of Options.Queue, in bytes; 0 for none
	Messages []lossyMessage
	Reads    []int // ways to read, in turn

	Window, ReadSize, WriteSize int // of the network; 0 for the default
	Latency, Jitter             time.Duration
	Rate                        int64
	StallFrom, StallFor         time.Duration
	Fault                       string // "" for none
	FaultAfter                  int64  // bytes
}

// lossyMessage is a message to be sent.
type lossyMessage struct {
	Size   int
	How    int           // to write it
	Within time.Duration // of its context; 0 for background
	Pause  time.Duration // before it
}

var lossyDeflates = []*deflate.Params{
	nil, {}, {ServerNoContextTakeover: true, ClientNoContextTakeover: true}, {ServerMaxWindowBits: 9, ClientMaxWindowBits: 8},
}

func drawLossyTalker(label string, streams ...string) *rapid.Generator[lossyTalker] {
	message := rapid.Custom(func(t *rapid.T) lossyMessage {
		return lossyMessage{
			Size:   rapid.SampledFrom([]int{0, 1, 100, 600, 5000, 20_000, 70_000}).Draw(t, "size"),
			How:    rapid.IntRange(0, 4).Draw(t, "how"),
			Within: rapid.SampledFrom([]time.Duration{0, 0, time.Millisecond, 500 * time.Millisecond}).Draw(t, "within"),
			Pause:  rapid.SampledFrom([]time.Duration{0, 0, 0, time.Millisecond, time.Second}).Draw(t, "pause"),
		}
	})
	return rapid.Custom(func(t *rapid.T) lossyTalker {
		return lossyTalker{
			Stream:     rapid.SampledFrom(streams).Draw(t, label+" stream"),
			Queue:      rapid.SampledFrom([]int64{0, 0, -1, 10_000}).Draw(t, "queue"),
			Messages:   rapid.SliceOfN(message, 0, 8).Draw(t, "messages"),
			Reads:      rapid.SliceOfN(rapid.IntRange(0, 4), 1, 4).Draw(t, "reads"),
			Window:     rapid.SampledFrom([]int{0, 0, 100, -1}).Draw(t, "window"),
			ReadSize:   rapid.SampledFrom([]int{0, 0, 3, 50}).Draw(t, "read size"),
			WriteSize:  rapid.SampledFrom([]int{0, 0, 10}).Draw(t, "write size"),
			Latency:    rapid.SampledFrom([]time.Duration{0, 0, time.Millisecond, 20 * time.Millisecond}).Draw(t, "latency"),
			Jitter:     rapid.SampledFrom([]time.Duration{0, 0, 10 * time.Millisecond}).Draw(t, "jitter"),
			Rate:       rapid.SampledFrom([]int64{0, 0, 0, 1 << 20}).Draw(t, "rate"),
			StallFrom:  rapid.SampledFrom([]time.Duration{0, time.Millisecond, time.Second}).Draw(t, "stall from"),
			StallFor:   rapid.SampledFrom([]time.Duration{0, 0, 0, 2 * time.Second}).Draw(t, "stall for"),
			Fault:      rapid.SampledFrom([]string{"", "", "", "reset", "end", "read", "write", "hole"}).Draw(t, "fault"),
			FaultAfter: rapid.Int64Range(0, 20_000).Draw(t, "fault after"),
		}
	})
}

// Property 6: whatever the network does, what arrives is the beginning of what
// was sent, in order, whole. If it does nothing final, it is all of it.
func TestWhatArrivesIsTheBeginningOfWhatWasSentProperty6(t *testing.T) {
	server := drawLossyTalker("server", "deadlines", "plain", "http2")
	client := drawLossyTalker("client", "deadlines", "plain")
	rapid.Check(t, func(rt *rapid.T) {
		talk := lossyTalk{
			Deflate: rapid.IntRange(0, len(lossyDeflates)-1).Draw(rt, "deflate"),
			Server:  server.Draw(rt, "server"),
			Client:  client.Draw(rt, "client"),
		}
		if wrong := talk.play(t); len(wrong) > 0 {
			rt.Fatalf("%q", wrong)
		}
	})
}

// lossyEnd is one end of a talk.
type lossyEnd struct {
	lossyTalker
	c        *conn.Conn
	sent     []string // messages, in order
	perhaps  string   // one that came after them, if it came
	received []string
	network  sync.WaitGroup
	faults   lawFaults
}

func (tk lossyTalk) play(t *testing.T) (wrong []string) {
	synctest.Test(t, func(t *testing.T) {
		server, client := &lossyEnd{lossyTalker: tk.Server}, &lossyEnd{lossyTalker: tk.Client}
		a, b := conntest.Pipe(nil)
		server.start(t, a, conn.Setup{Deflate: lossyDeflates[tk.Deflate]})
		client.start(t, b, conn.Setup{Client: true, Deflate: lossyDeflates[tk.Deflate]})

		defer server.network.Wait()
		defer client.network.Wait()
		var reading, writing sync.WaitGroup
		for i, e := range []*lossyEnd{server, client} {
			reading.Go(e.read)
			writing.Go(func() { e.write(rand.New(rand.NewPCG(uint64(i), 0))) })
		}
		writing.Wait()
		// A context that ends inside a message is the end of the connection as well.
		complete := server.Fault == "" && client.Fault == "" && server.perhaps == "" && client.perhaps == ""
		client.awaitQueue() // which the peer's close frame would cut short
		// Nobody wants to write any more, so whoever closes loses nothing.
		err := server.c.CloseWrite(bg, frame.NormalClosure, "that was all")
		var end *conn.CloseError // of one that came too late
		if err != nil && (complete || !errors.As(err, &end) && !errors.Is(err, conn.ErrCloseTimeout)) {
			wrong = append(wrong, fmt.Sprintf("CloseWrite: %v", err))
		}
		reading.Wait()
		wrong = append(wrong, compareLossy("client", server, client, complete)...)
		wrong = append(wrong, compareLossy("server", client, server, complete)...)
		for _, e := range []*lossyEnd{server, client} {
			<-e.c.Done()
			wrong = append(wrong, e.faults.list()...)
		}
	})
	return wrong
}

// start makes the connection of e, and the network that leads away from it.
func (e *lossyEnd) start(t *testing.T, end *conntest.End, setup conn.Setup) {
	opts := conn.Options{MaxMessage: -1, CompressFrom: 64}
	if e.Queue != 0 {
		opts.Queue = &conn.Queue{Bytes: e.Queue}
	}
	f := end.Out()
	if e.Window != 0 {
		f.SetWindow(e.Window)
	}
	if e.ReadSize > 0 {
		f.SetReadSizes(conntest.Cycle(e.ReadSize, 0, 3*e.ReadSize))
	}
	if e.WriteSize > 0 {
		f.SetWriteSizes(conntest.Each(e.WriteSize))
	}
	f.SetLatency(e.Latency)
	f.SetJitter(e.Jitter, 1)
	f.SetRate(e.Rate)
	switch e.Fault {
	case "reset":
		f.ResetAfter(e.FaultAfter)
	case "end":
		f.EndAfter(e.FaultAfter)
	case "read":
		f.FailReadAfter(e.FaultAfter, os.ErrPermission)
	case "write":
		f.FailWriteAfter(e.FaultAfter, os.ErrPermission)
	}
	if e.StallFor > 0 || e.Fault == "hole" {
		e.network.Go(func() {
			time.Sleep(e.StallFrom)
			if e.Fault == "hole" {
				f.BlackHole()
				return
			}
			f.Stall()
			time.Sleep(e.StallFor)
			f.Resume()
		})
	}
	var rw io.ReadWriteCloser = end
	switch e.Stream {
	case "plain":
		rw = end.Plain()
	case "http2":
		rw, setup.OneShotDeadlines = end.HTTP2(), true
	}
	c, err := conn.New(rw, setup, &opts)
	if err != nil {
		t.Fatal(err)
	}
	e.c = c
}

// write sends the messages of e, one after another, until one cannot be sent for
// the end of the connection.
func (e *lossyEnd) write(r *rand.Rand) {
	for i, m := range e.Messages {
		time.Sleep(m.Pause)
		size := m.Size
		if e.ReadSize == 3 || e.WriteSize > 0 || e.Window == 100 {
			size = min(size, 1000)
		}
		text := lossyText(i, size, r)
		ctx, cancel := bg, context.CancelFunc(func() {})
		if m.Within > 0 {
			ctx, cancel = context.WithTimeout(bg, m.Within)
		}
		err := e.writeOne(ctx, m, text)
		cancel()
		var end *conn.CloseError
		switch {
		case err == nil:
			e.sent = append(e.sent, text)
		case errors.As(err, &end):
			e.perhaps = text
			return
		case !errors.Is(err, context.DeadlineExceeded):
			e.faults.add("writing returns %v", err)
		}
	}
}

// lossyText returns a message of about so many bytes. Every other one is hard to
// compress.
func lossyText(i, size int, r *rand.Rand) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %d ", i, size)
	for b.Len() < size {
		if i%2 == 0 {
			b.WriteString("abcdefgh")
		} else {
			fmt.Fprint(&b, r.Uint64())
		}
	}
	return b.String()
}

// awaitQueue waits until what is queued has left.
func (e *lossyEnd) awaitQueue() {
	for e.c.State() == conn.Open && e.c.Queue().Messages > 0 {
		time.Sleep(time.Millisecond)
	}
}

func (e *lossyEnd) writeOne(ctx context.Context, m lossyMessage, text string) error {
	switch m.How {
	case 0:
		return e.c.WriteText(ctx, text)
	case 1:
		return e.c.WriteUncompressed(ctx, conn.Text, []byte(text))
	case 2:
		p, err := conn.Prepare(conn.Text, []byte(text))
		if err != nil {
			return err
		}
		return e.c.WritePrepared(ctx, p)
	}
	next := e.c.NextWriter
	if m.How == 4 {
		next = e.c.NextWriterUncompressed
	}
	w, err := next(ctx, conn.Text)
	if err != nil {
		return err
	}
	return streamInPieces(w, text, byte(4+8*(m.Size%4)))
}

// read receives messages to the end of the connection.
func (e *lossyEnd) read() {
	got := func(m conn.Message) { e.received = append(e.received, string(m.Data)) }
	for i := 0; e.c.Err() == nil; i++ {
		ctx, cancel := context.WithTimeout(bg, 300*time.Millisecond)
		var err error
		switch e.Reads[i%len(e.Reads)] {
		case 0:
			var m conn.Message
			if m, err = e.c.Read(bg); err == nil {
				got(m)
			}
		case 1:
			var m conn.Message
			if m, err = e.c.Read(ctx); err == nil {
				got(m)
			}
		case 2:
			err = e.c.Serve(ctx, conn.Handler{OnMessage: func(_ *conn.Conn, m conn.Message) { got(m) }})
		case 3:
			for m, e := range e.c.Messages(ctx) {
				if err = e; err == nil {
					got(m)
				}
				break
			}
		case 4:
			var r *conn.MessageReader
			if _, r, err = e.c.NextReader(bg); err == nil {
				var b bytes.Buffer
				if _, err = b.ReadFrom(r); err == nil {
					got(conn.Message{Data: b.Bytes()})
				}
			}
		}
		if cancel(); err != nil && e.c.Err() == nil && !errors.Is(err, context.DeadlineExceeded) {
			e.faults.add("reading returns %v", err)
		}
	}
}

// compareLossy compares what to has received with what from has sent.
func compareLossy(name string, from, to *lossyEnd, complete bool) (wrong []string) {
	sent := from.sent
	if from.perhaps != "" {
		sent = append(sent, from.perhaps)
	}
	for i, m := range to.received {
		if i >= len(sent) || m != sent[i] {
			return append(wrong, fmt.Sprintf("message %d of the %s is %.40q, out of order, changed or never sent", i, name, m))
		}
	}
	if complete && len(to.received) < len(from.sent) {
		wrong = append(wrong, fmt.Sprintf("the %s got %d messages of %d: %v, %v", name, len(to.received), len(from.sent), to.c.Err(), from.c.Err()))
	}
	return wrong
}
