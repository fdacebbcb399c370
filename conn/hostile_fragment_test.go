package conn_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/frame"
)

// defaultMaxFrames is how many frames a message may have by default.
func defaultMaxFrames(client bool) int {
	if client {
		return conn.DefaultMaxFramesClient
	}
	return conn.DefaultMaxFrames
}

// Messages that never end are cut off by the count of their frames, and hold
// little memory until then, RFC 6455 section 5.4.
func TestAMessageWithoutEndIsCutOffByItsFramesF1F2F3Row153(t *testing.T) {
	if raceDetector {
		t.Skip("a minute under the race detector, for one goroutine that works at a time")
	}
	for _, tc := range []struct {
		name    string
		first   string
		forever []string
		frames  func(client bool) int // the frame that is one too many
		payload func(frames int) int  // bytes that have come by then
	}{
		{
			name: "F1 a byte in each frame", first: "\x01\x01A", forever: []string{"\x00\x01A"},
			frames:  func(client bool) int { return defaultMaxFrames(client) + 1 },
			payload: func(n int) int { return n },
		},
		{
			name: "F2 nothing in any frame", first: "\x01\x00", forever: []string{"\x00\x00"},
			frames:  func(bool) int { return 65 },
			payload: func(int) int { return 0 },
		},
		{
			name: "F3 nothing and a byte in turn", first: "\x01\x00", forever: []string{"\x00\x01A", "\x00\x00"},
			frames:  func(client bool) int { return defaultMaxFrames(client) + 1 },
			payload: func(n int) int { return n / 2 },
		},
		{
			name: "F3 63 times nothing and then a byte", first: "\x01\x00", forever: append(slices.Repeat([]string{"\x00\x00"}, 63), "\x00\x01A"),
			frames:  func(client bool) int { return defaultMaxFrames(client) + 1 },
			payload: func(n int) int { return n / 64 },
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inEitherRole(t, func(t *testing.T, client bool) {
				frames := tc.frames(client)
				said := lines(client, tc.first)
				again := lines(client, tc.forever...)
				for len(said) <= frames {
					said = append(said, again...)
				}
				for _, style := range twoStyles {
					before := liveHeap()
					stream := &scripted{lines: said}
					var held int64
					stream.onWrite = func() { held = liveHeap() - before }
					c := newConn(t, stream, conn.Setup{Client: client}, nil)
					err := style.read(c, noMessage(t))
					expectFailed(t, c, err, frame.PolicyViolation)
					expectVerdictAlone(t, client, stream.words(), frame.PolicyViolation)
					if stream.begunBefore != frames {
						t.Errorf("%s: answered at frame %d, want %d", style.name, stream.begunBefore, frames)
					}
					if most := int64(2*tc.payload(frames) + 64<<10); held > most {
						t.Errorf("%s: %d bytes of heap are held, at most %d are allowed", style.name, held, most)
					}
				}
			})
		})
	}
}

// The count is of the message: neither control frames nor what was before
// counts, and they do not begin the count again, RFC 6455 section 5.4.
func TestControlFramesBetweenFragmentsChangeNoCountF7Row157(t *testing.T) {
	const most = 100 // Options.MaxFrames
	pong := "\x8a\x02ab"
	whole := slices.Repeat([]string{pong, "\x00\x01x", pong}, most-2)
	whole = slices.Concat([]string{"\x02\x01x"}, whole, []string{"\x80\x01x"})
	for _, tc := range []struct {
		name    string
		frames  []string
		arrive  int
		refused int // the line that is one too many, or 0
	}{
		{"as many frames as may be", slices.Concat(whole, whole), 2, 0},
		{"a frame too many", slices.Concat(whole, whole[:len(whole)-1], []string{pong, "\x00\x00", pong, "\x80\x01x"}), 1, 2*len(whole) + 3},
		{"64 empty frames and a byte", slices.Concat([]string{"\x02\x00"}, slices.Repeat([]string{pong, "\x00\x00"}, 63), []string{"\x80\x01x"}), 1, 0},
		{"65 empty frames", slices.Concat([]string{"\x02\x00"}, slices.Repeat([]string{pong, "\x00\x00"}, 64), []string{"\x80\x01x"}), 0, 129},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inEitherRole(t, func(t *testing.T, client bool) {
				for _, style := range readStyles {
					stream := &scripted{lines: lines(client, tc.frames...)}
					c := newConn(t, stream, conn.Setup{Client: client}, &conn.Options{MaxFrames: most})
					arrived := 0
					err := style.read(c, func(_ conn.Type, data []byte) {
						arrived++
						if strings.Trim(string(data), "x") != "" {
							t.Errorf("%s: message %q", style.name, data)
						}
					})
					if arrived != tc.arrive {
						t.Errorf("%s: %d messages arrive, want %d", style.name, arrived, tc.arrive)
					}
					if tc.refused == 0 {
						if end := closeError(t, err); end.Code != frame.AbnormalClosure || len(stream.words()) > 0 {
							t.Errorf("%s: ended by %+v", style.name, end)
						}
						continue
					}
					expectFailed(t, c, err, frame.PolicyViolation)
					expectVerdictAlone(t, client, stream.words(), frame.PolicyViolation)
					if stream.begunBefore != tc.refused {
						t.Errorf("%s: answered at frame %d, want %d", style.name, stream.begunBefore, tc.refused)
					}
				}
			})
		})
	}
}

