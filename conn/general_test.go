package conn_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
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

// Row G1: sixty-four writers, every way to write, and a close in the middle. What
// the peer gets is lawful frame by frame, message by message; nothing follows the
// close frame; and what was written without an error has arrived, once.
func TestEveryWayToWriteFromManyGoroutinesG1(t *testing.T) {
	for name, p := range map[string]*deflate.Params{"plain": nil, "compressed": {}} {
		t.Run(name, func(t *testing.T) {
			const writers, each = 64, 6
			end, peer := conntest.Pipe(&conntest.Options{Window: 5000})
			c := newConn(t, end, conn.Setup{Deflate: p}, &conn.Options{CompressFrom: 100})
			var frames []heard
			heardAll := make(chan struct{})
			go func() {
				defer close(heardAll)
				frames = hearToTheEnd(t, peer, p != nil)
			}()
			var mu sync.Mutex
			written := map[string]bool{}
			var wg sync.WaitGroup
			for i := range writers {
				wg.Go(func() {
					for j := range each {
						text := fmt.Sprintf("%d/%d ", i, j)
						text += strings.Repeat(string(rune('a'+i%26)), i*j*20)
						if err := writeSomehow(c, i+j, text); err == nil {
							mu.Lock()
							written[text] = true
							mu.Unlock()
						} else if closeError(t, err).Code != 4000 {
							t.Error(err)
						}
						c.Pong(bg, []byte("beat"))
						if i == writers-1 && j == each/2 {
							if err := c.CloseWrite(bg, 4000, "enough"); err != nil {
								t.Error(err)
							}
						}
					}
				})
			}
			wg.Wait()
			c.CloseNow()
			<-heardAll
			if n := len(frames); n == 0 || frames[n-1].Opcode != frame.Close {
				t.Fatalf("the last of %d frames is no close frame", n)
			}
			frames = frames[:len(frames)-1]
			for m := range messagesOf(t, frames, takeover()) {
				if !written[string(m.Data)] {
					t.Errorf("%.20q was not written, or arrived twice", m.Data)
				}
				delete(written, string(m.Data))
			}
			for text := range written {
				t.Errorf("%.20q was written and did not arrive", text)
			}
		})
	}
}

// writeSomehow writes a message in one of all ways.
func writeSomehow(c *conn.Conn, way int, text string) error {
	next := c.NextWriter
	switch way % 6 {
	case 0:
		return c.Write(bg, conn.Text, []byte(text))
	case 1:
		return c.WriteText(bg, text)
	case 2:
		return c.WriteUncompressed(bg, conn.Text, []byte(text))
	case 3:
		_, err := c.NetConn(conn.Text).Write([]byte(text))
		return err
	case 4:
		next = c.NextWriterUncompressed
	}
	w, err := next(bg, conn.Text)
	if err != nil {
		return err
	}
	for _, piece := range strings.SplitAfter(text, "/") {
		io.WriteString(w, piece)
		w.Flush()
	}
	return w.Close()
}

// hearToTheEnd reads the frames that a server sends, and judges their order.
func hearToTheEnd(t *testing.T, peer io.Reader, compressed bool) (all []heard) {
	checker := frame.Checker{}
	if compressed {
		checker.Extensions = frame.RSV1
	}
	r := frame.NewReader(peer)
	for {
		h, err := r.Next()
		if err != nil {
			return all
		}
		if err := checker.Check(h); err != nil {
			t.Errorf("frame %d: %v", len(all), err)
		}
		payload, err := io.ReadAll(r)
		if err != nil {
			return all
		}
		all = append(all, heard{h, string(payload)})
	}
}

// Row G5: after the end every call says the same for ever, at once and at no cost.
func TestEveryReadAfterTheEndSaysTheSameG5(t *testing.T) {
	r := newRig(t, rigOptions{})
	r.says(r.first("begun"))
	_, m, err := r.NextReader(bg)
	if err != nil {
		t.Fatal(err)
	}
	r.peer.CloseWrite()
	_, first := io.ReadAll(m)
	closeError(t, first)
	calls := map[string]func() error{
		"Read":               func() error { _, err := r.Read(bg); return err },
		"ReadInto":           func() error { _, _, err := r.ReadInto(bg, nil); return err },
		"NextReader":         func() error { _, _, err := r.NextReader(bg); return err },
		"MessageReader.Read": func() error { _, err := m.Read(make([]byte, 1)); return err },
		"Serve":              func() error { return r.Serve(bg, conn.Handler{}) },
		"Messages": func() (err error) {
			for _, err = range r.Messages(bg) {
			}
			return err
		},
	}
	for name, call := range calls {
		if !raceDetector {
			if n := testing.AllocsPerRun(100, func() { call() }); n > 1 {
				t.Errorf("%s: %v allocations", name, n)
			}
		}
		for range 200_000 {
			if err := call(); err != first {
				t.Fatalf("%s: %v, want %v", name, err, first)
			}
		}
	}
}

