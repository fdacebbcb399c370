package conn_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/conn/conntest"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
	"pgregory.net/rapid"
)

// echoStyles are the ways to read messages and to send each back. They call then
// after every message, and return why there are no more.
var echoStyles = map[string]func(c *conn.Conn, then func(message string)) error{
	"Serve": func(c *conn.Conn, then func(string)) error {
		return c.Serve(bg, conn.Handler{OnMessage: func(c *conn.Conn, m conn.Message) {
			c.Write(bg, m.Type, m.Data)
			then(string(m.Data))
		}})
	},
	"Read": func(c *conn.Conn, then func(string)) error {
		for {
			m, err := c.Read(bg)
			if err != nil {
				return err
			}
			c.Write(bg, m.Type, m.Data)
			then(string(m.Data))
		}
	},
	"ReadInto": func(c *conn.Conn, then func(string)) error {
		var room []byte
		for {
			_, data, err := c.ReadInto(bg, room)
			if err != nil {
				return err
			}
			c.WriteText(bg, string(data))
			then(string(data))
			room = data
		}
	},
	"Messages": func(c *conn.Conn, then func(string)) error {
		for m, err := range c.Messages(bg) {
			if err != nil {
				return err
			}
			p, err := conn.Prepare(m.Type, m.Data)
			if err != nil {
				return err
			}
			c.WritePrepared(bg, p)
			then(string(m.Data))
		}
		return c.Err()
	},
	"NextReader": func(c *conn.Conn, then func(string)) error {
		for {
			typ, r, err := c.NextReader(bg)
			if err != nil {
				return err
			}
			w, err := c.NextWriter(bg, typ)
			if err != nil {
				continue // it is too late to write, but there may be more to read
			}
			var copied strings.Builder
			if _, err := io.Copy(io.MultiWriter(w, &copied), r); err != nil {
				w.Close()
				return err
			}
			w.Close()
			then(copied.String())
		}
	},
	"NetConn": func(c *conn.Conn, then func(string)) error {
		n := c.NetConn(conn.Text)
		room := make([]byte, 1<<10) // for one message: none of the tests has a longer one
		for {
			k, err := n.Read(room)
			if err != nil {
				return err
			}
			n.Write(room[:k])
			then(string(room[:k]))
		}
	},
}

// inEveryEchoStyle runs f for each style in a bubble with a fake clock.
func inEveryEchoStyle(t *testing.T, f func(t *testing.T, echo func(c *conn.Conn, then func(string)) error)) {
	t.Helper()
	for name, echo := range echoStyles {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { f(t, echo) })
		})
	}
}

func nothing(string) {}

// Replies to what has been read already leave together: design.md, batching.
func TestRepliesToInputThatIsThereLeaveInOneWrite(t *testing.T) {
	const messages = 20
	for name, client := range map[string]bool{"server": false, "client": true} {
		t.Run(name, func(t *testing.T) {
			inEveryEchoStyle(t, func(t *testing.T, echo func(*conn.Conn, func(string)) error) {
				w := wire(t, wiring{client: client})
				go echo(w.Conn, nothing)
				var all [][]byte
				for i := range messages {
					all = append(all, w.bytesOf(frame.Text, fmt.Sprintf("message %d", i)))
				}
				for round := range 3 {
					w.says(t, all...)
					synctest.Wait()
					if n := w.written().Writes; n != round+1 {
						t.Fatalf("%d writes after %d bursts of %d messages", n, round+1, messages)
					}
					for i := range messages {
						w.mustSee(t, frame.Text, fmt.Sprintf("message %d", i))
					}
				}
			})
		})
	}
}

