package conn_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
)

// readNow reads what has come of a streamed message, and no more.
func readNow(t *testing.T, r io.Reader) string {
	t.Helper()
	b := make([]byte, 100)
	n, err := r.Read(b)
	if err != nil {
		t.Errorf("Read: %v", err)
	}
	return string(b[:n])
}

// RFC 6455 section 5.4: a fragment can be used before the message is whole.
func TestAStreamedMessageIsReadAsItComes(t *testing.T) {
	onEveryStream(t, func(t *testing.T, o rigOptions) {
		r := newRig(t, o)
		r.says(r.first("one "))
		typ, m, err := r.NextReader(bg)
		if err != nil || typ != conn.Text {
			t.Fatalf("NextReader: %v, %v", typ, err)
		}
		if got := readNow(t, m); got != "one " {
			t.Errorf("of the first fragment: %q", got)
		}
		r.says(r.more("two "))
		if got := readNow(t, m); got != "two " {
			t.Errorf("of the second: %q", got)
		}
		whole := r.last("three")
		cut := len(whole) - 3 // inside the payload
		r.says(whole[:cut])
		if got := readNow(t, m); got != "th" {
			t.Errorf("of half of the third: %q", got)
		}
		r.says(whole[cut:])
		if rest, err := io.ReadAll(m); err != nil || string(rest) != "ree" {
			t.Errorf("of the rest: %q, %v", rest, err)
		}
	})
}

// Rows 114 and 156: whatever frames a message comes in.
func TestAStreamedMessageEndsWithEOFRows114And156(t *testing.T) {
	for _, tc := range []struct {
		name, wire string // of a server, so without masks
		typ        conn.Type
		want       string
	}{
		{"empty, RFC 6455 5.6", "\x82\x00", conn.Binary, ""},
		{"one frame, RFC 6455 5.7", "\x81\x05Hello", conn.Text, "Hello"},
		{"two, RFC 6455 5.7", "\x01\x03Hel\x80\x02lo", conn.Text, "Hello"},
		{"three, two of them empty, RFC 6455 5.4", "\x01\x00\x00\x05Hello\x80\x00", conn.Text, "Hello"},
		{"none but empty ones, RFC 6455 5.4", "\x02\x00\x00\x00\x80\x00", conn.Binary, ""},
		{"a ping between, RFC 6455 5.4", "\x01\x03Hel\x89\x01!\x80\x02lo", conn.Text, "Hello"},
		{"empty and compressed, row 114, RFC 7692 7.2.3.6", "\xc1\x01\x00", conn.Text, ""},
		{"compressed, RFC 7692 7.2.3.1", "\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00", conn.Text, "Hello"},
		{"compressed in two, RFC 7692 7.2.3.1", "\x41\x03\xf2\x48\xcd\x80\x04\xc9\xc9\x07\x00", conn.Text, "Hello"},
		{"compressed, with BFINAL, RFC 7692 7.2.3.4", "\xc1\x08\xf3\x48\xcd\xc9\xc9\x07\x00\x00", conn.Text, "Hello"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, size := range []int{1, 2, 100} {
				synctest.Test(t, func(t *testing.T) {
					r := newRig(t, rigOptions{client: true, deflate: &deflate.Params{}})
					r.says([]byte(tc.wire), r.text("next"))
					typ, m, err := r.NextReader(bg)
					if err != nil || typ != tc.typ {
						t.Fatalf("NextReader: %v, %v", typ, err)
					}
					var got []byte
					buf := make([]byte, size)
					for err == nil {
						if n, err := m.Read(nil); n != 0 || err != nil && err != io.EOF {
							t.Errorf("Read of nothing: %d, %v", n, err)
						}
						var n int
						n, err = m.Read(buf)
						got = append(got, buf[:n]...)
						if n == 0 && err == nil {
							t.Fatal("Read returns nothing")
						}
					}
					if err != io.EOF || string(got) != tc.want {
						t.Errorf("%d at a time: %q, %v", size, got, err)
					}
					for range 3 {
						if n, err := m.Read(buf); n != 0 || err != io.EOF {
							t.Errorf("after the end: %d, %v", n, err)
						}
					}
					if next, err := r.Read(bg); err != nil || string(next.Data) != "next" {
						t.Errorf("then %q, %v", next.Data, err)
					}
				})
			}
		})
	}
}

