package conn_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
)

// oneMessage reads a message in each style that returns an error of its own.
var oneMessage = map[string]func(r *rig) (string, error){
	"Read": nextMessage["Read"], "ReadInto": nextMessage["ReadInto"], "Messages": func(r *rig) (string, error) {
		for m, err := range r.Messages(bg) {
			return string(m.Data), err
		}
		return "", r.Err()
	},
	"Serve":      nextMessage["Serve"],
	"NextReader": nextMessage["NextReader"],
}

// Option ReadTimeout: a call returns, nothing is lost, the connection goes on.
func TestReadTimeoutEndsTheCallAndNoMoreG3(t *testing.T) {
	for style, read := range oneMessage {
		t.Run(style, func(t *testing.T) {
			onEveryStream(t, func(t *testing.T, o rigOptions) {
				o.ReadTimeout = time.Minute
				r := newRig(t, o)
				for range 3 {
					start := time.Now()
					_, err := read(r)
					if err != conn.ErrReadTimeout || !errors.Is(err, os.ErrDeadlineExceeded) {
						t.Errorf("with nothing there: %v", err)
					}
					if d := time.Since(start); d != time.Minute {
						t.Errorf("after %v", d)
					}
				}
				if style != "NextReader" { // which does not wait for the rest
					r.says(r.first("be"))
					if _, err := read(r); err != conn.ErrReadTimeout {
						t.Errorf("with half a message: %v", err)
					}
					r.says(r.more("g"))
					if _, err := read(r); err != conn.ErrReadTimeout {
						t.Errorf("with more of it: %v", err)
					}
					time.AfterFunc(time.Minute-1, func() { r.says(r.last("un")) })
					if got, err := read(r); err != nil && err != conn.ErrReadTimeout || got != "begun" {
						t.Errorf("got %q, %v", got, err)
					}
				}
				r.says(r.text("next"))
				if got, err := read(r); err != nil && err != conn.ErrReadTimeout || got != "next" {
					t.Errorf("then %q, %v", got, err)
				}
				if r.State() != conn.Open {
					t.Errorf("it is %v: %v", r.State(), r.Err())
				}
			})
		})
	}
}

// Option ReadTimeout: what is no message is not what is waited for.
func TestPingsAreNoMessagesToReadTimeout(t *testing.T) {
	for style, read := range oneMessage {
		t.Run(style, func(t *testing.T) {
			onEveryStream(t, func(t *testing.T, o rigOptions) {
				o.ReadTimeout = time.Minute
				r := newRig(t, o)
				stop := make(chan struct{})
				quiet := make(chan struct{})
				go func() {
					defer close(quiet)
					for {
						select {
						case <-stop:
							return
						case <-time.After(7 * time.Second):
							r.peer.Write(r.ping("!"))
						}
					}
				}()
				start := time.Now()
				if _, err := read(r); err != conn.ErrReadTimeout {
					t.Errorf("%v", err)
				}
				if d := time.Since(start); d != time.Minute {
					t.Errorf("after %v", d)
				}
				close(stop)
				<-quiet
			})
		})
	}
}

// Option ReadTimeout, of Serve: the time counts from message to message.
func TestInServeReadTimeoutIsBetweenMessages(t *testing.T) {
	onEveryStream(t, func(t *testing.T, o rigOptions) {
		o.ReadTimeout = time.Minute
		r := newRig(t, o)
		go func() {
			for range 10 {
				time.Sleep(50 * time.Second)
				r.says(r.text("alive"))
			}
		}()
		got := 0
		start := time.Now()
		err := r.Serve(bg, conn.Handler{OnMessage: func(*conn.Conn, conn.Message) { got++ }})
		if d := time.Since(start); err != conn.ErrReadTimeout || got != 10 || d != 560*time.Second {
			t.Errorf("%d messages, %v after %v", got, err, d)
		}
	})
}

