package conn_test

import (
	"runtime"
	"sync"
	"testing"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/conn/conntest"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
)

// Of connections that have come and gone nothing is left, whichever way they went,
// above all none of their compressors. 10 000 of them would be gigabytes.
func TestConnectionsThatCompressedLeaveNothingBehindZ15(t *testing.T) {
	text := make([]byte, 3000)
	for i := range text {
		text[i] = "compressible "[i%13]
	}
	open := func(i int) {
		opts := &conn.Options{CompressFrom: -1}
		c, err := conntest.Pair(&conntest.PairOptions{Server: opts, Client: opts, Deflate: &deflate.Params{}})
		if err != nil {
			t.Fatal(err)
		}
		server, client := c.Server, c.Client
		var peer sync.WaitGroup
		peer.Go(func() {
			for m, err := range server.Messages(bg) {
				if err != nil || server.Write(bg, m.Type, m.Data) != nil {
					return
				}
			}
		})
		if err := client.Write(bg, conn.Text, text); err != nil {
			t.Fatal(err)
		}
		if m, err := client.Read(bg); err != nil || len(m.Data) != len(text) {
			t.Fatalf("%d bytes, %v", len(m.Data), err)
		}
		if i%2 == 0 {
			client.Close(bg, frame.NormalClosure, "")
		}
		client.CloseNow()
		peer.Wait()
		server.CloseNow()
	}
	heap := func() int64 {
		var stats runtime.MemStats
		runtime.GC()
		runtime.GC() // for what the pools hold
		runtime.ReadMemStats(&stats)
		return int64(stats.HeapAlloc)
	}
	times := 10_000
	if raceDetector {
		times = 1000
	}
	for i := range 10 {
		open(i)
	}
	before := heap()
	for i := range times {
		open(i)
	}
	if more := heap() - before; more > 1<<20 {
		t.Errorf("%d connections have left %d bytes", times, more)
	}
}