// Row 157, RFC 6455 section 5.4: control frames are dealt with where they stand.
func TestControlFramesPassBetweenTheFragmentsOfAStreamedMessageRow157(t *testing.T) {
	onEveryStream(t, func(t *testing.T, o rigOptions) {
		r := newRig(t, o)
		r.says(r.first("a"))
		_, m, err := r.NextReader(bg)
		if err != nil {
			t.Fatal(err)
		}
		answered := make(chan error, 1)
		go func() {
			_, err := r.Ping(bg)
			answered <- err
		}()
		ours := r.hears()
		if len(ours) != 1 || ours[0].Opcode != frame.Ping {
			t.Fatalf("the peer hears %q, want a ping", said(ours))
		}
		r.says(r.ping("1"), r.pong(ours[0].payload), r.more("b"), r.ping("2"))
		if got := readNow(t, m); got != "a" {
			t.Errorf("first %q", got)
		}
		if got := readNow(t, m); got != "b" {
			t.Errorf("then %q", got)
		}
		if err := <-answered; err != nil {
			t.Errorf("Ping: %v", err)
		}
		r.says(r.last("c"))
		if got := readNow(t, m); got != "c" {
			t.Errorf("last %q", got)
		}
		// A later ping may be answered for an earlier one, RFC 6455 5.5.3.
		pongs := said(r.hears())
		if n := len(pongs); n == 0 || n > 2 || pongs[n-1] != "pong 2" {
			t.Errorf("the peer hears %q", pongs)
		}
	})
}

// Row 98: what a message that has begun is cut short by is an error, never its end.
func TestTheEndOfTheConnectionIsNoEndOfAStreamedMessageX2Row98(t *testing.T) {
	for name, tc := range map[string]struct {
		end   func(r *rig)
		code  frame.CloseCode
		cause error
	}{
		"close frame": {func(r *rig) { r.says(r.close(frame.GoingAway, "")) }, frame.GoingAway, nil},
		"FIN":         {func(r *rig) { r.peer.CloseWrite() }, frame.AbnormalClosure, io.ErrUnexpectedEOF},
		"reset":       {func(r *rig) { r.peer.Reset() }, frame.AbnormalClosure, syscall.ECONNRESET},
		"CloseNow":    {func(r *rig) { r.CloseNow() }, frame.AbnormalClosure, nil},
		"a breach":    {func(r *rig) { r.says(r.text("another")) }, frame.ProtocolError, nil},
	} {
		t.Run(name, func(t *testing.T) {
			onEveryStream(t, func(t *testing.T, o rigOptions) {
				r := newRig(t, o)
				r.says(r.first("begun"))
				_, m, err := r.NextReader(bg)
				if err != nil || readNow(t, m) != "begun" {
					t.Fatal(err)
				}
				ended := make(chan error, 1)
				go func() {
					_, err := m.Read(make([]byte, 10))
					ended <- err
				}()
				synctest.Wait()
				tc.end(r)
				err = <-ended
				if end := closeError(t, err); end.Code != tc.code || tc.cause != nil && !errors.Is(err, tc.cause) {
					t.Errorf("Read: %+v", end)
				}
				if errors.Is(err, io.EOF) {
					t.Error("which looks like the end of the message")
				}
				if _, again := m.Read(make([]byte, 10)); again != err {
					t.Errorf("then %v", again)
				}
				if _, _, again := r.NextReader(bg); again != err {
					t.Errorf("NextReader: %v", again)
				}
			})
		})
	}
}

