package conn_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/deflate"
)

// otherWriters are the ways to send a message beside one that is streamed.
var otherWriters = []struct {
	name  string
	write func(r *rig, ctx context.Context, text string) error
}{
	{"Write", func(r *rig, ctx context.Context, text string) error {
		return r.Write(ctx, conn.Text, []byte(text))
	}},
	{"WriteText", func(r *rig, ctx context.Context, text string) error {
		return r.WriteText(ctx, text)
	}},
	{"WriteUncompressed", func(r *rig, ctx context.Context, text string) error {
		return r.WriteUncompressed(ctx, conn.Text, []byte(text))
	}},
	{"NextWriter", func(r *rig, ctx context.Context, text string) error {
		w, err := r.NextWriter(ctx, conn.Text)
		if err != nil {
			return err
		}
		w.WriteString(text)
		return w.Close()
	}},
	{"NextWriterUncompressed", func(r *rig, ctx context.Context, text string) error {
		w, err := r.NextWriterUncompressed(ctx, conn.Text)
		if err != nil {
			return err
		}
		w.WriteString(text)
		return w.Close()
	}},
}

// Rows 108 and 111: what others write while a message is streamed neither ends it
// nor gets into it: it waits for its end, and leaves in the order in which it came.
func TestOthersWaitForTheEndOfAStreamedMessageRows108And111(t *testing.T) {
	for name, p := range map[string]*deflate.Params{"plain": nil, "compressed": {}} {
		t.Run(name, func(t *testing.T) {
			onEveryStream(t, func(t *testing.T, o rigOptions) {
				o.deflate, o.CompressFrom = p, -1
				r := newRig(t, o)
				w, err := r.NextWriterUncompressed(bg, conn.Text)
				if err != nil {
					t.Fatal(err)
				}
				w.WriteString("begun")
				w.Flush()
				r.expectHeard("text begun +")
				left := make(chan error, 100)
				var want []string
				for range 3 {
					for i, other := range otherWriters {
						text := strings.Repeat(fmt.Sprint(i), 50+len(want))
						want = append(want, text)
						go func() { left <- other.write(r, bg, text) }()
						synctest.Wait() // so that they come in this order
					}
				}
				r.expectHeard()
				if len(left) > 0 {
					t.Fatalf("one did not wait: %v", <-left)
				}
				if err := w.Close(); err != nil {
					t.Error(err)
				}
				for range want {
					if err := <-left; err != nil {
						t.Error(err)
					}
				}
				frames := r.hears()
				if got := said(frames[:1]); got[0] != "continuation " {
					t.Errorf("the message ends with %q", got)
				}
				var got []string
				for m := range messagesOf(t, frames[1:], takeover()) {
					got = append(got, string(m.Data))
				}
				if fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("got  %.100q,\nwant %.100q", got, want)
				}
			})
		})
	}
}

// Row 108, row G4: whoever waits heeds its context, and its place goes to the next.
func TestAWriterThatGivesUpWaitingCostsNothingG4(t *testing.T) {
	for _, other := range otherWriters {
		t.Run(other.name, func(t *testing.T) {
			onEveryStream(t, func(t *testing.T, o rigOptions) {
				r := newRig(t, o)
				w, err := r.NextWriter(bg, conn.Text)
				if err != nil {
					t.Fatal(err)
				}
				w.WriteString("one ")
				w.Flush()
				stop := errors.New("enough")
				ctx, cancel := context.WithCancelCause(bg)
				given, waiting := make(chan error, 1), make(chan error, 1)
				go func() { given <- other.write(r, ctx, "never") }()
				synctest.Wait()
				go func() { waiting <- other.write(r, bg, "next") }()
				synctest.Wait()
				cancel(stop)
				if err := <-given; err != stop {
					t.Errorf("who gave up: %v", err)
				}
				if err := other.write(r, ctx, "never either"); err != stop {
					t.Errorf("with a context that has ended: %v", err)
				}
				if err := w.Close(); err != nil {
					t.Errorf("the message: %v", err)
				}
				if err := <-waiting; err != nil {
					t.Errorf("who waited: %v", err)
				}
				r.expectHeard("text one  +", "continuation ", "text next")
			})
		})
	}
}

