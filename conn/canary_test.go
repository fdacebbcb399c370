package conn_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/conn/conntest"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
)

var canaryTime = flag.Duration("canary", time.Second, "how long the pool canary sings")

// canaries is how many connections there are at a time, each with a byte of its own.
const canaries = 64

// mine is the byte of a connection. It is ASCII, so that it may be text, and as the
// first byte of a frame it is unlawful, so that it may be a breach as well.
func mine(i int) byte { return byte('0' + i) }

// foreign is in no message. Memory that must not be looked at any more is filled
// with it.
const foreign = 0x01

// Test X7: 64 connections share all pools, and each sends its own byte only. Whatever
// breaks, is cancelled or goes over a limit, nobody ever gets another's byte.
func TestNobodyGetsAnothersBytesX7(t *testing.T) {
	var total canaryFigures
	shared := canaryShared{budget: conn.NewBudget(8 << 20), limit: deflate.NewLimit(3), wheel: new(conn.Wheel)}
	seed := rand.Uint64()
	end := time.Now().Add(*canaryTime)
	var all sync.WaitGroup
	for i := range canaries {
		all.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(i)))
			for time.Now().Before(end) && !t.Failed() {
				c := &canary{t: t, byte: mine(i), canaryShared: shared, figures: &total}
				c.live(rand.New(rand.NewPCG(r.Uint64(), 0)))
			}
		})
	}
	all.Wait()
	if t.Failed() {
		t.Logf("seed %d", seed)
	}
	if n := shared.budget.Used(); n != 0 {
		t.Errorf("%d bytes of the budget are still in use", n)
	}
	for i := range 3 {
		if !shared.limit.TryAcquire() {
			t.Errorf("%d of 3 turns to compress are left", i)
			break
		}
	}
	if total.lives.Load() < canaries || total.messages.Load() < canaries {
		t.Errorf("only %v", &total)
	}
	t.Logf("%v", &total)
}

// canaryShared is what all connections have in common, beside the pools.
type canaryShared struct {
	budget *conn.Budget
	limit  *deflate.Limit
	wheel  *conn.Wheel
}

type canaryFigures struct {
	lives, messages, bytes, broken atomic.Int64
}

func (f *canaryFigures) String() string {
	return fmt.Sprintf("%d connections, %d messages, %d bytes, %d ended in disorder",
		f.lives.Load(), f.messages.Load(), f.bytes.Load(), f.broken.Load())
}

// canary is two connections that talk to each other.
type canary struct {
	t    *testing.T
	byte byte
	canaryShared
	figures *canaryFigures
}

// check looks for foreign bytes.
func (c *canary) check(what string, data []byte) {
	if n := bytes.Count(data, []byte{c.byte}); n != len(data) {
		i := bytes.IndexFunc(data, func(r rune) bool { return r != rune(c.byte) })
		c.t.Errorf("%s of %d bytes of the connection of %q: %d others, %q at %d", what, len(data), c.byte, len(data)-n, data[max(i, 0)], i)
	}
}

// live makes the connections, has them talk, and sees to it that they end.
func (c *canary) live(r *rand.Rand) {
	server, client, break_ := c.connect(r)
	var talking sync.WaitGroup
	for _, x := range []*conn.Conn{server, client} {
		seed := r.Uint64()
		talking.Go(func() { c.listen(x, rand.New(rand.NewPCG(seed, 1))) })
		for range 2 {
			seed := r.Uint64()
			talking.Go(func() { c.speak(x, rand.New(rand.NewPCG(seed, 2))) })
		}
	}
	if r.IntN(3) == 0 {
		break_()
	}
	over := make(chan struct{})
	late := time.AfterFunc(4*guard, func() { // all share the limit on compression
		stacks := make([]byte, 1<<20)
		c.t.Errorf("a connection does not end\n%s", stacks[:runtime.Stack(stacks, true)])
		server.CloseNow()
		client.CloseNow()
	})
	go func() { talking.Wait(); close(over) }()
	<-over
	late.Stop()
	for _, x := range []*conn.Conn{server, client} {
		x.CloseNow()
		var end *conn.CloseError
		if errors.As(x.Err(), &end) {
			if end.Code == 4000 {
				c.check("a close reason", []byte(end.Reason))
			}
			if !end.Clean {
				c.figures.broken.Add(1)
			}
		}
	}
	c.figures.lives.Add(1)
}