// Row G6: Close wakes whoever reads or writes, in whatever style, each with the
// *CloseError, and leaves nothing behind: a bubble that ends with a goroutine fails,
// and a day later nothing has happened.
func TestCloseWakesEverybodyAndLeavesNothingG6(t *testing.T) {
	busy := map[string]func(r *rig) error{
		"Read":     func(r *rig) error { _, err := r.Read(bg); return err },
		"ReadInto": func(r *rig) error { _, _, err := r.ReadInto(bg, nil); return err },
		"Serve":    func(r *rig) error { return r.Serve(bg, conn.Handler{}) },
		"Messages": func(r *rig) (err error) {
			for _, err = range r.Messages(bg) {
			}
			return err
		},
		"NextReader": func(r *rig) error { _, _, err := r.NextReader(bg); return err },
		"MessageReader": func(r *rig) error {
			r.says(r.first("begun"))
			_, m, err := r.NextReader(bg)
			if err == nil {
				_, err = io.ReadAll(m)
			}
			return err
		},
		"NetConn": func(r *rig) error { _, err := r.NetConn(conn.Binary).Read(make([]byte, 1)); return err },
		"Ping":    func(r *rig) error { _, err := r.Ping(bg); return err },
		"MessageWriter": func(r *rig) error {
			w, err := r.NextWriter(bg, conn.Binary)
			for err == nil {
				time.Sleep(time.Second)
				w.Write([]byte("more"))
				err = w.Flush()
			}
			w.Close()
			return err
		},
	}
	for name, work := range busy {
		for answer, answers := range map[string]bool{"the peer answers": true, "the peer is silent": false} {
			t.Run(name+"/"+answer, func(t *testing.T) {
				onEveryStream(t, func(t *testing.T, o rigOptions) {
					o.PingInterval = time.Hour
					r := newRig(t, o)
					woken := make(chan error, 1)
					go func() { woken <- work(r) }()
					synctest.Wait()
					if answers {
						time.AfterFunc(time.Second, func() {
							r.says(r.close(frame.GoingAway, ""))
							r.peer.CloseWrite()
						})
					}
					start := time.Now()
					err := r.Close(bg, frame.GoingAway, "see you")
					if d := time.Since(start); d > conn.DefaultCloseTimeout {
						t.Errorf("it took %v", d)
					}
					if answers != (err == nil) || !answers && !errors.Is(err, conn.ErrCloseTimeout) {
						t.Errorf("Close: %v", err)
					}
					err = <-woken
					if name == "NetConn" && err == io.EOF { // for it was in good order
						err = r.Err()
					}
					if end := closeError(t, err); end.Remote || end.Code != frame.GoingAway {
						t.Errorf("%s: %+v", name, end)
					}
					if end := closeError(t, r.Err()); end.Clean != answers {
						t.Errorf("the end: %+v", end)
					}
					r.hears()
					sent, read := r.end.Out().Stats(), r.end.In().Stats()
					time.Sleep(24 * time.Hour)
					if now := r.end.Out().Stats(); now.Writes != sent.Writes {
						t.Errorf("then it wrote %d times", now.Writes-sent.Writes)
					}
					if now := r.end.In().Stats(); now.Reads != read.Reads {
						t.Errorf("then it read %d times", now.Reads-read.Reads)
					}
				})
			})
		}
	}
}

// Row G14: a message costs its bytes, not its fragments.
func TestAMillionFragmentsCostWhatTheirBytesCostG14(t *testing.T) {
	many := 1_000_000
	if raceDetector { // under which everything takes ten times as long
		many /= 10
	}
	header := frame.AppendHeader(nil, frame.Header{Opcode: frame.Continuation, Masked: true, Length: 1})
	one := append(header, 'x')
	none := frame.AppendHeader(nil, frame.Header{Opcode: frame.Continuation, Masked: true})
	for _, tc := range []struct {
		name  string
		piece []byte
		bytes int
	}{
		{"of a byte", one, many},
		{"of none", none, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			begin := frame.AppendHeader(nil, frame.Header{Opcode: frame.Binary, Masked: true})
			end := frame.AppendHeader(nil, frame.Header{Fin: true, Opcode: frame.Continuation, Masked: true})
			wire := bytes.Join([][]byte{begin, bytes.Repeat(tc.piece, many), end}, nil)
			for style, read := range oneMessage {
				r := &rig{Conn: newConn(t, &loop{bytes: bytes.Clone(wire), turns: 1}, conn.Setup{}, &conn.Options{MaxFrames: -1, PingInterval: -1}), t: t}
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				got, err := read(r)
				runtime.ReadMemStats(&after)
				if style == "Serve" && errors.Is(err, io.ErrUnexpectedEOF) { // which reads on
					err = nil
				}
				if err != nil || len(got) != tc.bytes {
					t.Fatalf("%s: %d bytes, %v", style, len(got), err)
				}
				if n := after.Mallocs - before.Mallocs; n > 1000 {
					t.Errorf("%s: %d allocations", style, n)
				}
				// As a string it is made once more.
				if n := after.TotalAlloc - before.TotalAlloc; n > uint64(8*tc.bytes)+512<<10 {
					t.Errorf("%s: %d bytes of memory for %d", style, n, tc.bytes)
				}
			}
		})
	}
}