func TestCompressedRepliesLeaveInOneWriteToo(t *testing.T) {
	const messages = 20
	for name, params := range map[string]*deflate.Params{
		"takeover":    {},
		"no takeover": {ServerNoContextTakeover: true, ClientNoContextTakeover: true},
	} {
		t.Run(name, func(t *testing.T) {
			inEveryEchoStyle(t, func(t *testing.T, echo func(*conn.Conn, func(string)) error) {
				o := conn.Options{PingInterval: -1, CompressFrom: -1}
				p := linked(t, conntest.PairOptions{Deflate: params, Server: &o, Client: &o})
				go echo(p.Server, nothing)
				p.ServerEnd.In().Stall() // so that all arrives at once
				for i := range messages {
					p.Client.Write(bg, conn.Text, fmt.Appendf(nil, "%d%d%d messages of a kind", i, i, i))
				}
				p.ServerEnd.In().Resume()
				got := collect(p.Client)
				synctest.Wait()
				if n := p.ServerEnd.Out().Stats().Writes; n != 1 {
					t.Errorf("%d writes for %d replies", n, messages)
				}
				if len(got.all) != messages {
					t.Fatalf("%d replies", len(got.all))
				}
				for i, text := range got.texts() {
					if want := fmt.Sprintf("%d%d%d messages of a kind", i, i, i); text != want {
						t.Errorf("reply %d is %q, want %q", i, text, want)
					}
				}
			})
		})
	}
}

// What ends inside a frame is as good as what ends behind one.
func TestWhereABurstIsCutChangesNoWriteButOne(t *testing.T) {
	w0 := wire(t, wiring{})
	var burst []byte
	for i := range 6 {
		burst = append(burst, w0.bytesOf(frame.Text, strings.Repeat("x", i))...)
	}
	synctest.Test(t, func(t *testing.T) {
		for cut := range len(burst) {
			w := wire(t, wiring{})
			go echoStyles["Serve"](w.Conn, nothing)
			w.says(t, burst[:cut])
			synctest.Wait()
			whole, first := 0, w.written().Writes
			for n := 0; n+6+whole <= cut; whole++ { // header, key, payload
				n += 6 + whole
			}
			if want := min(whole, 1); first != want {
				t.Errorf("cut at %d, behind %d messages: %d writes, want %d", cut, whole, first, want)
			}
			w.says(t, burst[cut:])
			synctest.Wait()
			if n := w.written().Writes; n != first+1 {
				t.Errorf("cut at %d: %d writes in all, want %d", cut, n, first+1)
			}
			for i := range 6 {
				w.mustSee(t, frame.Text, strings.Repeat("x", i))
			}
			w.CloseNow()
		}
	})
}

// A reply, a pong for a ping between, and the reply after it are one write too.
func TestPongsLeaveWithTheRepliesAroundThem(t *testing.T) {
	inEveryEchoStyle(t, func(t *testing.T, echo func(*conn.Conn, func(string)) error) {
		w := wire(t, wiring{})
		go echo(w.Conn, nothing)
		w.says(t, w.bytesOf(frame.Text, "a"), w.bytesOf(frame.Ping, "1"), w.bytesOf(frame.Text, "b"), w.bytesOf(frame.Ping, "2"))
		synctest.Wait()
		if n := w.written().Writes; n != 1 {
			t.Errorf("%d writes", n)
		}
		w.mustSee(t, frame.Text, "a")
		w.mustSee(t, frame.Pong, "1")
		w.mustSee(t, frame.Text, "b")
		w.mustSee(t, frame.Pong, "2")
	})
}

// A batch is bounded: 64 KiB leave without waiting for more.
func TestALongBurstIsWrittenInBatchesOf64KiB(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const messages, size = 400, 1000
		w := wire(t, wiring{})
		held := 0
		go echoStyles["Serve"](w.Conn, func(string) { held = max(held, w.Buffered()) })
		one := w.bytesOf(frame.Text, strings.Repeat("x", size))
		w.says(t, bytes.Repeat(one, messages))
		synctest.Wait()
		in, out := w.end.In().Stats(), w.written()
		if most := in.Reads; out.Writes > most {
			t.Errorf("%d writes for %d reads", out.Writes, most)
		}
		if least := int(out.BytesWritten / (64<<10 + size + 4)); out.Writes < least {
			t.Errorf("%d bytes in %d writes, want at least %d", out.BytesWritten, out.Writes, least)
		}
		if held > 64<<10 {
			t.Errorf("%d bytes were held back", held)
		}
		for range messages {
			w.mustSee(t, frame.Text, strings.Repeat("x", size))
		}
	})
}

