package conn_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/frame"
)

// sending is every way to send something.
var sending = map[string]func(r *rig) error{
	"Write":                  func(r *rig) error { return r.Write(bg, conn.Binary, []byte("x")) },
	"WriteText":              func(r *rig) error { return r.WriteText(bg, "x") },
	"WriteUncompressed":      func(r *rig) error { return r.WriteUncompressed(bg, conn.Binary, nil) },
	"Ping":                   func(r *rig) error { _, err := r.Ping(bg); return err },
	"Pong":                   func(r *rig) error { return r.Pong(bg, nil) },
	"NextWriter":             func(r *rig) error { _, err := r.NextWriter(bg, conn.Text); return err },
	"NextWriterUncompressed": func(r *rig) error { _, err := r.NextWriterUncompressed(bg, conn.Text); return err },
	"NetConn.Write":          func(r *rig) error { _, err := r.NetConn(conn.Binary).Write([]byte("x")); return err },
}

// Row 104: what is written too late is refused, by every way there is, with why.
func TestNothingIsSentOnceTheConnectionClosesRow104(t *testing.T) {
	for name, tc := range map[string]struct {
		end   func(r *rig)
		state conn.State
		code  frame.CloseCode // that the error tells
		heard []string
	}{
		"CloseWrite": {
			func(r *rig) { r.CloseWrite(bg, 4000, "bye") },
			conn.Closing, 4000, []string{"close 4000 bye"},
		},
		"Close": {
			func(r *rig) {
				r.says(r.close(4000, ""))
				r.Close(bg, 4000, "bye")
			},
			conn.Closed, 4000, []string{"close 4000 bye"},
		},
		"Close in a handler": {
			func(r *rig) {
				r.says(r.text("go"))
				ctx, cancel := context.WithCancel(bg)
				r.Serve(ctx, conn.Handler{OnMessage: func(*conn.Conn, conn.Message) {
					r.Close(bg, 4000, "bye")
					cancel()
				}})
			},
			conn.Closing, 4000, []string{"close 4000 bye"},
		},
		"the peer's close": {
			func(r *rig) {
				r.says(r.close(4001, "you"))
				r.Read(bg)
			},
			conn.Closed, 4001, []string{"close 4001 you"},
		},
		"a breach": {
			func(r *rig) {
				r.says(r.raw(true, frame.RSV2, frame.Text, ""))
				r.Read(bg)
			},
			conn.Closed, frame.ProtocolError, []string{"close 1002 protocol error reserved bit is set without an extension that uses it"},
		},
		"CloseNow": {
			func(r *rig) { r.CloseNow() },
			conn.Closed, frame.AbnormalClosure, nil,
		},
		"FIN": {
			func(r *rig) {
				r.peer.CloseWrite()
				r.Read(bg)
			},
			conn.Closed, frame.AbnormalClosure, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			onEveryStream(t, func(t *testing.T, o rigOptions) {
				r := newRig(t, o)
				if s := r.State(); s != conn.Open {
					t.Errorf("it begins %v", s)
				}
				tc.end(r)
				if s := r.State(); s != tc.state {
					t.Errorf("it is %v, want %v", s, tc.state)
				}
				if frames := said(r.hears()); strings.Join(frames, "|") != strings.Join(tc.heard, "|") {
					t.Errorf("the peer hears %q, want %q", frames, tc.heard)
				}
				before := r.end.Out().Stats().BytesWritten
				for way, send := range sending {
					err := send(r)
					if !errors.Is(err, net.ErrClosed) {
						t.Errorf("%s: %v", way, err)
					}
					if end := closeError(t, err); end.Code != tc.code {
						t.Errorf("%s: %+v", way, end)
					}
					if !strings.HasPrefix(err.Error(), "websocket: ") {
						t.Errorf("%s: %q", way, err)
					}
				}
				if n := r.end.Out().Stats().BytesWritten - before; n > 0 {
					t.Errorf("%d bytes left all the same", n)
				}
				if err := r.CloseWrite(bg, 4002, "again"); err != nil {
					t.Errorf("CloseWrite: %v", err)
				}
				if err := r.CloseNow(); err != nil {
					t.Errorf("CloseNow: %v", err)
				}
				if err := r.Close(bg, 4002, "again"); err != nil { // row 128
					t.Errorf("Close: %v", err)
				}
				if n := r.end.Out().Stats().BytesWritten - before; n > 0 {
					t.Errorf("closing again sent %d bytes", n)
				}
			})
		})
	}
}