// Row G17: what is wrong with a compressed message has its close code, in every
// style of reading.
func TestWhatIsWrongWithACompressedMessageHasItsCodeG17(t *testing.T) {
	z, err := deflate.NewCompressor(deflate.Direction{}, 1)
	if err != nil {
		t.Fatal(err)
	}
	bomb, err := z.AppendPiece(nil, make([]byte, 10<<20), true)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, wire string // of a server
		code       frame.CloseCode
	}{
		{"no deflate, RFC 1951 3.2.3", "\xc1\x03\xff\xff\xff", 1007},
		{"reserved type of block, RFC 1951 3.2.3", "\xc1\x01\x06", 1007},
		{"distance too far back, RFC 1951 3.2.5", "\xc1\x05\x4b\x4c\x04\x22\x00", 1007},
		{"garbage behind BFINAL, RFC 7692 7.2.3.4", "\xc1\x09\xf3\x48\xcd\xc9\xc9\x07\x00\x06\x00", 1007},
		{"cut short, RFC 7692 7.2.2", "\xc1\x03\xf2\x48\xcd", 1007},
		{"no text when inflated, RFC 6455 8.1", "\xc1\x07\x00\x01\x00\xfe\xff\xff\x00", 1007},
		{"RSV1 on a continuation, RFC 7692 6", "\x41\x00\x40\x00", 1002},
		{"RSV1 on a ping, RFC 7692 6", "\xc9\x00", 1002},
		{"a bomb, RFC 7692 8", string(frame.AppendFrame(nil, frame.Header{Fin: true, RSV: frame.RSV1, Opcode: frame.Binary}, bomb)), 1009},
	} {
		for style, read := range oneMessage {
			t.Run(tc.name+"/"+style, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := newRig(t, rigOptions{client: true, deflate: &deflate.Params{}})
					r.says([]byte(tc.wire))
					r.peer.CloseWrite()
					_, err := read(r)
					if end := closeError(t, err); end.Remote || end.Code != tc.code || end.Err == nil {
						t.Errorf("%+v", end)
					}
					frames := r.hears()
					if len(frames) != 1 || !strings.HasPrefix(said(frames)[0], fmt.Sprintf("close %d", tc.code)) {
						t.Errorf("the peer hears %q", said(frames))
					}
				})
			})
		}
	}
}

// Row G18: the events are those of the bytes, wherever they are cut.
func TestNoCutOfTheBytesChangesTheEventsG18(t *testing.T) {
	wire := func(r *rig) []byte {
		return bytes.Join([][]byte{
			r.text("Hello"), r.ping("1"), r.first("frag"), r.ping("2"), r.more(""), r.pong("3"), r.last("ments"),
			r.raw(false, frame.RSV1, frame.Text, "\xf2\x48\xcd"), r.ping(""), r.last("\xc9\xc9\x07\x00"), // "Hello", RFC 7692 7.2.3.1
			r.binary(strings.Repeat("x", 126)), r.text(""), r.raw(true, frame.RSV1, frame.Binary, "\x00"),
			r.text("\u20ac"), r.close(4000, "why \u20ac"),
		}, nil)
	}
	events := func(t *testing.T, client bool, sizes func(total int) conntest.Sizes) (log []string) {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, rigOptions{client: client, deflate: &deflate.Params{}})
			all := wire(r)
			r.end.In().SetReadSizes(sizes(len(all)))
			r.says(all)
			r.peer.CloseWrite()
			r.Serve(bg, conn.Handler{
				OnMessage: func(_ *conn.Conn, m conn.Message) { log = append(log, fmt.Sprintf("%v %s", m.Type, m.Data)) },
				OnPing:    func(_ *conn.Conn, p []byte) { log = append(log, fmt.Sprintf("ping %s", p)) },
				OnPong:    func(_ *conn.Conn, p []byte) { log = append(log, fmt.Sprintf("pong %s", p)) },
				OnClose:   func(_ *conn.Conn, err error) { log = append(log, fmt.Sprint(err)) },
			})
		})
		return log
	}
	for _, client := range []bool{false, true} {
		want := strings.Join([]string{
			"text Hello", "ping 1", "ping 2", "pong 3", "text fragments", "ping ", "text Hello",
			"binary " + strings.Repeat("x", 126), "text ", "binary ", "text \u20ac",
			"websocket: closed by the peer: 4000: why \u20ac",
		}, "|")
		check := func(what string, log []string) {
			t.Helper()
			if got := strings.Join(log, "|"); got != want {
				t.Errorf("%s:\n%q, want\n%q", what, got, want)
			}
		}
		total := 0
		check("whole", events(t, client, func(n int) conntest.Sizes { total = n; return nil }))
		for _, n := range []int{1, 2, 3, 7} {
			check(fmt.Sprint(n, " at a time"), events(t, client, func(int) conntest.Sizes { return conntest.Each(n) }))
		}
		for cut := 1; cut < total; cut++ {
			first := cut
			check(fmt.Sprint("cut at ", cut), events(t, client, func(int) conntest.Sizes {
				return func() int { n := first; first = total; return n }
			}))
		}
	}
}