// packets returns a Conn on a socket where each write can be told from the next:
// the peer reads one at a time. The Conn writes to it as to a TCP connection.
func packets(t *testing.T, s conn.Setup) (*conn.Conn, net.Conn) {
	t.Helper()
	l, err := net.Listen("unixpacket", filepath.Join(t.TempDir(), "socket"))
	if err != nil {
		t.Skip("no sockets here that keep writes apart: ", err)
	}
	defer l.Close()
	peer, err := net.Dial("unixpacket", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { peer.Close() })
	rw, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	peer.SetDeadline(time.Now().Add(guard))
	return newConn(t, rw, s, &conn.Options{PingInterval: -1}), peer
}

func TestRepliesLeaveInOneSystemCall(t *testing.T) {
	const messages = 20
	for name, echo := range echoStyles {
		t.Run(name, func(t *testing.T) {
			c, peer := packets(t, conn.Setup{})
			served := make(chan error, 1)
			go func() { served <- echo(c, nothing) }()
			var say, want []byte
			for i := range messages {
				say = append(say, fromClient(frame.Text, fmt.Sprint("message ", i))...)
				want = frame.AppendFrame(want, frame.Header{Fin: true, Opcode: frame.Text}, fmt.Append(nil, "message ", i))
			}
			room := make([]byte, 1<<20)
			for range 10 {
				if _, err := peer.Write(say); err != nil {
					t.Fatal(err)
				}
				// On a busy machine the 1 ms for which a reply may be held
				// back can pass; but then a batch is cut in two, not in twenty.
				var got []byte
				calls := 0
				for ; len(got) < len(want); calls++ {
					n, err := peer.Read(room)
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, room[:n]...)
				}
				if !bytes.Equal(got, want) {
					t.Fatalf("the peer reads %q, want %q", got, want)
				}
				if calls == 1 {
					c.CloseNow()
					<-served
					return
				}
			}
			t.Error("ten bursts, and none was answered with one system call")
		})
	}
}

// A large payload leaves with its header, and with what was held back before it,
// in one system call, and is not copied for it.
func TestALargeMessageLeavesWithItsHeaderInOneSystemCall(t *testing.T) {
	large := bytes.Repeat([]byte("large message. "), 5000)
	prepared, err := conn.Prepare(conn.Binary, large)
	if err != nil {
		t.Fatal(err)
	}
	for name, write := range map[string]func(c *conn.Conn){
		"Write":         func(c *conn.Conn) { c.Write(bg, conn.Binary, large) },
		"WritePrepared": func(c *conn.Conn) { c.WritePrepared(bg, prepared) },
	} {
		t.Run(name, func(t *testing.T) {
			c, peer := packets(t, conn.Setup{})
			served := make(chan error, 1)
			go func() {
				served <- c.Serve(bg, conn.Handler{OnMessage: func(c *conn.Conn, m conn.Message) {
					if len(m.Data) > 0 {
						c.Write(bg, m.Type, m.Data)
						write(c)
					}
				}})
			}()
			want := append([]byte("\x81\x05small"), frame.AppendFrame(nil, frame.Header{Fin: true, Opcode: frame.Binary}, large)...)
			room := make([]byte, 1<<20)
			for range 10 {
				// The empty message after it is the input that is there already.
				peer.Write(append(fromClient(frame.Text, "small"), fromClient(frame.Text, "")...))
				var got []byte
				calls := 0
				for ; len(got) < len(want); calls++ {
					n, err := peer.Read(room)
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, room[:n]...)
				}
				if !bytes.Equal(got, want) {
					t.Fatalf("the peer reads %d bytes, want %d others", len(got), len(want))
				}
				if calls == 1 {
					c.CloseNow()
					<-served
					return
				}
			}
			t.Error("ten times, and never in one system call")
		})
	}
}

func TestALargeMessageIsNotCopiedOnTCP(t *testing.T) {
	const size, times = 8 << 20, 4
	server, client := tcp(t)
	c := newConn(t, server, conn.Setup{}, &conn.Options{PingInterval: -1})
	data := bytes.Repeat([]byte("0123456789abcdef"), size/16)
	prepared, err := conn.Prepare(conn.Binary, data)
	if err != nil {
		t.Fatal(err)
	}
	for name, write := range map[string]func() error{
		"Write":         func() error { return c.Write(timeout(t), conn.Binary, data) },
		"WriteText":     func() error { return c.Write(timeout(t), conn.Text, data) },
		"WritePrepared": func() error { return c.WritePrepared(timeout(t), prepared) },
	} {
		read := make(chan error, 1)
		go func() {
			_, err := io.CopyN(io.Discard, client, times*(size+10))
			read <- err
		}()
		before := allocated()
		for range times {
			if err := write(); err != nil {
				t.Fatal(name, err)
			}
		}
		if err := <-read; err != nil {
			t.Fatal(name, err)
		}
		if n := allocated() - before; n > size/2 {
			t.Errorf("%s: %d bytes allocated for %d messages of %d", name, n, times, size)
		}
	}
}