// Test F4: a message that is announced, begun and not ended does not stay for
// ever, in whatever style it is read.
func TestAMessageThatDoesNotEndIsCutOffByMessageTimeoutF4(t *testing.T) {
	for style, read := range oneMessage {
		for name, begun := range map[string]func(r *rig) []byte{
			"a megabyte and its first byte": func(r *rig) []byte {
				return r.raw(true, 0, frame.Binary, string(make([]byte, 1<<20)))[:15]
			},
			"half a header":     func(r *rig) []byte { return r.text("text")[:1] },
			"a fragment":        func(r *rig) []byte { return r.first("text") },
			"half a ping":       func(r *rig) []byte { return r.ping("four")[:4] },
			"between fragments": func(r *rig) []byte { return append(r.first("text"), r.ping("?")...) },
		} {
			t.Run(style+"/"+name, func(t *testing.T) {
				onEveryStream(t, func(t *testing.T, o rigOptions) {
					o.MessageTimeout = 10 * time.Second
					r := newRig(t, o)
					time.AfterFunc(time.Hour, func() { r.says(begun(r)) })
					start := time.Now()
					_, err := read(r)
					// The last second is for the peer to end the stream.
					if d := time.Since(start) - time.Hour; d < 10*time.Second || d > 11*time.Second {
						t.Errorf("after %v", d)
					}
					end := closeError(t, err)
					if end.Remote || end.Clean || end.Code != frame.PolicyViolation || !errors.Is(end, conn.ErrMessageTimeout) {
						t.Errorf("%+v", end)
					}
					heard := said(r.hears())
					if n := len(heard); n == 0 || heard[n-1] != "close 1008 policy violation message took too long" {
						t.Errorf("the peer hears %q", heard)
					}
				})
			})
		}
	}
}

// Test F4, the other side: honest peers are not harmed.
func TestMessageTimeoutIsForOneMessage(t *testing.T) {
	for style, read := range oneMessage {
		t.Run(style, func(t *testing.T) {
			onEveryStream(t, func(t *testing.T, o rigOptions) {
				o.MessageTimeout = 10 * time.Second
				r := newRig(t, o)
				for range 5 {
					go func() { // within the time, and then nothing for longer
						r.says(r.first("a"))
						time.Sleep(4 * time.Second)
						r.says(r.more("b"), r.ping("?"))
						time.Sleep(5 * time.Second)
						r.says(r.last("c"))
					}()
					if got, err := read(r); err != nil || got != "abc" {
						t.Fatalf("%q, %v", got, err)
					}
					time.Sleep(time.Minute)
				}
			})
		})
	}
}

func TestMessageTimeoutCountsFromTheMessagesOwnBeginning(t *testing.T) {
	for style, read := range oneMessage {
		t.Run(style, func(t *testing.T) {
			onEveryStream(t, func(t *testing.T, o rigOptions) {
				o.MessageTimeout = 10 * time.Second
				r := newRig(t, o)
				left := make(chan struct{})
				defer func() { <-left }()
				go func() { // ends one message and begins another, every second
					defer close(left)
					r.says(r.first("a"))
					for range 100 {
						time.Sleep(time.Second)
						r.peer.Write(append(r.last("b"), r.first("a")...))
					}
				}()
				for i := range 100 {
					if got, err := read(r); err != nil || got != "ab" {
						t.Fatalf("message %d: %q, %v", i, got, err)
					}
				}
			})
		})
	}
}

func TestMessageTimeoutCountsWhileSomebodyReads(t *testing.T) {
	onEveryStream(t, func(t *testing.T, o rigOptions) {
		o.MessageTimeout = 10 * time.Second
		r := newRig(t, o)
		r.says(r.first("a"))
		ctx, cancel := context.WithTimeout(bg, time.Second)
		defer cancel()
		if _, err := r.Read(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Read: %v", err)
		}
		r.says(r.last("b"))
		time.Sleep(time.Hour)
		if m, err := r.Read(bg); err != nil || string(m.Data) != "ab" {
			t.Errorf("Read: %q, %v", m.Data, err)
		}
	})
}