// connect makes two connections of a random kind, and a function that breaks them.
func (c *canary) connect(r *rand.Rand) (server, client *conn.Conn, break_ func()) {
	params := []*deflate.Params{
		nil, nil, {}, {},
		{ServerNoContextTakeover: true, ClientNoContextTakeover: true},
		{ServerMaxWindowBits: 9, ClientMaxWindowBits: 10},
	}[r.IntN(6)]
	options := func() *conn.Options {
		o := &conn.Options{
			PingInterval: []time.Duration{-1, 0, 20 * time.Millisecond}[r.IntN(3)],
			CloseTimeout: 100 * time.Millisecond, WriteTimeout: time.Second,
			CompressFrom: []int{-1, 0, 5000}[r.IntN(3)],
			MaxMessage:   []int64{0, 0, 0, 0, 0, 0, 0, 100_000}[r.IntN(8)], // some are over it
			Wheel:        c.wheel, CompressLimit: c.limit,
		}
		if r.IntN(2) == 0 {
			o.Budget = c.budget
		}
		if r.IntN(2) == 0 {
			o.Queue = &conn.Queue{
				Messages: r.IntN(10),
				Full:     conn.QueuePolicy(r.IntN(4)),
			}
		}
		return o
	}
	make2 := func(a, b io.ReadWriteCloser) {
		var err error
		if server, err = conn.New(a, conn.Setup{Deflate: params}, options()); err != nil {
			c.t.Fatal(err)
		}
		if client, err = conn.New(b, conn.Setup{Client: true, Deflate: params}, options()); err != nil {
			c.t.Fatal(err)
		}
	}
	if r.IntN(2) == 0 {
		a, b, err := loopback()
		if err != nil {
			c.t.Fatal(err)
		}
		make2(a, b)
		return server, client, func() {
			runtime.Gosched()
			if r.IntN(2) == 0 {
				a.(*net.TCPConn).SetLinger(0) // a reset
			}
			a.Close()
		}
	}
	a, b := conntest.Pipe(&conntest.Options{Window: []int{100, 5000, 64 << 10, -1}[r.IntN(4)]})
	for _, f := range []*conntest.Flow{a.In(), a.Out()} {
		if r.IntN(3) == 0 {
			f.SetReadSizes(conntest.Random(r.Uint64(), 0, 5000))
		}
		if r.IntN(3) == 0 {
			f.SetWriteSizes(conntest.Random(r.Uint64(), 1, 5000))
		}
	}
	if r.IntN(4) == 0 {
		make2(a.Plain(), b)
	} else {
		make2(a, b)
	}
	return server, client, func() {
		f := a.In()
		if r.IntN(2) == 0 {
			f = a.Out()
		}
		at := r.Int64N(300_000)
		switch r.IntN(6) {
		case 0:
			f.ResetAfter(at)
		case 1:
			f.EndAfter(at)
		case 2:
			f.FailWriteAfter(at, errBroken)
		case 3:
			f.FailReadAfter(at, errBroken)
		case 4:
			a.Write(bytes.Repeat([]byte{c.byte}, 50)) // a breach, wherever it stands
		case 5:
			server.CloseNow()
		}
	}
}

// loopback returns the two ends of a TCP connection.
func loopback() (a, b net.Conn, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	defer l.Close()
	if b, err = net.Dial("tcp", l.Addr().String()); err != nil {
		return nil, nil, err
	}
	if a, err = l.Accept(); err != nil {
		b.Close()
		return nil, nil, err
	}
	return a, b, nil
}

// size is the size of a message: most are small.
func (c *canary) size(r *rand.Rand) int {
	switch r.IntN(10) {
	default:
		return r.IntN(1 << 10)
	case 5, 6, 7:
		return r.IntN(16 << 10)
	case 8, 9:
		return r.IntN(256 << 10)
	}
}

// patience is a context that sometimes ends in the middle.
func patience(r *rand.Rand) (context.Context, context.CancelFunc) {
	if r.IntN(100) > 0 {
		return bg, func() {}
	}
	return context.WithTimeout(bg, time.Duration(r.IntN(1000))*time.Microsecond)
}