// Every size at which something changes, to a peer that reads a little at a time.
func TestLargeMessagesArriveRightOnTCP(t *testing.T) {
	var sizes []int
	for _, n := range []int{0, 125, 126, 4 << 10, 16 << 10, 32 << 10, 64 << 10, 65535, 65536, 128 << 10, 1 << 20} {
		sizes = append(sizes, n, n+1)
		if n > 0 {
			sizes = append(sizes, n-1)
		}
	}
	for name, params := range map[string]*deflate.Params{"plain": nil, "takeover": {}} {
		for role, client := range map[string]bool{"server": false, "client": true} {
			t.Run(name+"/"+role, func(t *testing.T) {
				o := conn.Options{PingInterval: -1, MaxMessage: 4 << 20}
				a, b := pairTCP(t, params, &o)
				if client {
					a, b = b, a
				}
				sent := make(chan error, 1)
				go func() {
					for i, n := range sizes {
						data := noise(uint64(n), n)
						var err error
						switch i % 3 {
						case 0:
							err = a.Write(timeout(t), conn.Binary, data)
						case 1:
							p, _ := conn.Prepare(conn.Binary, data)
							err = a.WritePrepared(timeout(t), p)
						case 2:
							err = a.WriteUncompressed(timeout(t), conn.Binary, data)
						}
						if err != nil {
							sent <- err
							return
						}
					}
					sent <- nil
				}()
				for _, n := range sizes {
					_, r, err := b.NextReader(timeout(t))
					if err != nil {
						t.Fatal(err)
					}
					got, err := io.ReadAll(r)
					if err != nil || !bytes.Equal(got, noise(uint64(n), n)) {
						t.Fatalf("a message of %d bytes arrives as %d others, %v", n, len(got), err)
					}
				}
				if err := <-sent; err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// noise is bytes that do not compress, the same for the same seed.
func noise(seed uint64, n int) []byte {
	r := rand.New(rand.NewPCG(seed, 7))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// The first half of the law: with more input there, a reply waits. The second: not
// for longer than about a millisecond, whatever the handler does meanwhile.
func TestAReplyIsHeldBackForAMillisecondAtMost(t *testing.T) {
	inEveryEchoStyle(t, func(t *testing.T, echo func(*conn.Conn, func(string)) error) {
		w := wire(t, wiring{})
		var start time.Time
		go echo(w.Conn, func(message string) {
			if message == "1" || message == "2" {
				start = time.Now()
				time.Sleep(time.Hour)
			}
		})
		for round := range 2 { // in the second the handler of the first has been late
			w.says(t, w.bytesOf(frame.Text, "0"), w.bytesOf(frame.Text, fmt.Sprint(round+1)), w.bytesOf(frame.Text, "3"))
			synctest.Wait()
			if n := w.written().Writes; n != 2*round {
				t.Errorf("round %d: %d writes while the handler is still at it", round, n)
			}
			w.mustSee(t, frame.Text, "0")
			w.mustSee(t, frame.Text, fmt.Sprint(round+1))
			if d := time.Since(start); d > 2*time.Millisecond {
				t.Errorf("round %d: held back for %v", round, d)
			}
			if n := w.written().Writes; n != 2*round+1 {
				t.Errorf("round %d: %d writes", round, n)
			}
			w.mustSee(t, frame.Text, "3")
		}
	})
}

// What a handler waits for may be the peer's answer to what it has just written.
// If that were held back, the two would wait for each other for ever.
func TestAHandlerMayWaitForTheAnswerToItsReply(t *testing.T) {
	waits := map[string]func(seen <-chan struct{}, t *testing.T){
		"a channel": func(seen <-chan struct{}, t *testing.T) { <-seen },
		"a lock": func(seen <-chan struct{}, t *testing.T) {
			var mu sync.Mutex
			mu.Lock()
			go func() { <-seen; mu.Unlock() }()
			mu.Lock()
		},
		"I/O": func(seen <-chan struct{}, t *testing.T) {
			a, b := tcp(t)
			go func() { <-seen; b.Write([]byte("go")) }()
			io.ReadFull(a, make([]byte, 2))
		},
		"a timer": func(seen <-chan struct{}, t *testing.T) {
			for {
				select {
				case <-seen:
					return
				case <-time.After(time.Minute):
				}
			}
		},
		"its own computing": func(seen <-chan struct{}, t *testing.T) {
			var over atomic.Bool
			go func() { <-seen; over.Store(true) }()
			for n := 0; !over.Load(); n++ {
			}
		},
	}
	for wait, until := range waits {
		for style, echo := range echoStyles {
			t.Run(wait+"/"+style, func(t *testing.T) {
				w := wire(t, wiring{})
				w.peer.SetDeadline(time.Now().Add(guard))
				answered := make(chan struct{})
				served := make(chan error, 1)
				go func() {
					served <- echo(w.Conn, func(message string) {
						if message == "question" {
							until(answered, t)
						}
					})
				}()
				w.says(t, w.bytesOf(frame.Text, "question"), w.bytesOf(frame.Text, "more"))
				w.mustSee(t, frame.Text, "question")
				close(answered)
				w.mustSee(t, frame.Text, "more")
				w.CloseNow()
				<-served
			})
		}
	}
}

// Who stops to read with more input there is a handler that waits, too.
func TestAReplyLeavesThoughNobodyReadsOn(t *testing.T) {
	inBothRoles(t, func(t *testing.T, client bool) {
		w := wire(t, wiring{client: client})
		w.says(t, w.bytesOf(frame.Text, "read"), w.bytesOf(frame.Text, "never read"))
		w.Read(bg)
		start := time.Now()
		w.Write(bg, conn.Text, []byte("reply"))
		w.mustSee(t, frame.Text, "reply")
		if d := time.Since(start); d > 2*time.Millisecond {
			t.Errorf("held back for %v", d)
		}
		w.Write(bg, conn.Text, []byte("another"))
		if n := w.written().Writes; n != 2 {
			t.Errorf("%d writes: once it was late, nothing more is held back", n)
		}
		w.mustSee(t, frame.Text, "another")
	})
}

func TestFlushSendsAtOnce(t *testing.T) {
	inEveryEchoStyle(t, func(t *testing.T, echo func(*conn.Conn, func(string)) error) {
		w := wire(t, wiring{})
		over := make(chan struct{})
		go echo(w.Conn, func(message string) {
			if message != "flush" {
				return
			}
			if n := w.written().Writes; n != 0 || w.Buffered() == 0 {
				t.Errorf("before Flush: %d writes, %d bytes held back", n, w.Buffered())
			}
			if err := w.Flush(bg); err != nil {
				t.Error(err)
			}
			if n := w.written().Writes; n != 1 || w.Buffered() != 0 {
				t.Errorf("after Flush: %d writes, %d bytes held back", n, w.Buffered())
			}
			if err := w.Flush(bg); err != nil || w.written().Writes != 1 {
				t.Errorf("a Flush of nothing: %v, %d writes", err, w.written().Writes)
			}
			close(over)
		})
		w.says(t, w.bytesOf(frame.Text, "a"), w.bytesOf(frame.Text, "flush"), w.bytesOf(frame.Text, "b"))
		<-over
		w.mustSee(t, frame.Text, "a")
		w.mustSee(t, frame.Text, "flush")
		w.mustSee(t, frame.Text, "b")
	})
}

func TestFlushOnAnEndedConnectionIsAnError(t *testing.T) {
	w := wire(t, wiring{})
	w.CloseNow()
	if err := w.Flush(bg); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
	w = wire(t, wiring{})
	ctx, cancel := context.WithCancel(bg)
	cancel()
	if err := w.Flush(ctx); !errors.Is(err, context.Canceled) || w.Err() != nil {
		t.Errorf("%v, then %v", err, w.Err())
	}
}

// Rows 129 and 131: what was written leaves before the close frame, and nothing
// after it.
func TestWhatWasHeldBackLeavesBeforeTheCloseRow129(t *testing.T) {
	closes := map[string]struct {
		close func(c *conn.Conn)
		next  func(w *wired) []byte // what the peer had sent behind the message
		code  frame.CloseCode
	}{
		"Close": {
			close: func(c *conn.Conn) { c.Close(bg, frame.NormalClosure, "") },
			next:  func(w *wired) []byte { return w.bytesOf(frame.Text, "unread") },
			code:  frame.NormalClosure,
		},
		"CloseWrite": {
			close: func(c *conn.Conn) { c.CloseWrite(bg, frame.NormalClosure, "") },
			next:  func(w *wired) []byte { return w.bytesOf(frame.Text, "unread") },
			code:  frame.NormalClosure,
		},
		"the peer's close": {
			next: func(w *wired) []byte {
				return w.bytesOf(frame.Close, string(frame.AppendClose(nil, frame.GoingAway, "")))
			},
			code: frame.GoingAway,
		},
		"a breach": {
			next: func(w *wired) []byte { return w.bytesOf(3, "") },
			code: frame.ProtocolError,
		},
	}
	for name, test := range closes {
		for style, echo := range echoStyles {
			t.Run(name+"/"+style, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := wire(t, wiring{})
					go echo(w.Conn, func(message string) {
						if message == "held back" && test.close != nil {
							test.close(w.Conn)
						}
					})
					w.says(t, w.bytesOf(frame.Text, "held back"), test.next(w))
					synctest.Wait()
					if n := w.written().Writes; n != 1 {
						t.Errorf("%d writes", n)
					}
					w.mustSee(t, frame.Text, "held back")
					f, err := w.sees()
					if err != nil || f.Opcode != frame.Close {
						t.Fatalf("the peer reads %+v, %v", f, err)
					}
					if code, _, _ := frame.ParseClose([]byte(f.payload)); code != test.code {
						t.Errorf("close frame with %v, want %v", code, test.code)
					}
					w.says(t, w.bytesOf(frame.Close, f.payload))
					w.peer.CloseWrite()
					if f, err := w.sees(); err != io.EOF {
						t.Errorf("the peer reads %+v, %v after the close frame", f, err)
					}
				})
			})
		}
	}
}

// A write that was put off can fail long after the call that asked for it.
func TestTheErrorOfADeferredWriteShowsInTheNextCallAndInErr(t *testing.T) {
	inEveryEchoStyle(t, func(t *testing.T, echo func(*conn.Conn, func(string)) error) {
		w := wire(t, wiring{})
		w.end.Out().FailWriteAfter(0, errBroken)
		later := make(chan error, 1)
		go echo(w.Conn, func(message string) {
			if message != "first" {
				return
			}
			if w.State() != conn.Open || w.Buffered() == 0 {
				t.Errorf("state %v, %d bytes held back", w.State(), w.Buffered())
			}
			time.Sleep(time.Second)
			later <- w.Write(bg, conn.Text, nil)
		})
		w.says(t, w.bytesOf(frame.Text, "first"), w.bytesOf(frame.Text, "second"))
		if err := <-later; !errors.Is(err, errBroken) || !errors.Is(err, net.ErrClosed) {
			t.Errorf("the next Write: %v", err)
		}
		if w.State() != conn.Closing {
			t.Errorf("state %v", w.State())
		}
		<-w.Done() // within CloseTimeout, as the peer says no more
		if end := closeError(t, w.Err()); !errors.Is(end, errBroken) || !end.Remote || end.Code != frame.AbnormalClosure {
			t.Errorf("ended by %+v", end)
		}
	})
}

// A write whose context ends takes back its own frame, not those held back before
// it: also of those, some may have left in part. Row G4.
func TestACancelledWriteTakesNothingWithItG4(t *testing.T) {
	const held, large = 2 + 9, 80 << 10 // bytes of the frame that is held back, and of the message that is not sent
	for name, write := range map[string]func(w *wired, ctx context.Context) error{
		"Write":      func(w *wired, ctx context.Context) error { return w.Write(ctx, conn.Text, make([]byte, large)) },
		"compressed": func(w *wired, ctx context.Context) error { return w.Write(ctx, conn.Text, noise7bit(large)) },
		"WritePrepared": func(w *wired, ctx context.Context) error {
			p, _ := conn.Prepare(conn.Text, make([]byte, large))
			return w.WritePrepared(ctx, p)
		},
		"Flush": func(w *wired, ctx context.Context) error { return w.Flush(ctx) },
	} {
		for _, taken := range []int{0, 1, held - 1, held, held + 1} {
			t.Run(fmt.Sprintf("%s/%d bytes taken", name, taken), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					o := wiring{}
					if name == "compressed" {
						o.params = &deflate.Params{}
					}
					w := wire(t, o)
					w.end.Out().SetWindow(taken)
					failed := make(chan error, 1)
					go w.Serve(bg, conn.Handler{OnMessage: func(c *conn.Conn, m conn.Message) {
						if string(m.Data) != "first" {
							c.Write(bg, m.Type, m.Data)
							return
						}
						c.Write(bg, conn.Text, []byte("held back"))
						ctx, cancel := context.WithCancel(bg)
						time.AfterFunc(500*time.Microsecond, cancel)
						failed <- write(w, ctx)
					}})
					w.says(t, w.bytesOf(frame.Text, "first"), w.bytesOf(frame.Text, "second"))
					err := <-failed
					synctest.Wait()
					w.end.Out().SetWindow(-1)
					if taken > held && name != "Flush" {
						if !errors.Is(err, conn.ErrPartialWrite) || !errors.Is(w.Err(), conn.ErrPartialWrite) {
							t.Errorf("part of it has left: %v, then %v", err, w.Err())
						}
						return
					}
					if !errors.Is(err, context.Canceled) && (name != "Flush" || taken < held) {
						t.Errorf("nothing of it has left: %v", err)
					}
					if w.Err() != nil {
						t.Fatalf("the connection has ended: %v", w.Err())
					}
					w.mustSee(t, frame.Text, "held back")
					w.mustSee(t, frame.Text, "second")
					w.says(t, w.bytesOf(frame.Text, "third"))
					w.mustSee(t, frame.Text, "third")
				})
			})
		}
	}
}

