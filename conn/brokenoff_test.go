package conn_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
)

// errEnough is why the contexts of these tests end.
var errEnough = errors.New("enough")

// expectUsable wants a connection on which nothing has been sent yet and messages
// still go both ways.
func (r *rig) expectUsable(inflate *deflate.Decompressor) {
	r.t.Helper()
	if err := r.Err(); err != nil || r.State() != conn.Open {
		r.t.Fatalf("the connection is %v: %v", r.State(), err)
	}
	if err := r.WriteText(bg, repetitive); err != nil {
		r.t.Errorf("Write: %v", err)
	}
	n := 0
	for m := range messagesOf(r.t, r.hears(), inflate) {
		if n++; string(m.Data) != repetitive {
			r.t.Errorf("the peer hears %.40q", m.Data)
		}
	}
	if n != 1 {
		r.t.Errorf("the peer hears %d messages", n)
	}
	r.says(r.text("usable"))
	if m, err := r.Read(bg); err != nil || string(m.Data) != "usable" {
		r.t.Errorf("Read: %q, %v", m.Data, err)
	}
}

// Row G4: a message of which nothing has left can be given up at any time, and
// what was compressed for it is forgotten.
func TestAStreamedMessageOfWhichNothingHasLeftIsGivenUpForNothingG4(t *testing.T) {
	for name, giveUp := range map[string]func(w *conn.MessageWriter, cancel func()) error{
		"by Close": func(w *conn.MessageWriter, cancel func()) error {
			cancel()
			return w.Close()
		},
		"by Close after Write": func(w *conn.MessageWriter, cancel func()) error {
			w.WriteString(repetitive)
			cancel()
			return w.Close()
		},
		"by Write": func(w *conn.MessageWriter, cancel func()) error {
			w.WriteString("collected, ")
			cancel()
			_, err := w.WriteString("and more")
			return err
		},
		"by Flush": func(w *conn.MessageWriter, cancel func()) error {
			w.WriteString(repetitive)
			cancel()
			return w.Flush()
		},
		"by ReadFrom": func(w *conn.MessageWriter, cancel func()) error {
			_, err := w.ReadFrom(strings.NewReader("collected"))
			if err == nil {
				cancel()
				_, err = w.ReadFrom(strings.NewReader("and more"))
			}
			return err
		},
		"inside ReadFrom": func(w *conn.MessageWriter, cancel func()) error {
			_, err := w.ReadFrom(readerFunc(func(p []byte) (int, error) {
				cancel()
				return copy(p, "too late"), nil
			}))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			onEveryStream(t, func(t *testing.T, o rigOptions) {
				o.deflate = &deflate.Params{}
				r := newRig(t, o)
				ctx, cancel := context.WithCancelCause(bg)
				w, err := r.NextWriter(ctx, conn.Text)
				if err != nil {
					t.Fatal(err)
				}
				if err := giveUp(w, func() { cancel(errEnough) }); err != errEnough {
					t.Errorf("given up: %v", err)
				}
				if err := w.Close(); err != errEnough { // it must be closed, whatever happens
					t.Errorf("Close: %v", err)
				}
				r.expectHeard()
				r.expectUsable(takeover())
			})
		})
	}
}

// readerFunc is a function as an io.Reader.
type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// Row G4: the same while its first fragment finds no room.
func TestAFirstFragmentThatFindsNoRoomIsTakenBackG4(t *testing.T) {
	for _, client := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, rigOptions{client: client, deflate: &deflate.Params{}})
			inflate := takeover()
			r.expectUsable(inflate) // so that there is a window to refer to
			r.end.Out().SetWindow(0)
			ctx, cancel := context.WithCancelCause(bg)
			time.AfterFunc(time.Second, func() { cancel(errEnough) })
			w, err := r.NextWriter(ctx, conn.Text)
			if err != nil {
				t.Fatal(err)
			}
			w.WriteString("nobody shall refer to this " + repetitive)
			if err := w.Flush(); err != errEnough {
				t.Errorf("Flush: %v", err)
			}
			w.Close()
			r.end.Out().SetWindow(-1)
			r.expectUsable(inflate)
		})
	}
}