// Pings between all fragments are answered each with its own payload, before
// the message is whole, and the message is none the worse for it.
func TestPingsBetweenFragmentsAreAnsweredInOrderF7Row157(t *testing.T) {
	inEitherRole(t, func(t *testing.T, client bool) {
		c, peer := overTCP(t, client, nil, nil)
		arrived := make(chan string, 1)
		ended := make(chan error, 1)
		go func() {
			ended <- twoStyles[1].read(c, func(_ conn.Type, data []byte) { arrived <- string(data) })
		}()
		const fragments = 200
		for i := range fragments {
			first := byte(0x00)
			switch i {
			case 0:
				first = 0x02
			case fragments - 1:
				first = 0x80
			}
			if i > 0 {
				payload := fmt.Sprintf("ping %d", i)
				send(t, peer, fromPeer(client, asFrame(0x89, payload)))
				if got := hearFrame(t, client, peer); got != (sentFrame{0x8A, payload}) {
					t.Fatalf("the peer hears %+v, want the pong to %q", got, payload)
				}
				if len(arrived) > 0 {
					t.Fatal("the message arrived before its last fragment")
				}
			}
			send(t, peer, fromPeer(client, asFrame(first, fmt.Sprintf("%03d,", i))))
		}
		message := <-arrived
		for i := range fragments {
			if part := fmt.Sprintf("%03d,", i); len(message) != 4*fragments || message[4*i:4*i+4] != part {
				t.Fatalf("fragment %d of the message is not %q: %q", i, part, message)
			}
		}
		send(t, peer, fromPeer(client, "\x88\x02\x03\xe8"))
		if got := hearFrame(t, client, peer); got != (sentFrame{0x88, "\x03\xe8"}) {
			t.Errorf("the peer hears %+v, want its close frame", got)
		}
		peer.Close()
		<-ended
	})
}

// hearFrame reads one frame as the peer, by hand. It has less than 126 bytes of
// payload.
func hearFrame(t testing.TB, client bool, peer io.Reader) sentFrame {
	t.Helper()
	var head [6]byte
	n := 2
	if client {
		n = 6
	}
	if _, err := io.ReadFull(peer, head[:n]); err != nil {
		t.Fatalf("the peer reads: %v", err)
	}
	payload := make([]byte, head[1]&0x7F)
	if _, err := io.ReadFull(peer, payload); err != nil {
		t.Fatalf("the peer reads: %v", err)
	}
	return sentFrames(t, client, append(head[:n:n], payload...))[0]
}

// Empty fragments are lawful, RFC 6455 section 5.4.
func TestEmptyFragmentsMakeAMessageRow156(t *testing.T) {
	inEitherRole(t, func(t *testing.T, client bool) {
		for _, tc := range []struct {
			frames []string
			want   string
		}{
			{[]string{"\x81\x00"}, ""},
			{[]string{"\x01\x00", "\x80\x00"}, ""},
			{[]string{"\x01\x00", "\x00\x00", "\x80\x02ab"}, "ab"},
			{[]string{"\x01\x01a", "\x00\x00", "\x80\x01b"}, "ab"},
			{[]string{"\x01\x02ab", "\x00\x00", "\x80\x00"}, "ab"},
		} {
			for _, style := range readStyles {
				stream := &scripted{lines: lines(client, tc.frames...)}
				c := newConn(t, stream, conn.Setup{Client: client}, nil)
				var got []string
				style.read(c, func(typ conn.Type, data []byte) {
					if data == nil {
						t.Errorf("%q, %s: no message but nil", tc.frames, style.name)
					}
					got = append(got, fmt.Sprintf("%v %s", typ, data))
				})
				if !slices.Equal(got, []string{"text " + tc.want}) {
					t.Errorf("%q, %s: %q arrives", tc.frames, style.name, got)
				}
			}
		}
	})
}

