package conn_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/frame"
)

// Rows G3 and G4, and what doc.go says: a context that ends costs a read nothing,
// and a write nothing as long as none of it has left. The table is about a stream
// whose deadlines can be set again; where others differ, that is said.
func TestWhatAContextThatEndsCostsG3G4(t *testing.T) {
	type cost string
	const (
		nothing    = cost("nothing")
		theMessage = cost("the message")    // that was being read
		connection = cost("the connection") // with a close frame, or without
	)
	for _, tc := range []struct {
		name  string
		room  int    // for what is sent; -1 for any
		says  string // what the peer has said before
		call  func(ctx context.Context, r *rig) error
		cost  cost
		aside cost // on a stream that cannot be interrupted; "" for the same
	}{
		{"Read, nothing there", -1, "", readOne, nothing, ""},
		{"Read, half a header", -1, "text[:1]", readOne, nothing, ""},
		{"Read, half a message", -1, "first", readOne, nothing, ""},
		{"ReadInto, half a message", -1, "first", func(ctx context.Context, r *rig) error {
			_, _, err := r.ReadInto(ctx, make([]byte, 100))
			return err
		}, nothing, ""},
		{"Messages, half a message", -1, "first", func(ctx context.Context, r *rig) error {
			for _, err := range r.Messages(ctx) {
				return err
			}
			return nil
		}, nothing, ""},
		{"Serve, half a message", -1, "first", func(ctx context.Context, r *rig) error {
			return r.Serve(ctx, conn.Handler{})
		}, nothing, ""},
		{"NextReader, nothing there", -1, "", func(ctx context.Context, r *rig) error {
			_, _, err := r.NextReader(ctx)
			return err
		}, nothing, ""},
		{"NextReader, half a message", -1, "first", func(ctx context.Context, r *rig) error {
			_, m, err := r.NextReader(ctx)
			for err == nil {
				_, err = m.Read(make([]byte, 10))
			}
			return err
		}, theMessage, ""},
		{"Write, no room", 0, "", writeOne, nothing, connection},
		{"Write, room for half of it", 4, "", writeOne, connection, ""},
		{"WriteText, no room", 0, "", func(ctx context.Context, r *rig) error { return r.WriteText(ctx, "text") }, nothing, connection},
		{"NextWriter, no room", 0, "", func(ctx context.Context, r *rig) error { return writeStreamed(ctx, r, false) }, nothing, connection},
		{"NextWriter, room for half of it", 4, "", func(ctx context.Context, r *rig) error { return writeStreamed(ctx, r, false) }, connection, ""},
		{"NextWriter, a fragment has left", -1, "", func(ctx context.Context, r *rig) error { return writeStreamed(ctx, r, true) }, connection, ""},
		{"Pong, no room", 0, "", func(ctx context.Context, r *rig) error { return r.Pong(ctx, nil) }, nothing, connection},
		{"Pong, room for half of it", 1, "", func(ctx context.Context, r *rig) error { return r.Pong(ctx, nil) }, connection, ""},
		{"Ping, no room", 0, "", pingOnce, nothing, connection},
		{"Ping, no pong", -1, "", pingOnce, nothing, ""},
		{"CloseWrite, room for half of it", 1, "", func(ctx context.Context, r *rig) error {
			return r.CloseWrite(ctx, frame.NormalClosure, "")
		}, connection, ""},
		{"Close, no room", 0, "", closeIt, connection, ""},
		{"Close, no answer", -1, "", closeIt, connection, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			onEveryStream(t, func(t *testing.T, o rigOptions) {
				r := newRig(t, o)
				begun := r.first("begun, ")
				switch tc.says {
				case "first":
					r.says(begun)
				case "text[:1]":
					begun = begun[:1]
					r.says(begun)
				}
				r.end.Out().SetWindow(tc.room)
				ctx, cancel := context.WithCancelCause(bg)
				time.AfterFunc(time.Second, func() { cancel(errEnough) })
				start := time.Now()
				err := tc.call(ctx, r)
				if !errors.Is(err, errEnough) {
					t.Errorf("%v", err)
				}
				if d := time.Since(start); d != time.Second {
					t.Errorf("after %v", d)
				}
				if err := tc.call(ctx, r); err == nil && tc.name[:5] != "Close" { // which has closed
					t.Error("with a context that has ended: no error")
				}
				want := tc.cost
				if o.kind.name != renewable.name && tc.aside != "" {
					want = tc.aside
				}
				if want == connection {
					if r.State() == conn.Open {
						t.Error("the connection goes on")
					}
					return
				}
				r.end.Out().SetWindow(-1)
				r.hears()
				if tc.says != "" { // the rest of it
					whole := append(r.first("begun, "), r.last("ended")...)
					r.says(whole[len(begun):])
					if want == nothing {
						m, err := r.Read(bg)
						if err != nil || string(m.Data) != "begun, ended" {
							t.Errorf("then %q, %v", m.Data, err)
						}
					}
				}
				r.expectUsable(nil)
			})
		})
	}
}