// noise7bit is text that compresses a little.
func noise7bit(n int) []byte {
	b := noise(1, n)
	for i := range b {
		b[i] &= 0x7F
	}
	return b
}

// lateContext is over when it is asked for the nth time: it ends between two steps
// of a call.
type lateContext struct {
	context.Context
	left int
	done chan struct{}
}

func (l *lateContext) Err() error {
	if l.left--; l.left < 0 {
		return context.Canceled
	}
	return nil
}

func (l *lateContext) Done() <-chan struct{} { return l.done }

// Row G4: however late a context ends, a large message of which nothing has left
// costs nothing, though it is not copied into the buffer.
func TestALargeWriteThatSentNothingCostsNothingG4(t *testing.T) {
	prepared, err := conn.Prepare(conn.Binary, make([]byte, 64<<10))
	if err != nil {
		t.Fatal(err)
	}
	for name, write := range map[string]func(c *conn.Conn, ctx context.Context) error{
		"Write":         func(c *conn.Conn, ctx context.Context) error { return c.Write(ctx, conn.Binary, make([]byte, 64<<10)) },
		"WritePrepared": func(c *conn.Conn, ctx context.Context) error { return c.WritePrepared(ctx, prepared) },
	} {
		t.Run(name, func(t *testing.T) {
			if name == "WritePrepared" {
			}
			server, client := tcp(t)
			c := newConn(t, server, conn.Setup{}, &conn.Options{PingInterval: -1})
			sent := false
			for asked := 0; !sent; asked++ {
				ctx := &lateContext{bg, asked, make(chan struct{})}
				err := write(c, ctx)
				sent = err == nil
				if !sent && !errors.Is(err, context.Canceled) || c.Err() != nil {
					t.Fatalf("cancelled when asked for the %dth time: %v, then %v", asked+1, err, c.Err())
				}
				if sent && asked == 0 {
					t.Error("the context was over from the start")
				}
			}
			n, err := io.ReadFull(client, make([]byte, 10+64<<10))
			if err != nil {
				t.Errorf("the peer reads %d bytes, %v", n, err)
			}
			if err := c.Write(bg, conn.Text, []byte("on")); err != nil {
				t.Error(err)
			}
			expect(t, client, []byte("\x81\x02on"))
		})
	}
}

