package conn_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/conn/conntest"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
)

// tally counts messages, to compare it with Stats.
type tally struct {
	mu              sync.Mutex
	messages, bytes uint64
	full            chan struct{} // closed when there are as many as are to come
	toCome          uint64
}

func newTally(toCome uint64) *tally { return &tally{full: make(chan struct{}), toCome: toCome} }

func (s *tally) add(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages++
	s.bytes += uint64(n)
	if s.messages == s.toCome {
		close(s.full)
	}
}

// mixedMessages is how many messages writeMixed writes.
const mixedMessages = 60

// writeMixed writes messages of all kinds, in all ways.
func writeMixed(t testing.TB, c *conn.Conn, seed uint64, count *tally) {
	r := rand.New(rand.NewPCG(seed, 0))
	for i := 0; i < mixedMessages; i++ {
		size := []int{0, 1, 100, 600, 20_000, 70_000}[r.IntN(6)]
		data := []byte(strings.Repeat("all of a kind, ", size/15+1)[:size])
		var err error
		switch r.IntN(7) {
		case 0:
			err = c.Write(bg, conn.Binary, data)
		case 1:
			err = c.WriteText(bg, string(data))
		case 2:
			err = c.WriteUncompressed(bg, conn.Text, data)
		case 3:
			var p *conn.Prepared
			if p, err = conn.Prepare(conn.Text, data); err == nil {
				err = c.WritePrepared(bg, p)
			}
		case 4:
			var w *conn.MessageWriter
			if w, err = c.NextWriter(bg, conn.Text); err == nil {
				for part := range 3 {
					w.Write(data[len(data)*part/3 : len(data)*(part+1)/3])
					w.Flush()
				}
				err = w.Close()
			}
		case 5:
			_, err = c.NetConn(conn.Binary).Write(data)
		case 6:
			c.Pong(bg, []byte("no message")) // is on the wire, and no more
			i--
			continue
		}
		if err != nil {
			t.Errorf("a message of %d bytes: %v", size, err)
			return
		}
		count.add(size)
	}
}

// readMixed reads to the end in a mixture of styles.
func readMixed(c *conn.Conn, count *tally) error {
	for i := 0; ; i++ {
		switch i % 3 {
		case 0:
			m, err := c.Read(bg)
			if err != nil {
				return err
			}
			count.add(len(m.Data))
		case 1:
			_, r, err := c.NextReader(bg)
			if err != nil {
				return err
			}
			n, err := io.Copy(io.Discard, r)
			if err != nil {
				return err
			}
			count.add(int(n))
		case 2:
			for m, err := range c.Messages(bg) {
				if err != nil {
					return err
				}
				count.add(len(m.Data))
				break
			}
			if c.Err() != nil {
				return c.Err()
			}
		}
	}
}

// After the end the counts are exact, in both directions, whatever was written and
// read: the messages, their bytes, and every byte on the wire.
func TestStatsAreExactAfterTheEnd(t *testing.T) {
	for name, params := range map[string]*deflate.Params{"plain": nil, "takeover": {}, "no takeover": {ServerNoContextTakeover: true, ClientNoContextTakeover: true}} {
		for kind, q := range map[string]*conn.Queue{"direct": nil, "queue": {Bytes: -1}} {
			t.Run(name+"/"+kind, func(t *testing.T) {
				o := conn.Options{PingInterval: -1, Queue: q}
				p := linked(t, conntest.PairOptions{Deflate: params, Server: &o, Client: &o})
				const writers, all = 3, 3 * mixedMessages
				written, read := []*tally{newTally(0), newTally(0)}, []*tally{newTally(all), newTally(all)}
				both := []*conn.Conn{p.Server, p.Client}
				var reading, writing sync.WaitGroup
				for i, c := range both {
					reading.Go(func() { readMixed(c, read[i]) })
					for k := range writers {
						writing.Go(func() { writeMixed(t, c, uint64(i*10+k), written[i]) })
					}
					writing.Go(func() { c.Ping(timeout(t)) })
				}
				writing.Wait()
				<-read[0].full
				<-read[1].full
				if err := p.Server.Close(timeout(t), frame.NormalClosure, ""); err != nil {
					t.Error(err)
				}
				reading.Wait()
				<-p.Client.Done()
				for i, c := range both {
					s, out, in := c.Stats(), p.ServerEnd.Out(), p.ServerEnd.In()
					if i == 1 {
						out, in = in, out
					}
					want := conn.Stats{
						Read:    conn.Counts{Messages: read[i].messages, Bytes: read[i].bytes, Wire: uint64(in.Stats().BytesRead)},
						Written: conn.Counts{Messages: written[i].messages, Bytes: written[i].bytes, Wire: uint64(out.Stats().BytesWritten)},
					}
					if s != want {
						t.Errorf("conn %d counts %+v,\nwant %+v", i, s, want)
					}
					if ratio := s.Written.Ratio(); params == nil && (ratio < 1 || ratio > 1.1) || params != nil && ratio > 0.9 {
						t.Errorf("ratio %v", ratio)
					}
				}
			})
		}
	}
}