// A long message comes in the smallest pieces that there are: frames of 64
// bytes, and segments of one. It is whole, and costs a few times its size, not a
// few times for every piece.
func TestAMessageInManyPiecesCostsWhatItIsWorthF5F6(t *testing.T) {
	size := 1 << 20
	if raceDetector {
		size = 1 << 17 // enough for races, and eight times as fast
	}
	message := strings.Repeat("0123456789abcde\n", size/16)
	var small []string
	for i := 0; i < size; i += 64 {
		first := byte(0x00)
		switch i {
		case 0:
			first = 0x02
		case size - 64:
			first = 0x80
		}
		small = append(small, asFrame(first, message[i:i+64]))
	}
	inEitherRole(t, func(t *testing.T, client bool) {
		whole := [][]byte{fromPeer(client, asFrame(0x82, message))}
		for _, tc := range []struct {
			name    string
			lines   [][]byte
			atATime int
		}{
			{"F6 one frame", whole, 16 << 10},
			{"F5 one frame, a byte at a time", whole, 1},
			{"F6 frames of 64 bytes", [][]byte{fromPeer(client, small...)}, 16 << 10},
			{"F6 frames of 64 bytes, one at a time", lines(client, small...), 0},
		} {
			for _, style := range twoStyles {
				stream := &scripted{lines: tc.lines, atATime: tc.atATime}
				c := newConn(t, stream, conn.Setup{Client: client}, nil)
				arrived := 0
				var held int64
				before := liveHeap()
				heap := allocatedBy(func() {
					style.read(c, func(_ conn.Type, data []byte) {
						arrived++
						if string(data) != message {
							t.Errorf("%s, %s: %d bytes arrive, and they are others", tc.name, style.name, len(data))
						}
						held = liveHeap() - before
					})
				})
				if arrived != 1 {
					t.Errorf("%s, %s: %d messages arrive", tc.name, style.name, arrived)
				}
				if held > int64(5*size/2) {
					t.Errorf("%s, %s: %d bytes of heap are held", tc.name, style.name, held)
				}
				if heap > int64(10*size) {
					t.Errorf("%s, %s: %d bytes of heap went through", tc.name, style.name, heap)
				}
			}
		}
	})
}

// F5 through a real socket, where each byte is a segment.
func TestAMessageOfOneByteSegmentsArrivesF5(t *testing.T) {
	message := strings.Repeat("0123456789abcdef", 1<<8)
	inEitherRole(t, func(t *testing.T, client bool) {
		c, peer := overTCP(t, client, nil, nil)
		peer.SetNoDelay(true)
		go func() {
			for _, b := range fromPeer(client, asFrame(0x82, message), "\x88\x00") {
				send(t, peer, []byte{b})
			}
			if got := hearFrame(t, client, peer); got != (sentFrame{0x88, ""}) {
				t.Errorf("the peer hears %+v, want its close frame", got)
			}
			peer.Close()
		}()
		var got []string
		if err := c.Serve(bg, conn.Handler{OnMessage: func(_ *conn.Conn, m conn.Message) { got = append(got, string(m.Data)) }}); err != nil {
			t.Error(err)
		}
		if !slices.Equal(got, []string{message}) {
			t.Errorf("%d messages arrive, want the one that was sent", len(got))
		}
	})
}

// dribble is a stream whose peer says a little, and no more. It counts the
// Reads that wait.
type dribble struct {
	waits  func()
	said   chan []byte
	closed chan struct{}
	once   sync.Once
}

func (d *dribble) Read(p []byte) (int, error) {
	d.waits()
	select {
	case b := <-d.said:
		return copy(p, b), nil
	case <-d.closed:
		return 0, net.ErrClosed
	}
}

func (d *dribble) Write(p []byte) (int, error) { return len(p), nil }

func (d *dribble) Close() error {
	d.once.Do(func() { close(d.closed) })
	return nil
}