// While others write too, all arrives, in each writer's order, whatever is read
// meanwhile.
func TestWritersBesideABatchKeepTheirOrder(t *testing.T) {
	const writers, each = 8, 200
	server, client := pairTCP(t, nil, &conn.Options{PingInterval: -1})
	served := make(chan error, 1)
	go func() { served <- echoStyles["Serve"](server, nothing) }()
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			for n := range each {
				server.Write(bg, conn.Text, fmt.Appendf(nil, "%d %d", i, n))
			}
		})
	}
	wg.Go(func() {
		for n := range each {
			client.Write(bg, conn.Text, fmt.Appendf(nil, "%d %d", writers, n))
		}
	})
	next := make([]int, writers+1)
	for range (writers + 1) * each {
		m, err := client.Read(timeout(t))
		if err != nil {
			t.Fatal(err)
		}
		var i, n int
		fmt.Sscanf(string(m.Data), "%d %d", &i, &n)
		if n != next[i] {
			t.Fatalf("writer %d: message %d after %d", i, n, next[i]-1)
		}
		next[i]++
	}
	wg.Wait()
	if err := client.Close(timeout(t), frame.NormalClosure, ""); err != nil {
		t.Error(err)
	}
	<-served
}

// The laws of batching in one: for any burst, cut anywhere, and any handler that
// now and then waits, the replies are those to the messages, in their order, no
// reply is later than about a millisecond after the handler began to wait, and at
// the end nothing is held back.
func TestAnyBurstIsAnsweredInOrderAndInTime(t *testing.T) {
	checkOnFakeClock(t, func(rt *rapid.T) {
		end, peer := conntest.Pipe(&conntest.Options{Window: -1})
		c, err := conn.New(end, conn.Setup{}, &conn.Options{PingInterval: -1})
		if err != nil {
			rt.Fatal(err)
		}
		served := make(chan error, 1)
		defer func() {
			c.CloseNow()
			peer.Close()
			<-served
		}()
		sizes := rapid.SliceOfN(rapid.IntRange(0, 3000), 1, 20).Draw(rt, "sizes")
		waits := rapid.SliceOfN(rapid.SampledFrom([]time.Duration{0, 0, 0, time.Microsecond, time.Millisecond, time.Second}), len(sizes), len(sizes)).Draw(rt, "waits")
		cuts := rapid.SliceOfN(rapid.IntRange(1, 5000), 0, 10).Draw(rt, "cuts")
		var script []byte
		for i, n := range sizes {
			script = append(script, fromClient(frame.Binary, string(rune('a'+i))+strings.Repeat("x", n))...)
		}
		written := make([]time.Time, len(sizes))
		i := 0
		said := make(chan struct{})
		go func() {
			served <- c.Serve(bg, conn.Handler{OnMessage: func(c *conn.Conn, m conn.Message) {
				written[i] = time.Now()
				c.Write(bg, m.Type, m.Data)
				time.Sleep(waits[i])
				i++
			}})
		}()
		go func() {
			for _, n := range cuts {
				n = min(n, len(script))
				peer.Write(script[:n])
				script = script[n:]
				time.Sleep(time.Millisecond)
			}
			peer.Write(script)
			close(said)
		}()
		fr := frame.NewReader(peer)
		for k := range sizes {
			h, err := fr.Next()
			if err != nil {
				rt.Fatal(err)
			}
			first := make([]byte, 1)
			fr.Read(first)
			if want := byte('a' + k); first[0] != want || h.Length != int64(sizes[k]+1) {
				rt.Fatalf("reply %d is %q of %d bytes, want %q of %d", k, first, h.Length, want, sizes[k]+1)
			}
			if late := time.Since(written[k]); late > 2*time.Millisecond {
				rt.Fatalf("reply %d was held back for %v", k, late)
			}
		}
		<-said
		synctest.Wait()
		if c.Buffered() != 0 {
			rt.Fatalf("%d bytes are still held back", c.Buffered())
		}
	})
}