// Row 104 of a message that was begun before.
func TestAMessageWriterHearsOfTheEndOfTheConnectionRow104(t *testing.T) {
	for name, finish := range map[string]func(w *conn.MessageWriter) error{
		"Flush": func(w *conn.MessageWriter) error { return w.Flush() },
		"Close": func(w *conn.MessageWriter) error { return w.Close() },
		"Write": func(w *conn.MessageWriter) error { _, err := w.Write(make([]byte, 100_000)); return err },
		"WriteString": func(w *conn.MessageWriter) error {
			_, err := w.WriteString(strings.Repeat("x", 100_000))
			return err
		},
		"ReadFrom": func(w *conn.MessageWriter) error { _, err := w.ReadFrom(zeros{}); return err },
	} {
		for ended, end := range map[string]func(r *rig){
			"CloseWrite": func(r *rig) { r.CloseWrite(bg, 1000, "") },
			"CloseNow":   func(r *rig) { r.CloseNow() },
		} {
			t.Run(name+" after "+ended, func(t *testing.T) {
				onEveryStream(t, func(t *testing.T, o rigOptions) {
					r := newRig(t, o)
					w, err := r.NextWriter(bg, conn.Binary)
					if err != nil {
						t.Fatal(err)
					}
					w.WriteString("begun")
					w.Flush()
					w.WriteString("and ")
					end(r)
					err = finish(w)
					if closeError(t, err); !errors.Is(err, net.ErrClosed) {
						t.Errorf("%v", err)
					}
					if errors.Is(err, conn.ErrPartialWrite) {
						t.Errorf("the writer broke off nothing: %v", err)
					}
					if again := w.Close(); again != err {
						t.Errorf("then %v", again)
					}
				})
			})
		}
	}
}

// writerCalls are all the methods of a MessageWriter.
var writerCalls = map[string]func(w *conn.MessageWriter) error{
	"Write":       func(w *conn.MessageWriter) error { _, err := w.Write([]byte("x")); return err },
	"Write(nil)":  func(w *conn.MessageWriter) error { _, err := w.Write(nil); return err },
	"WriteString": func(w *conn.MessageWriter) error { _, err := w.WriteString("x"); return err },
	"ReadFrom":    func(w *conn.MessageWriter) error { _, err := w.ReadFrom(strings.NewReader("x")); return err },
	"Flush":       func(w *conn.MessageWriter) error { return w.Flush() },
	"Close":       func(w *conn.MessageWriter) error { return w.Close() },
}

// A MessageWriter whose message is over says so for ever, and leaves alone what
// others send.
func TestAMessageWriterThatIsOverDoesNothing(t *testing.T) {
	for name, tc := range map[string]struct {
		over func(w *conn.MessageWriter, cancel func())
		want error
	}{
		"closed":   {func(w *conn.MessageWriter, _ func()) { w.Close() }, conn.ErrMessageEnded},
		"given up": {func(w *conn.MessageWriter, cancel func()) { cancel(); w.Close() }, errEnough},
		"not text": {func(w *conn.MessageWriter, _ func()) { w.WriteString("\xff") }, conn.ErrNotUTF8},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, rigOptions{})
				ctx, cancel := context.WithCancelCause(bg)
				w, err := r.NextWriter(ctx, conn.Text)
				if err != nil {
					t.Fatal(err)
				}
				tc.over(w, func() { cancel(errEnough) })
				other, err := r.NextWriter(bg, conn.Text)
				if err != nil {
					t.Fatal(err)
				}
				other.WriteString("another's")
				other.Flush()
				r.hears()
				for range 2 {
					for name, call := range writerCalls {
						if err := call(w); err != tc.want {
							t.Errorf("%s: %v, want %v", name, err, tc.want)
						}
					}
				}
				// That turn was not given away.
				go r.WriteUncompressed(bg, conn.Text, []byte("next"))
				synctest.Wait()
				r.expectHeard()
				other.Close()
				r.expectHeard("continuation ", "text next")
			})
		})
	}
}

func TestNextWriterRefusesAnUnknownType(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, rigOptions{})
		for _, typ := range []conn.Type{0, 3, conn.Type(frame.Ping)} {
			if _, err := r.NextWriter(bg, typ); err == nil {
				t.Errorf("a message of type %d", typ)
			}
		}
		r.expectUsable(nil)
	})
}