func readOne(ctx context.Context, r *rig) error {
	_, err := r.Read(ctx)
	return err
}

func writeOne(ctx context.Context, r *rig) error {
	return r.Write(ctx, conn.Binary, make([]byte, 100))
}

func pingOnce(ctx context.Context, r *rig) error {
	_, err := r.Ping(ctx)
	return err
}

func closeIt(ctx context.Context, r *rig) error {
	return r.Close(ctx, frame.NormalClosure, "")
}

// writeStreamed writes a message in two fragments, or tries to; in the first case
// it waits for the end of ctx between them.
func writeStreamed(ctx context.Context, r *rig, wait bool) error {
	w, err := r.NextWriter(ctx, conn.Text)
	if err != nil {
		return err
	}
	defer w.Close()
	w.WriteString("one ")
	if err := w.Flush(); err != nil {
		return err
	}
	if wait {
		<-ctx.Done()
	}
	w.WriteString("two")
	return w.Close()
}

// The same contexts again and again, some of which have ended, some of which can
// never end, cost nothing and mix nothing up.
func TestContextsMayChangeFromCallToCallG3G4(t *testing.T) {
	onEveryStream(t, func(t *testing.T, o rigOptions) {
		r := newRig(t, o)
		ended, cancel := context.WithCancelCause(bg)
		cancel(errEnough)
		live, cancelLive := context.WithCancel(bg)
		defer cancelLive()
		timed, cancelTimed := context.WithTimeout(bg, time.Hour)
		defer cancelTimed()
		contexts := []context.Context{bg, ended, live, bg, live, timed, ended, timed, live, ended, bg}
		for range 3 {
			for i, ctx := range contexts {
				text := string(rune('a' + i))
				err := r.WriteText(ctx, text)
				if ctx == ended {
					if err != errEnough {
						t.Errorf("Write: %v", err)
					}
					if _, err := r.Read(ctx); err != errEnough {
						t.Errorf("Read: %v", err)
					}
					r.expectHeard()
					continue
				}
				if err != nil {
					t.Errorf("Write: %v", err)
				}
				r.expectHeard("text " + text)
				time.AfterFunc(time.Second, func() { r.says(r.text(text)) })
				if m, err := r.Read(ctx); err != nil || string(m.Data) != text {
					t.Errorf("Read: %q, %v", m.Data, err)
				}
			}
		}
	})
}

// Conn.Context ends with the connection, for whatever reason that ends, and says
// why.
func TestTheContextOfAConnEndsWithItForWhateverReason(t *testing.T) {
	for name, end := range map[string]func(r *rig){
		"CloseNow": func(r *rig) { r.CloseNow() },
		"Close": func(r *rig) {
			r.says(r.close(frame.NormalClosure, ""))
			r.Close(bg, frame.NormalClosure, "")
		},
		"the peer": func(r *rig) { r.says(r.close(4000, "")); r.Read(bg) },
		"a breach": func(r *rig) { r.says(r.last("of nothing")); r.Read(bg) },
		"timeout":  func(r *rig) { r.CloseWrite(bg, 4000, "") },
	} {
		t.Run(name, func(t *testing.T) {
			onEveryStream(t, func(t *testing.T, o rigOptions) {
				r := newRig(t, o)
				before := r.Context()
				fired := make(chan struct{})
				context.AfterFunc(before, func() { close(fired) })
				synctest.Wait()
				if before.Err() != nil || r.Context() != before {
					t.Errorf("it begins %v", before.Err())
				}
				end(r)
				<-fired
				<-r.Done()
				for _, ctx := range []context.Context{before, r.Context()} {
					if ctx.Err() != context.Canceled || context.Cause(ctx) != r.Err() {
						t.Errorf("%v, %v, want %v", ctx.Err(), context.Cause(ctx), r.Err())
					}
				}
				late := newRig(t, o)
				late.CloseNow()
				if ctx := late.Context(); context.Cause(ctx) != late.Err() {
					t.Errorf("asked for too late: %v", context.Cause(ctx))
				}
			})
		})
	}
}