// nextMessage is what each style of reading has to say of the next message.
var nextMessage = map[string]func(*rig) (string, error){
	"Read": func(r *rig) (string, error) {
		m, err := r.Read(bg)
		return string(m.Data), err
	},
	"ReadInto": func(r *rig) (string, error) {
		_, data, err := r.ReadInto(bg, make([]byte, 0, 3))
		return string(data), err
	},
	"Messages": func(r *rig) (string, error) {
		for m, err := range r.Messages(bg) {
			return string(m.Data), err
		}
		return "", r.Err()
	},
	"Serve": func(r *rig) (got string, err error) {
		ctx, enough := context.WithCancel(bg)
		err = r.Serve(ctx, conn.Handler{OnMessage: func(_ *conn.Conn, m conn.Message) {
			if ctx.Err() == nil { // what has come with it is delivered too
				got = string(m.Data)
			}
			enough()
		}})
		if errors.Is(err, context.Canceled) {
			err = nil
		}
		return got, err
	},
	"NextReader": func(r *rig) (string, error) {
		_, m, err := r.NextReader(bg)
		if err != nil {
			return "", err
		}
		data, err := io.ReadAll(m)
		return string(data), err
	},
	"NetConn": func(r *rig) (string, error) {
		b := make([]byte, 100)
		n, err := r.NetConn(conn.Text).Read(b)
		return string(b[:n]), err
	},
}

func TestWhatIsLeftOfAStreamedMessageIsPassedOver(t *testing.T) {
	for style, next := range nextMessage {
		t.Run(style, func(t *testing.T) {
			for read := range len("one two three") + 1 { // of its bytes
				for _, all := range []bool{true, false} { // of it is there when it is left
					synctest.Test(t, func(t *testing.T) {
						r := newRig(t, rigOptions{})
						message := [][]byte{r.first("one "), r.ping("!"), r.more("two "), r.last("three")}
						then := [][]byte{r.first("th"), r.last("en"), r.text("and then")}
						if all {
							r.says(append(message, then...)...)
						} else {
							r.says(message[:3]...)
							read = min(read, len("one two "))
						}
						_, m, err := r.NextReader(bg)
						if err != nil {
							t.Fatal(err)
						}
						if _, err := io.ReadFull(m, make([]byte, read)); err != nil {
							t.Fatal(err)
						}
						if !all {
							r.says(append(message[3:], then...)...)
						}
						if got, err := next(r); err != nil || got != "then" && !(style == "NetConn" && got == "th") {
							t.Errorf("left after %d bytes: %q, %v", read, got, err)
						}
						if n, err := m.Read(make([]byte, 10)); n != 0 || err != conn.ErrMessageEnded {
							t.Errorf("the one that was left reads %d bytes, %v", n, err)
						}
					})
				}
			}
		})
	}
}

