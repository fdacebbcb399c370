package conn_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
)

// Test X6, in small: whatever is called at once, messages arrive whole or not at
// all, every call returns, and the connection ends with one error.
func TestRandomCallsFromManyGoroutinesX6(t *testing.T) {
	for round := range 4 {
		var p *deflate.Params
		if round%2 == 1 {
			p = &deflate.Params{}
		}
		seed := rand.Uint64()
		t.Logf("round %d: seed %d", round, seed)
		server, client := pairTCP(t, p, &conn.Options{CloseTimeout: time.Second, PingInterval: 10 * time.Millisecond, CompressFrom: 64})
		var wg sync.WaitGroup
		for _, c := range []*conn.Conn{server, client} {
			wg.Go(func() { readWhole(t, c) })
			for i := range 20 {
				wg.Go(func() { callAtRandom(c, rand.New(rand.NewPCG(seed, uint64(i)))) })
			}
		}
		wg.Wait()
		for _, c := range []*conn.Conn{server, client} {
			<-c.Done()
			end := c.Err()
			if _, err := c.Read(bg); err != end {
				t.Errorf("Read returns %v after %v", err, end)
			}
		}
	}
}

// readWhole reads c to its end. Each message must be of one byte repeated.
func readWhole(t *testing.T, c *conn.Conn) {
	r := rand.New(rand.NewPCG(1, 2))
	for c.Err() == nil {
		ctx, cancel := bg, context.CancelFunc(func() {})
		if r.IntN(3) == 0 {
			ctx, cancel = context.WithTimeout(bg, time.Duration(r.IntN(2000))*time.Microsecond)
		}
		m, err := c.Read(ctx)
		cancel()
		if err == nil && len(m.Data) > 0 && bytes.Count(m.Data, m.Data[:1]) != len(m.Data) {
			t.Errorf("a message of %d bytes is mixed", len(m.Data))
		}
	}
}

// callAtRandom calls what may be called from any goroutine.
func callAtRandom(c *conn.Conn, r *rand.Rand) {
	for i := range 200 {
		ctx, cancel := context.WithTimeout(bg, time.Duration(r.IntN(20_000))*time.Microsecond)
		switch n := r.IntN(200); {
		case n < 120:
			c.Write(ctx, conn.Text, bytes.Repeat([]byte{byte('a' + r.IntN(26))}, r.IntN(5000)))
		case n < 160:
			c.Ping(ctx)
		case n < 190:
			c.Pong(ctx, []byte("beat"))
		case n < 195:
			c.Err()
			c.Context().Err()
		case i > 150 && n < 198:
			c.Close(ctx, frame.NormalClosure, "at random")
		case i > 150:
			c.CloseNow()
		}
		cancel()
	}
	c.Close(bg, frame.GoingAway, "")
}