// Both at once: the one that is the peer's fault is the worse.
func TestReadTimeoutAndMessageTimeoutAreTwo(t *testing.T) {
	onEveryStream(t, func(t *testing.T, o rigOptions) {
		o.ReadTimeout, o.MessageTimeout = 3*time.Second, 10*time.Second
		r := newRig(t, o)
		r.says(r.first("begun"))
		start := time.Now()
		timeouts := 0
		for {
			_, err := r.Read(bg)
			if err == conn.ErrReadTimeout {
				timeouts++
				continue
			}
			if !errors.Is(err, conn.ErrMessageTimeout) {
				t.Errorf("%v", err)
			}
			break
		}
		if d := time.Since(start); timeouts != 3 || d < 10*time.Second || d > 11*time.Second {
			t.Errorf("%d timeouts, %v", timeouts, d)
		}
	})
}

// Option WriteTimeout: a peer that does not read is given up, by whatever means
// something is written.
func TestAPeerThatDoesNotReadIsGivenUpAfterWriteTimeout(t *testing.T) {
	for way, send := range sending {
		if strings.HasPrefix(way, "NextWriter") { // nothing leaves with that
			way, send = "the message of a "+way, func(r *rig) error {
				w, err := r.NextWriter(bg, conn.Text)
				if err != nil {
					return err
				}
				w.WriteString("x")
				return w.Close()
			}
		}
		t.Run(way, func(t *testing.T) {
			onEveryStream(t, func(t *testing.T, o rigOptions) {
				o.WriteTimeout = 20 * time.Second
				r := newRig(t, o)
				r.end.Out().SetWindow(0)
				read := make(chan error, 1)
				go func() { _, err := r.Read(bg); read <- err }()
				start := time.Now()
				err := send(r)
				if d := time.Since(start); d < 15*time.Second || d > 20*time.Second {
					t.Errorf("after %v", d)
				}
				for what, err := range map[string]error{way: err, "Read": <-read, "Err": r.Err()} {
					if end := closeError(t, err); end.Remote || end.Clean || end.Code != frame.AbnormalClosure ||
						!errors.Is(err, conn.ErrWriteTimeout) || !errors.Is(err, os.ErrDeadlineExceeded) {
						t.Errorf("%s: %v", what, err)
					}
				}
				if r.State() != conn.Closed {
					t.Errorf("it is %v", r.State())
				}
			})
		})
	}
}