// Row G3 of a streamed message: the context is for all of the reader, so when it
// ends the message is given up, and not a byte of the next.
func TestAContextThatEndsCostsTheStreamedMessageAndNoMoreG3(t *testing.T) {
	onEveryStream(t, func(t *testing.T, o rigOptions) {
		r := newRig(t, o)
		stop := errors.New("enough")
		ctx, cancel := context.WithCancelCause(bg)
		time.AfterFunc(time.Second, func() { cancel(stop) })
		if _, _, err := r.NextReader(ctx); err != stop {
			t.Errorf("NextReader with nothing there: %v", err)
		}
		r.says(r.first("begun, "))
		ctx, cancel = context.WithCancelCause(bg)
		_, m, err := r.NextReader(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if got := readNow(t, m); got != "begun, " {
			t.Errorf("got %q", got)
		}
		time.AfterFunc(time.Second, func() { cancel(stop) })
		for range 3 {
			if _, err := m.Read(make([]byte, 10)); err != stop {
				t.Errorf("Read: %v", err)
			}
		}
		if err := r.Err(); err != nil {
			t.Errorf("the connection ended: %v", err)
		}
		// The rest of it comes while others read.
		ctx, cancel = context.WithCancelCause(bg)
		time.AfterFunc(time.Second, func() { cancel(stop) })
		r.says(r.more("and "))
		if _, err := r.Read(ctx); err != stop {
			t.Errorf("Read: %v", err)
		}
		r.says(r.last("ended"), r.text("next"))
		if m, err := r.Read(bg); err != nil || string(m.Data) != "next" {
			t.Errorf("then %q, %v", m.Data, err)
		}
	})
}

// Row G3: what a cut-short Read has of a message is the stream's beginning.
func TestNextReaderGoesOnWhereAReadWasCutShortG3(t *testing.T) {
	onEveryStream(t, func(t *testing.T, o rigOptions) {
		o.deflate = &deflate.Params{}
		r := newRig(t, o)
		ctx, cancel := context.WithTimeout(bg, time.Second)
		defer cancel()
		// "Hello" of RFC 7692 section 7.2.3.1, cut inside.
		r.says(r.raw(false, frame.RSV1, frame.Text, "\xf2\x48\xcd"))
		if _, err := r.Read(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("Read: %v", err)
		}
		_, m, err := r.NextReader(bg)
		if err != nil {
			t.Fatal(err)
		}
		r.says(r.last("\xc9\xc9\x07\x00"), r.text("next"))
		if got, err := io.ReadAll(m); err != nil || string(got) != "Hello" {
			t.Errorf("got %q, %v", got, err)
		}
		if m, err := r.Read(bg); err != nil || string(m.Data) != "next" {
			t.Errorf("then %q, %v", m.Data, err)
		}
	})
}

func TestAMessageThatWasReadTwiceByHalvesIsInNoOther(t *testing.T) {
	for style, next := range nextMessage {
		t.Run(style, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, rigOptions{})
				ctx, cancel := context.WithTimeout(bg, time.Second)
				defer cancel()
				r.says(r.first("one "))
				if _, err := r.Read(ctx); !errors.Is(err, context.DeadlineExceeded) {
					t.Fatalf("Read: %v", err)
				}
				_, m, err := r.NextReader(bg)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := io.ReadFull(m, make([]byte, 2)); err != nil {
					t.Fatal(err)
				}
				r.says(r.last("end"), r.text("two"))
				if got, err := next(r); err != nil || got != "two" {
					t.Errorf("got %q, %v", got, err)
				}
			})
		})
	}
}

// Row 11, tests L6 and Z8: a streamed message is held to the limit like any other.
func TestAStreamedMessageIsHeldToMaxMessageZ8Row11(t *testing.T) {
	const limit = 1000
	zeros := func(n int) string { return string(make([]byte, n)) }
	compressed := func(n int) string {
		z, err := deflate.NewCompressor(deflate.Direction{}, 1)
		if err != nil {
			t.Fatal(err)
		}
		out, err := z.AppendPiece(nil, make([]byte, n), true)
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	for name, message := range map[string]func(r *rig, n int) [][]byte{
		"one frame": func(r *rig, n int) [][]byte { return [][]byte{r.binary(zeros(n))} },
		"two frames": func(r *rig, n int) [][]byte {
			return [][]byte{r.raw(false, 0, frame.Binary, zeros(n-1)), r.last("\x00")}
		},
		"an empty one last": func(r *rig, n int) [][]byte {
			return [][]byte{r.raw(false, 0, frame.Binary, zeros(n)), r.last("")}
		},
		"compressed": func(r *rig, n int) [][]byte {
			return [][]byte{r.raw(true, frame.RSV1, frame.Binary, compressed(n))}
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, size := range []int{limit - 1, limit, limit + 1} {
				synctest.Test(t, func(t *testing.T) {
					r := newRig(t, rigOptions{deflate: &deflate.Params{}, Options: conn.Options{MaxMessage: limit}})
					r.says(message(r, size)...)
					r.peer.CloseWrite()
					var got []byte
					_, m, err := r.NextReader(bg)
					if err == nil {
						got, err = io.ReadAll(m)
					}
					if len(got) > limit {
						t.Errorf("%d bytes were given away", len(got))
					}
					if size <= limit {
						if err != nil || len(got) != size {
							t.Errorf("of %d bytes: %d, %v", size, len(got), err)
						}
						return
					}
					var over *conn.LimitError
					if !errors.As(err, &over) || over.Option != "MaxMessage" || over.Limit != limit {
						t.Errorf("over the limit: %v", err)
					}
					r.expectHeard("close 1009 message too big bytes in a message over the limit")
				})
			}
		})
	}
}

