package conn_test

import (
	"fmt"
	"io"
	"testing"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/frame"
)

// loop is a stream on which the same bytes come again and again, and to which
// everything can be written.
type loop struct {
	bytes []byte
	pos   int
	turns int
}

func (l *loop) Read(p []byte) (int, error) {
	if l.turns == 0 {
		return 0, io.EOF
	}
	n := copy(p, l.bytes[l.pos:])
	if l.pos += n; l.pos == len(l.bytes) {
		l.pos = 0
		l.turns--
	}
	return n, nil
}

func (l *loop) Write(p []byte) (int, error) { return len(p), nil }
func (l *loop) Close() error                { return nil }

func TestAnEchoedMessageCostsNoAllocation(t *testing.T) {
	if raceDetector {
		t.Skip("pools forget at random under the race detector")
	}
	for _, size := range []int{32, 1 << 10, 64 << 10} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			const perRun = 100
			stream := &loop{bytes: fromClient(frame.Binary, string(make([]byte, size)))}
			c := newConn(t, stream, conn.Setup{}, nil)
			buf := make([]byte, 0, size)
			per := testing.AllocsPerRun(20, func() {
				stream.turns = perRun
				for range perRun {
					typ, data, err := c.ReadInto(bg, buf)
					if err != nil || len(data) != size {
						t.Fatalf("%d bytes, %v", len(data), err)
					}
					if err := c.Write(bg, typ, data); err != nil {
						t.Fatal(err)
					}
				}
			}) / perRun
			// A collection may empty the pool of buffers now and then.
			if per > 0.1 {
				t.Errorf("%v allocations", per)
			}
		})
	}
}