// Option WriteTimeout is for one message, or for one fragment: a slow peer gets it
// anew for each.
func TestWriteTimeoutIsForOneMessageOrFragment(t *testing.T) {
	onEveryStream(t, func(t *testing.T, o rigOptions) {
		o.WriteTimeout = 20 * time.Second
		o.window = 100
		r := newRig(t, o)
		left := make(chan struct{})
		go func() { // a message of 100 bytes takes 10 seconds
			defer close(left)
			for b := make([]byte, 10); ; time.Sleep(time.Second) {
				if _, err := io.ReadFull(r.peer, b); err != nil {
					return
				}
			}
		}()
		w, err := r.NextWriter(bg, conn.Binary)
		if err != nil {
			t.Fatal(err)
		}
		for range 10 {
			w.Write(make([]byte, 100))
			if err := w.Flush(); err != nil {
				t.Fatalf("fragment: %v", err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatalf("Close: %v", err)
		}
		for range 10 {
			if err := r.Write(bg, conn.Binary, make([]byte, 100)); err != nil {
				t.Fatalf("message: %v", err)
			}
		}
		r.CloseNow()
		<-left
	})
}

// -1 is none.
func TestWithoutWriteTimeoutAWriteWaits(t *testing.T) {
	onEveryStream(t, func(t *testing.T, o rigOptions) {
		o.WriteTimeout = -1
		r := newRig(t, o)
		r.end.Out().SetWindow(0)
		time.AfterFunc(24*time.Hour, func() { r.end.Out().SetWindow(-1) })
		if err := r.WriteText(bg, "at last"); err != nil {
			t.Error(err)
		}
		r.expectHeard("text at last")
	})
}

// Options ReadTimeout and WriteTimeout are for those who mind what a context costs.
func TestTimeoutsCostNoAllocation(t *testing.T) {
	if raceDetector {
		t.Skip("pools forget at random under the race detector")
	}
	for _, tc := range []struct {
		name   string
		stream func(*loop) io.ReadWriteCloser
		setup  conn.Setup
		opts   conn.Options
	}{
		{"none, with deadlines", func(l *loop) io.ReadWriteCloser { return deadlines{l} }, conn.Setup{}, conn.Options{WriteTimeout: -1}},
		{"WriteTimeout, renewable", func(l *loop) io.ReadWriteCloser { return deadlines{l} }, conn.Setup{}, conn.Options{}},
		{"WriteTimeout, one-shot", func(l *loop) io.ReadWriteCloser { return deadlines{l} }, conn.Setup{OneShotDeadlines: true}, conn.Options{}},
		{"WriteTimeout, plain", func(l *loop) io.ReadWriteCloser { return l }, conn.Setup{}, conn.Options{}},
		{"ReadTimeout, renewable", func(l *loop) io.ReadWriteCloser { return deadlines{l} }, conn.Setup{}, conn.Options{ReadTimeout: time.Minute}},
		{"MessageTimeout, renewable", func(l *loop) io.ReadWriteCloser { return deadlines{l} }, conn.Setup{}, conn.Options{MessageTimeout: time.Minute}},
		{"all, renewable", func(l *loop) io.ReadWriteCloser { return deadlines{l} }, conn.Setup{}, conn.Options{ReadTimeout: time.Minute, MessageTimeout: time.Minute}},
		{"ReadTimeout, plain", func(l *loop) io.ReadWriteCloser { return l }, conn.Setup{}, conn.Options{ReadTimeout: time.Minute}},
		{"ReadTimeout, one-shot", func(l *loop) io.ReadWriteCloser { return deadlines{l} }, conn.Setup{OneShotDeadlines: true}, conn.Options{ReadTimeout: time.Minute}},
	} {
		for _, size := range []int{32, 10_000} { // the second takes several reads
			t.Run(fmt.Sprint(tc.name, " ", size), func(t *testing.T) {
				stream := &loop{bytes: fromClient(frame.Binary, string(make([]byte, size)))}
				c := newConn(t, tc.stream(stream), tc.setup, &tc.opts)
				buf := make([]byte, 0, size)
				expectNoAllocation(t, func(n int) {
					stream.turns = n
					for range n {
						typ, data, err := c.ReadInto(bg, buf)
						if err == nil {
							err = c.Write(bg, typ, data)
						}
						if err != nil || len(data) != size {
							t.Fatalf("%d bytes, %v", len(data), err)
						}
					}
				})
			})
		}
	}
}

// deadlines adds deadlines to a loop, which never waits.
type deadlines struct{ *loop }

func (deadlines) SetReadDeadline(time.Time) error  { return nil }
func (deadlines) SetWriteDeadline(time.Time) error { return nil }

// expectNoAllocation wants f to allocate nothing for each of the n things it does.
func expectNoAllocation(t *testing.T, f func(n int)) {
	t.Helper()
	const n = 100
	// A collection may empty the pool of buffers now and then.
	if per := testing.AllocsPerRun(20, func() { f(n) }) / n; per > 0.1 {
		t.Errorf("%v allocations", per)
	}
}

// CompressLimit and WriteTimeout: see order_test.go. Here: that a compressed
// message has its WriteTimeout, too.
func TestACompressedMessageHasItsWriteTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, rigOptions{deflate: &deflate.Params{}})
		r.end.Out().SetWindow(0)
		start := time.Now()
		if err := r.WriteText(bg, repetitive); !errors.Is(err, conn.ErrWriteTimeout) {
			t.Errorf("%v", err)
		}
		if d := time.Since(start); d != conn.DefaultWriteTimeout {
			t.Errorf("after %v", d)
		}
	})
}
