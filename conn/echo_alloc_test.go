package conn_test

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/frame"
)

// echoSizes are those of the messages that must cost nothing, in bytes.
var echoSizes = []int{32, 1 << 10, 4 << 10, 16 << 10, 64 << 10}

// forEveryEcho runs f for both roles, both types, all sizes, and with no context and
// with one that could end and is used again and again.
func forEveryEcho(t *testing.T, f func(t *testing.T, c *conn.Conn, ctx context.Context, stream *loop, size int)) {
	if raceDetector {
		t.Skip("pools forget at random under the race detector")
	}
	ctx, cancel := context.WithCancel(bg)
	defer cancel()
	for role, client := range map[string]bool{"server": false, "client": true} {
		for _, op := range []frame.Opcode{frame.Text, frame.Binary} {
			for _, size := range echoSizes {
				for name, ctx := range map[string]context.Context{"background": bg, "one context": ctx} {
					t.Run(fmt.Sprint(role, "/", op, "/", size, "/", name), func(t *testing.T) {
						h := frame.Header{Fin: true, Opcode: op, Masked: !client}
						stream := &loop{bytes: frame.AppendFrame(nil, h, []byte(strings.Repeat("x", size)))}
						c := newConn(t, deadlines{stream}, conn.Setup{Client: client}, nil)
						f(t, c, ctx, stream, size)
					})
				}
			}
		}
	}
}

func TestReadIntoAndWriteCostNoAllocation(t *testing.T) {
	forEveryEcho(t, func(t *testing.T, c *conn.Conn, ctx context.Context, stream *loop, size int) {
		buf := make([]byte, 0, size)
		expectNoAllocation(t, func(n int) {
			stream.turns = n
			for range n {
				typ, data, err := c.ReadInto(ctx, buf)
				if err == nil {
					err = c.Write(ctx, typ, data)
				}
				if err != nil || len(data) != size {
					t.Fatalf("%d bytes, %v", len(data), err)
				}
			}
		})
	})
}

func TestAnEchoInServeCostsNoAllocation(t *testing.T) {
	forEveryEcho(t, func(t *testing.T, c *conn.Conn, ctx context.Context, stream *loop, size int) {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // so that nobody else allocates meanwhile
		const warm, measured = 100, 1000
		var before, after runtime.MemStats
		n := 0
		stream.turns = warm + measured + 1
		c.Serve(ctx, conn.Handler{OnMessage: func(c *conn.Conn, m conn.Message) {
			switch n++; n {
			case warm:
				runtime.ReadMemStats(&before)
			case warm + measured:
				runtime.ReadMemStats(&after)
			}
			if err := c.Write(ctx, m.Type, m.Data); err != nil || len(m.Data) != size {
				t.Errorf("%d bytes, %v", len(m.Data), err)
			}
		}})
		if n != warm+measured+1 {
			t.Fatalf("%d messages", n)
		}
		if per := float64(after.Mallocs-before.Mallocs) / measured; per > 0.1 {
			t.Errorf("%v allocations", per)
		}
	})
}

// A message that is streamed into a reader of one's own costs the MessageReader and
// no more, however long it is.
func TestAStreamedMessageCostsOneAllocation(t *testing.T) {
	if raceDetector {
		t.Skip("pools forget at random under the race detector")
	}
	for _, size := range []int{32, 64 << 10, 1 << 20} {
		stream := &loop{bytes: fromClient(frame.Binary, string(make([]byte, size)))}
		c := newConn(t, deadlines{stream}, conn.Setup{}, nil)
		buf := make([]byte, 4096)
		const n = 100
		per := testing.AllocsPerRun(5, func() {
			stream.turns = n
			for range n {
				_, m, err := c.NextReader(bg)
				for err == nil {
					_, err = m.Read(buf)
				}
				if err != io.EOF {
					t.Fatal(err)
				}
			}
		}) / n
		if per > 1.1 {
			t.Errorf("%d bytes: %v allocations", size, per)
		}
	}
}