// A thousand peers each announce a message of 1 MiB, send a byte of it, and
// fall silent. That costs what a byte costs.
func TestAnnouncedMessagesCostNothingF4(t *testing.T) {
	const n = 1000
	const most = 4 << 10 // of heap and stack for each, in bytes
	inEitherRole(t, func(t *testing.T, client bool) {
		var waiting sync.WaitGroup
		streams := make([]*dribble, n)
		conns := make([]*conn.Conn, n)
		var readers sync.WaitGroup
		waiting.Add(n)
		before := heapAndStack()
		for i := range conns {
			streams[i] = &dribble{waits: waiting.Done, said: make(chan []byte), closed: make(chan struct{})}
			conns[i] = newConn(t, streams[i], conn.Setup{Client: client}, nil)
			style := readStyles[i%len(readStyles)]
			readers.Go(func() {
				style.read(conns[i], func(conn.Type, []byte) { t.Error("a message was delivered") })
			})
		}
		waiting.Wait()
		idle := heapAndStack()
		announced := fromPeer(client, "\x82\x7f\x00\x00\x00\x00\x00\x10\x00\x00x")
		waiting.Add(n)
		for _, s := range streams {
			s.said <- announced
		}
		waiting.Wait()
		burdened := heapAndStack()
		t.Logf("%d bytes for an idle Conn and its reader, %d more for one with a byte of a message", (idle-before)/n, (burdened-idle)/n)
		if burdened-idle > n*most {
			t.Errorf("%d bytes more for each, at most %d are allowed", (burdened-idle)/n, most)
		}
		for _, c := range conns {
			c.CloseNow()
		}
		readers.Wait()
		runtime.KeepAlive(streams)
	})
}

func heapAndStack() int64 {
	heap := liveHeap()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return heap + int64(m.StackInuse)
}

// Who announces a message and falls silent is found by keepalive.
func TestAnAnnouncedMessageThatNeverComesIsFoundByKeepaliveF4(t *testing.T) {
	inEitherRole(t, func(t *testing.T, client bool) {
		for _, style := range readStyles {
			synctest.Test(t, func(t *testing.T) {
				a, peer := net.Pipe()
				c := newConn(t, a, conn.Setup{Client: client}, nil)
				heard := make(chan []byte, 1)
				go func() {
					send(t, peer, fromPeer(client, "\x82\x7f\x00\x00\x00\x00\x00\x10\x00\x00x"))
					heard <- hear(t, peer)
				}()
				start := time.Now()
				err := style.read(c, noMessage(t))
				end := closeError(t, err)
				if !errors.Is(err, conn.ErrPingTimeout) || end.Code != frame.AbnormalClosure || !end.LastRead.Equal(start) {
					t.Errorf("%s: ended by %+v", style.name, end)
				}
				if d := time.Since(start); !onTime(d, conn.DefaultPingInterval+conn.DefaultPongTimeout) {
					t.Errorf("%s: found after %v", style.name, d)
				}
				for _, f := range sentFrames(t, client, <-heard) {
					if f.first != 0x89 {
						t.Errorf("%s: the peer hears %+v, want nothing but pings", style.name, f)
					}
				}
			})
		}
	})
}

// A context that ends again and again in the middle of a message neither loses
// bytes nor gathers them.
func TestGivingUpInsideAMessageGathersNothingF5G3(t *testing.T) {
	const size = 4000
	inEitherRole(t, func(t *testing.T, client bool) {
		synctest.Test(t, func(t *testing.T) {
			a, peer := net.Pipe()
			c := newConn(t, a, conn.Setup{Client: client}, nil)
			said := make(chan struct{})
			go func() {
				defer close(said)
				for _, b := range fromPeer(client, asFrame(0x82, strings.Repeat("x", size))) {
					send(t, peer, []byte{b})
					time.Sleep(3 * time.Second)
				}
			}()
			before := liveHeap()
			for i := 0; ; i++ {
				ctx, cancel := context.WithTimeout(bg, 2*time.Second)
				m, err := c.Read(ctx)
				cancel()
				if err == nil {
					if string(m.Data) != strings.Repeat("x", size) {
						t.Errorf("%d bytes arrive, and they are others", len(m.Data))
					}
					break
				}
				if !errors.Is(err, context.DeadlineExceeded) || c.Err() != nil {
					t.Fatalf("Read %d: %v", i, err)
				}
			}
			if held := liveHeap() - before; held > 128<<10 {
				t.Errorf("%d bytes of heap are held", held)
			}
			c.CloseNow()
			<-said
			peer.Close()
		})
	})
}