// speak sends messages in all ways, and uses the memory for others as soon as it may.
func (c *canary) speak(x *conn.Conn, r *rand.Rand) {
	own, others := bytes.Repeat([]byte{c.byte}, 256<<10), bytes.Repeat([]byte{foreign}, 256<<10)
	room := make([]byte, 256<<10)
	for range 1 + r.IntN(30) {
		data := room[:c.size(r)]
		copy(data, own)
		ctx, cancel := patience(r)
		typ := []conn.Type{conn.Text, conn.Binary}[r.IntN(2)]
		switch r.IntN(9) {
		default:
			x.Write(ctx, typ, data)
		case 3:
			x.WriteUncompressed(ctx, typ, data)
		case 4:
			if p, err := conn.Prepare(typ, data); err == nil {
				x.WritePrepared(ctx, p)
			}
		case 5:
			w, err := x.NextWriter(ctx, typ)
			if err != nil {
				break
			}
			for len(data) > 0 {
				n := 1 + r.IntN(len(data))
				w.Write(data[:n])
				copy(data[:n], others)
				data = data[n:]
				if r.IntN(3) == 0 {
					w.Flush()
				}
			}
			w.Close()
		case 6:
			w, err := x.NextWriter(ctx, typ)
			if err == nil {
				w.ReadFrom(bytes.NewReader(data))
				w.Close()
			}
		case 7:
			x.Pong(ctx, data[:min(len(data), 125)])
			x.Flush(ctx)
		case 8:
			x.NetConn(typ).Write(data)
		}
		cancel()
		copy(data, others)
	}
	how := r.IntN(6)
	switch how {
	case 0:
		x.Close(bg, 4000, strings.Repeat(string(c.byte), r.IntN(frame.MaxReason)))
	case 1:
		x.CloseWrite(bg, 4000, strings.Repeat(string(c.byte), r.IntN(frame.MaxReason)))
	case 2:
		x.CloseNow()
	case 3:
		x.NetConn(conn.Binary).Close()
	default: // the other speakers say more
		ctx, cancel := context.WithTimeout(bg, time.Duration(r.IntN(20))*time.Millisecond)
		x.Ping(ctx)
		cancel()
		x.Close(bg, 4000, "")
	}
}

// listen reads in all ways until the end, and looks at every byte.
func (c *canary) listen(x *conn.Conn, r *rand.Rand) {
	var own []byte
	for x.Err() == nil {
		ctx, cancel := patience(r)
		switch r.IntN(6) {
		case 0:
			m, err := x.Read(ctx)
			c.heard(m.Data, err)
		case 1:
			_, data, err := x.ReadInto(ctx, own)
			c.heard(data, err)
			if err == nil {
				own = data
				for i := range own {
					own[i] = foreign
				}
			}
		case 2:
			for m, err := range x.Messages(ctx) {
				c.heard(m.Data, err)
				if r.IntN(3) == 0 {
					break
				}
			}
		case 3:
			serving, stop := context.WithCancel(ctx)
			x.Serve(serving, conn.Handler{
				OnMessage: func(_ *conn.Conn, m conn.Message) {
					c.heard(m.Data, nil)
					runtime.Gosched()
					c.check("lent memory", m.Data)
					for i := range m.Data { // it is lent to be used
						m.Data[i] = foreign
					}
					if r.IntN(4) == 0 {
						stop()
					}
				},
				OnPong: func(_ *conn.Conn, p []byte) {
					if len(p) != 8 { // the answer to a Ping has a number
						c.check("a pong", p)
					}
				},
			})
			stop()
		case 4:
			_, mr, err := x.NextReader(ctx)
			if err != nil {
				break
			}
			room := make([]byte, 1+r.IntN(50_000))
			for err == nil && r.IntN(20) > 0 {
				var n int
				n, err = mr.Read(room)
				c.check("a piece", room[:n])
			}
			c.figures.messages.Add(1)
		case 5:
			n := x.NetConn(conn.Binary)
			if r.IntN(2) == 0 {
				n = x.NetConn(conn.Text)
			}
			if r.IntN(40) > 0 {
				break // a message of the other type is the end
			}
			room := make([]byte, 1+r.IntN(50_000))
			k, _ := n.Read(room)
			c.check("a piece of a stream", room[:k])
		}
		cancel()
	}
}

func (c *canary) heard(data []byte, err error) {
	if err != nil {
		return
	}
	c.check("a message", data)
	c.figures.messages.Add(1)
	c.figures.bytes.Add(int64(len(data)))
}