// Row G4, RFC 6455 section 5.4: a message of which part has left can neither be
// taken back nor ended, and the peer is told.
func TestAStreamedMessageThatIsBrokenOffEndsTheConnectionWith1011G4(t *testing.T) {
	for name, breakOff := range map[string]func(w *conn.MessageWriter) error{
		"by Close": func(w *conn.MessageWriter) error { return w.Close() },
		"by Write": func(w *conn.MessageWriter) error { _, err := w.WriteString("more"); return err },
		"by Flush": func(w *conn.MessageWriter) error { return w.Flush() },
		"by ReadFrom": func(w *conn.MessageWriter) error {
			_, err := w.ReadFrom(strings.NewReader("more"))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			onEveryStream(t, func(t *testing.T, o rigOptions) {
				o.deflate = &deflate.Params{}
				r := newRig(t, o)
				read, waiting := make(chan error, 1), make(chan error, 1)
				ctx, cancel := context.WithCancelCause(bg)
				w, err := r.NextWriterUncompressed(ctx, conn.Text)
				if err != nil {
					t.Fatal(err)
				}
				w.WriteString("begun")
				w.Flush()
				go func() { _, err := r.Read(bg); read <- err }()
				go func() { waiting <- r.WriteText(bg, "never") }()
				synctest.Wait()
				cancel(errEnough)
				err = breakOff(w)
				for what, err := range map[string]error{
					"who broke off":    err,
					"who calls again":  w.Close(),
					"who waited":       <-waiting,
					"who writes later": r.WriteText(bg, "never"),
				} {
					if !errors.Is(err, conn.ErrPartialWrite) || !errors.Is(err, errEnough) || !errors.Is(err, net.ErrClosed) {
						t.Errorf("%s: %v", what, err)
					}
				}
				if s := r.State(); s != conn.Closing {
					t.Errorf("it is %v", s)
				}
				r.expectHeard("text begun +", "close 1011 internal error message broken off")
				// What the peer still has to say is heard, to its close frame.
				r.says(r.text("still heard"))
				if err := <-read; err != nil {
					t.Errorf("Read: %v", err)
				}
				r.says(r.close(frame.InternalError, ""))
				_, err = r.Read(bg)
				end := closeError(t, err)
				if end.Remote || !end.Clean || end.Code != frame.InternalError || !errors.Is(end, conn.ErrPartialWrite) || !errors.Is(end, errEnough) {
					t.Errorf("the end: %+v", end)
				}
			})
		})
	}
}

// The same with nobody to read and a peer that answers nothing: it does not take
// for ever.
func TestABrokenOffConnectionEndsWithinCloseTimeout(t *testing.T) {
	onEveryStream(t, func(t *testing.T, o rigOptions) {
		r := newRig(t, o)
		ctx, cancel := context.WithCancelCause(bg)
		w, err := r.NextWriter(ctx, conn.Text)
		if err != nil {
			t.Fatal(err)
		}
		w.WriteString("begun")
		w.Flush()
		cancel(errEnough)
		start := time.Now()
		w.Close()
		<-r.Done()
		if d := time.Since(start); !about(d, conn.DefaultCloseTimeout) {
			t.Errorf("after %v", d)
		}
		if !errors.Is(r.Err(), conn.ErrPartialWrite) {
			t.Errorf("the end: %v", r.Err())
		}
		r.expectHeard("text begun +", "close 1011 internal error message broken off")
	})
}

// about reports whether d is as long as want, or the little longer that a timer
// which many share may take.
func about(d, want time.Duration) bool { return d >= want && d <= want+want/16 }

func TestTheCauseOfABrokenOffMessageStaysThoughThePeerReadsNoMore(t *testing.T) {
	for range 20 { // in which order two timers fire is left to chance
		onEveryStream(t, func(t *testing.T, o rigOptions) {
			r := newRig(t, o)
			ctx, cancel := context.WithCancelCause(bg)
			w, err := r.NextWriter(ctx, conn.Text)
			if err != nil {
				t.Fatal(err)
			}
			w.WriteString("begun")
			w.Flush()
			r.end.Out().SetWindow(0)
			cancel(errEnough)
			w.Close()
			<-r.Done()
			if err := r.Err(); !errors.Is(err, conn.ErrPartialWrite) || !errors.Is(err, errEnough) {
				t.Errorf("the end: %v", err)
			}
		})
	}
}

// Row G4: inside a frame nothing can be said any more, not even why. Of which
// frame of the message it is makes no difference.
func TestAFragmentOfWhichPartHasLeftEndsTheConnectionG4(t *testing.T) {
	for name, begun := range map[string]bool{"first": false, "second": true} {
		t.Run(name, func(t *testing.T) {
			onEveryStream(t, func(t *testing.T, o rigOptions) {
				r := newRig(t, o)
				ctx, cancel := context.WithCancelCause(bg)
				w, err := r.NextWriter(ctx, conn.Binary)
				if err != nil {
					t.Fatal(err)
				}
				if begun {
					w.WriteString("first")
					w.Flush()
					r.hears()
				}
				r.end.Out().SetWindow(1000)
				r.end.Out().SetWriteSizes(func() int { return 100 })
				time.AfterFunc(time.Second, func() { cancel(errEnough) })
				w.Write(make([]byte, 2000))
				err = w.Flush()
				if !errors.Is(err, conn.ErrPartialWrite) || !errors.Is(err, errEnough) || !errors.Is(err, net.ErrClosed) {
					t.Errorf("Flush: %v", err)
				}
				if err := w.Close(); !errors.Is(err, conn.ErrPartialWrite) {
					t.Errorf("Close: %v", err)
				}
				if end := closeError(t, r.Err()); end.Remote || end.Clean || end.Code != frame.AbnormalClosure || !errors.Is(end, conn.ErrPartialWrite) {
					t.Errorf("the end: %+v", end)
				}
				if frames := r.hears(); len(frames) > 0 {
					t.Errorf("the peer hears %q", said(frames))
				}
			})
		})
	}
}