// Row 110: a write returns when the stream has its bytes, or with the reason why it
// never will.
func TestWhoWaitsLearnsTheEndOfTheConnectionRow110(t *testing.T) {
	for _, other := range otherWriters {
		t.Run(other.name, func(t *testing.T) {
			onEveryStream(t, func(t *testing.T, o rigOptions) {
				r := newRig(t, o)
				w, err := r.NextWriter(bg, conn.Text)
				if err != nil {
					t.Fatal(err)
				}
				w.WriteString("one ")
				w.Flush()
				waiting := make(chan error, 1)
				go func() { waiting <- other.write(r, bg, "never") }()
				synctest.Wait()
				r.CloseNow()
				err = <-waiting
				if closeError(t, err); !errors.Is(err, net.ErrClosed) {
					t.Errorf("who waits: %v", err)
				}
				if err := w.Close(); !errors.Is(err, net.ErrClosed) {
					t.Errorf("who streams: %v", err)
				}
			})
		})
	}
}

// Row 111: messages leave in the order in which their writers came, also when the
// peer lets them wait; likewise those that are compressed.
func TestWritersGoInTheOrderInWhichTheyCameRow111(t *testing.T) {
	for name, p := range map[string]*deflate.Params{"plain": nil, "compressed": {}} {
		t.Run(name, func(t *testing.T) {
			onEveryStream(t, func(t *testing.T, o rigOptions) {
				o.deflate, o.CompressFrom, o.WriteTimeout = p, -1, -1
				r := newRig(t, o)
				r.end.Out().SetWindow(0)
				left := make(chan error, 100)
				var want []string
				for i := range 20 {
					text := strings.Repeat(fmt.Sprintf("%02d ", i), 50)
					want = append(want, text)
					go func() { left <- r.WriteText(bg, text) }()
					synctest.Wait()
				}
				if len(left) > 0 {
					t.Errorf("one did not wait: %v", <-left)
				}
				r.end.Out().SetWindow(-1)
				for range want {
					if err := <-left; err != nil {
						t.Error(err)
					}
				}
				var got []string
				for m := range messagesOf(t, r.hears(), takeover()) {
					got = append(got, string(m.Data))
				}
				if fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("got  %.100q,\nwant %.100q", got, want)
				}
			})
		})
	}
}

// Row 111, where it is better than it need be: what depends on nothing does not
// wait for what is being compressed.
func TestPlainMessagesPassOneThatIsCompressedRow111(t *testing.T) {
	for name, compressed := range map[string]func(r *rig) error{
		"Write": func(r *rig) error { return r.WriteText(bg, repetitive) },
		"NextWriter": func(r *rig) error {
			w, err := r.NextWriter(bg, conn.Text)
			if err != nil {
				return err
			}
			w.WriteString(repetitive)
			return w.Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			onEveryStream(t, func(t *testing.T, o rigOptions) {
				limit := deflate.NewLimit(1)
				if err := limit.Acquire(bg); err != nil { // somebody else compresses
					t.Fatal(err)
				}
				o.deflate, o.CompressLimit = &deflate.Params{}, limit
				r := newRig(t, o)
				first := make(chan error, 1)
				go func() { first <- compressed(r) }()
				synctest.Wait()
				for _, err := range []error{
					r.WriteText(bg, "too short to compress"),
					r.WriteUncompressed(bg, conn.Text, []byte("not to be compressed")),
					r.Pong(bg, []byte("beat")),
				} {
					if err != nil {
						t.Error(err)
					}
				}
				r.expectHeard("text too short to compress", "text not to be compressed", "pong beat")
				if len(first) > 0 {
					t.Errorf("compressed without a turn: %v", <-first)
				}
				limit.Release()
				if err := <-first; err != nil {
					t.Error(err)
				}
				for m := range messagesOf(t, r.hears(), takeover()) {
					if string(m.Data) != repetitive {
						t.Errorf("got %.40q", m.Data)
					}
				}
				if !limit.TryAcquire() {
					t.Error("the turn was not given back")
				}
			})
		})
	}
}