// RFC 6455 section 8.1, tests K7 and G15: text is checked as far as it is given.
func TestAStreamedTextIsCheckedAsFarAsItIsReadK7(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, rigOptions{})
		r.says(r.first("good "), r.more("\xe2\x82")) // two thirds of a euro sign
		_, m, err := r.NextReader(bg)
		if err != nil {
			t.Fatal(err)
		}
		if got := readNow(t, m) + readNow(t, m); got != "good \xe2\x82" {
			t.Errorf("got %q", got)
		}
		r.says(r.more("("), r.last("never read"))
		_, err = m.Read(make([]byte, 10))
		if end := closeError(t, err); end.Code != frame.InvalidFramePayloadData {
			t.Errorf("got %+v", end)
		}
		r.expectHeard("close 1007 invalid frame payload data text is not UTF-8")
	})
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, rigOptions{})
		r.says(r.text("cut \xe2\x82"))
		_, m, err := r.NextReader(bg)
		if err == nil {
			_, err = io.ReadAll(m)
		}
		if end := closeError(t, err); end.Code != frame.InvalidFramePayloadData {
			t.Errorf("a text that ends inside a rune: %+v", end)
		}
	})
}

// Test Z5: no more is inflated than is asked for, but for what one step yields.
func TestOnlyWhatIsReadOfAStreamIsInflatedZ5(t *testing.T) {
	size := 64 << 20
	if raceDetector { // under which everything takes ten times as long
		size /= 8
	}
	z, err := deflate.NewCompressor(deflate.Direction{}, 1)
	if err != nil {
		t.Fatal(err)
	}
	bomb, err := z.AppendPiece(nil, make([]byte, size), true)
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, rigOptions{deflate: &deflate.Params{}, Options: conn.Options{MaxMessage: -1}})
	r.says(r.raw(true, frame.RSV1, frame.Binary, string(bomb)))
	taken := func(f func()) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f()
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	var m io.Reader
	if n := taken(func() {
		if _, m, err = r.NextReader(bg); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(m, make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
	}); n > 1<<20 {
		t.Errorf("to read a byte took %d bytes of memory", n)
	}
	read := r.end.In().Stats().BytesRead
	if read > 128<<10 {
		t.Errorf("to read a byte took %d bytes from the peer", read)
	}
	if n := taken(func() {
		if n, err := io.Copy(io.Discard, m); n != int64(size-1) || err != nil {
			t.Fatalf("%d bytes more, %v", n, err)
		}
	}); n > 1<<20 {
		t.Errorf("to read the rest took %d bytes of memory", n)
	}
}

// Rows 89 and 90: there is no pause, for who does not read has paused already:
// the peer can send as much as the stream holds, and has to wait.
func TestWhatIsNotReadStaysWithThePeerRow90(t *testing.T) {
	onEveryStream(t, func(t *testing.T, o rigOptions) {
		o.window = 64 << 10
		o.MaxMessage = -1
		r := newRig(t, o)
		const size = 10 << 20
		message := bytes.Repeat([]byte("0123456789abcdef"), size/16)
		sent := make(chan error, 1)
		go func() {
			_, err := r.peer.Write(r.binary(string(message)))
			sent <- err
		}()
		_, m, err := r.NextReader(bg)
		if err != nil {
			t.Fatal(err)
		}
		if got := readNow(t, m); !strings.HasPrefix(got, "0123") {
			t.Errorf("got %q", got)
		}
		time.Sleep(time.Hour)
		if st := r.end.In().Stats(); st.WritesWaiting != 1 || st.BytesWritten > 256<<10 {
			t.Errorf("the peer has sent %d bytes", st.BytesWritten)
		}
		if n, err := io.Copy(io.Discard, m); err != nil || n != size-100 {
			t.Errorf("the rest is %d bytes, %v", n, err)
		}
		if err := <-sent; err != nil {
			t.Errorf("the peer: %v", err)
		}
	})
}

func TestTwoMayNotReadOneStreamedMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, rigOptions{})
		r.says(r.first("a"))
		_, m, err := r.NextReader(bg)
		if err != nil || readNow(t, m) != "a" {
			t.Fatal(err)
		}
		first := make(chan string, 1)
		go func() {
			b := make([]byte, 10)
			n, _ := m.Read(b)
			first <- string(b[:n])
		}()
		synctest.Wait()
		if _, err := m.Read(make([]byte, 1)); err != conn.ErrConcurrentRead {
			t.Errorf("the second: %v", err)
		}
		if _, _, err := r.NextReader(bg); err != conn.ErrConcurrentRead {
			t.Errorf("NextReader: %v", err)
		}
		r.says(r.last("undisturbed"))
		if got := <-first; got != "undisturbe" {
			t.Errorf("the first read %q", got)
		}
	})
}

// A MessageReader is a Reader as package io knows them.
func TestAStreamOfManyMessagesIsReadByOneAfterAnother(t *testing.T) {
	onEveryStream(t, func(t *testing.T, o rigOptions) {
		r := newRig(t, o)
		for i := range 100 {
			r.says(r.first(strings.Repeat("x", i)), r.last("!"))
		}
		r.says(r.close(frame.NormalClosure, ""))
		for i := range 100 {
			_, m, err := r.NextReader(bg)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(m); err != nil || len(got) != i+1 {
				t.Fatalf("%d: %d bytes, %v", i, len(got), err)
			}
		}
		_, _, err := r.NextReader(bg)
		if end := closeError(t, err); !end.Remote || !end.Clean || end.Code != frame.NormalClosure {
			t.Errorf("then %+v", end)
		}
	})
}

// What ends a call for ReadTimeout is nothing but a wait: the reader goes on.
func TestAStreamedMessageGoesOnAfterReadTimeout(t *testing.T) {
	onEveryStream(t, func(t *testing.T, o rigOptions) {
		o.ReadTimeout = time.Minute
		r := newRig(t, o)
		r.says(r.first("before "))
		_, m, err := r.NextReader(bg)
		if err != nil || readNow(t, m) != "before " {
			t.Fatal(err)
		}
		for range 3 {
			start := time.Now()
			_, err := m.Read(make([]byte, 10))
			if err != conn.ErrReadTimeout || !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("Read: %v", err)
			}
			if d := time.Since(start); d != time.Minute {
				t.Errorf("after %v", d)
			}
		}
		r.says(r.last("after"))
		if got, err := io.ReadAll(m); err != nil || string(got) != "after" {
			t.Errorf("got %q, %v", got, err)
		}
	})
}

func TestAnOlderMessageReaderReadsNothingOfANewerMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, rigOptions{})
		r.says(r.first("old"), r.last("er"), r.first("new"), r.last("er"))
		_, older, err := r.NextReader(bg)
		if err != nil || readNow(t, older) != "old" {
			t.Fatal(err)
		}
		_, newer, err := r.NextReader(bg)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := older.Read(make([]byte, 10)); n != 0 || err != conn.ErrMessageEnded {
			t.Errorf("the older one reads %d bytes, %v", n, err)
		}
		if got, err := io.ReadAll(newer); err != nil || string(got) != "newer" {
			t.Errorf("the newer one reads %q, %v", got, err)
		}
	})
}