// However a connection ends, what it has delivered and what has left is counted.
func TestStatsAreExactHoweverItEnds(t *testing.T) {
	ends := map[string]func(w *wired){
		"CloseNow":           func(w *wired) { w.CloseNow() },
		"the peer's leaving": func(w *wired) { w.peer.CloseWrite() },
		"a reset":            func(w *wired) { w.end.In().ResetAfter(0) },
		"a breach":           func(w *wired) { w.peer.Write(w.bytesOf(3, "")) },
		"the peer's close":   func(w *wired) { w.peer.Write(w.bytesOf(frame.Close, "")); w.peer.CloseWrite() },
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			inEveryEchoStyle(t, func(t *testing.T, echo func(*conn.Conn, func(string)) error) {
				w := wire(t, wiring{})
				over := make(chan struct{})
				go func() { echo(w.Conn, nothing); close(over) }()
				w.says(t, w.bytesOf(frame.Text, "one"), w.bytesOf(frame.Text, "two"))
				w.mustSee(t, frame.Text, "one")
				w.mustSee(t, frame.Text, "two")
				w.says(t, w.bytesOf(frame.Text, "three"))
				w.mustSee(t, frame.Text, "three")
				synctest.Wait()
				end(w)
				<-w.Done()
				<-over
				s := w.Stats()
				want := conn.Stats{
					Read:    conn.Counts{Messages: 3, Bytes: 11, Wire: uint64(w.end.In().Stats().BytesRead)},
					Written: conn.Counts{Messages: 3, Bytes: 11, Wire: uint64(w.written().BytesWritten)},
				}
				if s != want {
					t.Errorf("%+v, want %+v", s, want)
				}
			})
		})
	}
}

// The same where more input was there than was dealt with.
func TestStatsAreExactThoughMoreWasToCome(t *testing.T) {
	for name, test := range map[string]struct {
		next func(w *wired) []byte
		do   func(w *wired)
	}{
		"the peer's close": {
			func(w *wired) []byte { return w.bytesOf(frame.Close, "") },
			func(w *wired) { w.peer.CloseWrite(); w.Serve(bg, echo) },
		},
		"a breach": {
			func(w *wired) []byte { return w.bytesOf(3, "") },
			func(w *wired) { w.Serve(bg, echo) },
		},
		"a message that nobody reads": {
			func(w *wired) []byte { return w.bytesOf(frame.Text, "unread") },
			func(w *wired) {
				m, _ := w.Read(bg)
				w.Write(bg, m.Type, m.Data)
				w.Flush(bg)
				w.CloseNow()
			},
		},
		"nothing, and CloseNow": {
			func(w *wired) []byte { return nil },
			func(w *wired) {
				m, _ := w.Read(bg)
				w.Write(bg, m.Type, m.Data)
				w.CloseNow()
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := wire(t, wiring{})
				w.says(t, w.bytesOf(frame.Text, "one"), test.next(w))
				test.do(w)
				<-w.Done()
				synctest.Wait()
				s := w.Stats()
				if s.Read.Messages != 1 || s.Read.Bytes != 3 || s.Written.Messages != 1 || s.Written.Bytes != 3 || s.Written.Wire != uint64(w.written().BytesWritten) {
					t.Errorf("%+v", s)
				}
			})
		})
	}
}

// echo is a Handler that sends every message back.
var echo = conn.Handler{OnMessage: func(c *conn.Conn, m conn.Message) { c.Write(bg, m.Type, m.Data) }}

// Bytes that came on the heels of the opening handshake came over the wire, too.
func TestBufferedBytesAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		early := fromClient(frame.Text, "early")
		w := wire(t, wiring{setup: conn.Setup{Buffered: early}})
		w.Read(bg)
		w.peer.CloseWrite()
		w.Read(bg)
		if got := w.Stats().Read; got != (conn.Counts{Messages: 1, Bytes: 5, Wire: uint64(len(early))}) {
			t.Errorf("%+v", got)
		}
	})
}

// While the connection lives Stats lags behind by what is being dealt with, and no more:
// a reader that waits for the next message has published the last.
func TestStatsOfALivingConnectionAreOfThePast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := wire(t, wiring{})
		if s := w.Stats(); s != (conn.Stats{}) {
			t.Errorf("at first %+v", s)
		}
		got := collect(w.Conn)
		var stop sync.WaitGroup
		over := make(chan struct{})
		stop.Go(func() { // any goroutine may ask at any time
			var last conn.Stats
			for {
				select {
				case <-over:
					return
				case <-time.After(time.Microsecond):
				}
				now := w.Stats()
				if now.Read.Messages < last.Read.Messages || now.Written.Wire < last.Written.Wire {
					t.Errorf("%+v after %+v", now, last)
				}
				last = now
			}
		})
		for i := range 10 {
			w.says(t, w.bytesOf(frame.Text, "12345"), w.bytesOf(frame.Text, "6"))
			w.Write(bg, conn.Text, []byte("789"))
			synctest.Wait()
			n := uint64(i + 1)
			want := conn.Stats{
				Read:    conn.Counts{Messages: 2 * n, Bytes: 6 * n, Wire: (6 + 5 + 6 + 1) * n},
				Written: conn.Counts{Messages: n, Bytes: 3 * n, Wire: 5 * n},
			}
			if s := w.Stats(); s != want {
				t.Errorf("%+v, want %+v", s, want)
			}
		}
		close(over)
		stop.Wait()
		w.CloseNow()
		<-got.done
	})
}

func TestRatioIsWireToBytes(t *testing.T) {
	for _, test := range []struct {
		counts conn.Counts
		want   float64
	}{
		{conn.Counts{}, 0},
		{conn.Counts{Wire: 100}, 0}, // only pings
		{conn.Counts{Messages: 1, Bytes: 100, Wire: 102}, 1.02},
		{conn.Counts{Messages: 1, Bytes: 1000, Wire: 10}, 0.01},
	} {
		t.Run(fmt.Sprint(test.counts), func(t *testing.T) {
			if got := test.counts.Ratio(); got != test.want {
				t.Errorf("%v, want %v", got, test.want)
			}
		})
	}
}