// Option CompressLimit: a streamed message takes a turn for each of its fragments,
// so that one which takes its time is in nobody's way.
func TestAStreamedMessageHoldsNoTurnBetweenItsFragmentsRow34(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limit := deflate.NewLimit(1)
		o := rigOptions{deflate: &deflate.Params{}, Options: conn.Options{CompressLimit: limit}}
		a, b := newRig(t, o), newRig(t, o)
		w, err := a.NextWriter(bg, conn.Text)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if _, err := w.WriteString(repetitive); err != nil {
				t.Error(err)
			}
			if err := w.Flush(); err != nil {
				t.Error(err)
			}
			if err := b.WriteText(bg, repetitive); err != nil {
				t.Errorf("another connection: %v", err)
			}
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		for m := range messagesOf(t, a.hears(), takeover()) {
			if string(m.Data) != strings.Repeat(repetitive, 3) {
				t.Errorf("got %.40q", m.Data)
			}
		}
	})
}

// Option CompressLimit: to wait for a turn in vain costs the message, and the
// connection only if part of the message has left.
func TestAStreamedMessageThatGetsNoTurnIsGivenUpRow34(t *testing.T) {
	for _, begun := range []bool{false, true} {
		t.Run(fmt.Sprintf("begun %v", begun), func(t *testing.T) {
			onEveryStream(t, func(t *testing.T, o rigOptions) {
				limit := deflate.NewLimit(1)
				o.deflate, o.CompressLimit, o.WriteTimeout = &deflate.Params{}, limit, time.Second
				r := newRig(t, o)
				w, err := r.NextWriter(bg, conn.Text)
				if err != nil {
					t.Fatal(err)
				}
				if begun {
					w.WriteString("begun")
					if err := w.Flush(); err != nil {
						t.Error(err)
					}
					r.hears()
				}
				limit.TryAcquire() // somebody else compresses, for ever
				w.WriteString("more")
				start := time.Now()
				err = w.Flush()
				if d := time.Since(start); d != time.Second {
					t.Errorf("after %v", d)
				}
				var timeout net.Error
				if !errors.As(err, &timeout) || !timeout.Timeout() {
					t.Errorf("Flush: %v", err)
				}
				if begun != errors.Is(err, conn.ErrPartialWrite) {
					t.Errorf("Flush: %v", err)
				}
				if begun {
					r.expectHeard("close 1011 internal error message broken off")
					return
				}
				r.WriteUncompressed(bg, conn.Text, []byte("next"))
				r.expectHeard("text next")
			})
		})
	}
}

// Row G4: whoever has waited for the end of a streamed message and then finds the
// stream taken by a control frame still heeds its context, and is in nobody's way.
func TestAWriterThatGivesUpAtTheLastStepCostsNothingG4(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, rigOptions{})
		w, err := r.NextWriter(bg, conn.Text)
		if err != nil {
			t.Fatal(err)
		}
		w.WriteString("one ")
		w.Flush()
		r.hears()
		closed, beat, given := make(chan error, 1), make(chan error, 1), make(chan error, 1)
		ctx, cancel := context.WithCancelCause(bg)
		go func() { given <- r.WriteText(ctx, "never") }() // waits for the end of the message
		synctest.Wait()
		w.WriteString("last")
		r.end.Out().SetWindow(0)
		go func() { closed <- w.Close() }()
		synctest.Wait()
		go func() { beat <- r.Pong(bg, []byte("beat")) }()
		synctest.Wait()
		r.end.Out().SetWindow(2 + len("last")) // so that the pong finds no room
		if err := <-closed; err != nil {
			t.Error(err)
		}
		synctest.Wait()
		cancel(errEnough)
		if err := <-given; err != errEnough {
			t.Errorf("who gave up: %v", err)
		}
		r.end.Out().SetWindow(-1)
		if err := <-beat; err != nil {
			t.Error(err)
		}
		if err := r.WriteText(bg, "next"); err != nil {
			t.Error(err)
		}
		r.expectHeard("continuation last", "pong beat", "text next")
	})
}
