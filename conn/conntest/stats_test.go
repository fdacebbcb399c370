package conntest_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyws/parley/conn/conntest"
)

func TestOneCallIsOneCount(t *testing.T) {
	a, b := conntest.Pipe(&conntest.Options{Window: 10})
	a.Out().SetWriteSizes(conntest.Each(1))
	write(t, a, "abc")
	write(t, a, "")
	write(t, a, "de")
	b.In().SetReadSizes(conntest.Cycle(0, 4))
	for range 5 {
		b.Read(make([]byte, 9))
	}
	wants(t, a.Out(), conntest.Stats{Writes: 3, BytesWritten: 5, Reads: 5, BytesRead: 2, Unread: 3})
	if a.Out() != b.In() || a.In() != b.Out() || a.Out() == a.In() {
		t.Error("what one end sends is not what the other gets")
	}
	a.Close()
	writeFails(t, a, "x", 0, net.ErrClosed)
	wants(t, a.Out(), conntest.Stats{Writes: 4, BytesWritten: 5, Reads: 5, BytesRead: 2, Unread: 3})
}

func TestAwaitSeesEveryChange(t *testing.T) {
	for name, tt := range map[string]struct {
		ok func(conntest.Stats) bool
		do func(a, b *conntest.End)
	}{
		"a write":          {func(s conntest.Stats) bool { return s.Writes == 1 }, func(a, b *conntest.End) { a.Write(nil) }},
		"a read":           {func(s conntest.Stats) bool { return s.Reads == 1 }, func(a, b *conntest.End) { b.Read(nil) }},
		"bytes under way":  {func(s conntest.Stats) bool { return s.InFlight == 1 }, func(a, b *conntest.End) { a.Out().Stall(); a.Write([]byte("x")) }},
		"bytes unread":     {func(s conntest.Stats) bool { return s.Unread == 1 }, func(a, b *conntest.End) { a.Write([]byte("x")) }},
		"bytes read":       {func(s conntest.Stats) bool { return s.BytesRead == 1 }, func(a, b *conntest.End) { a.Write([]byte("x")); b.Read(make([]byte, 1)) }},
		"latency":          {func(s conntest.Stats) bool { return s.Unread == 1 }, func(a, b *conntest.End) { a.Out().SetLatency(1e6); a.Write([]byte("x")) }},
		"a read waits":     {func(s conntest.Stats) bool { return s.ReadsWaiting == 1 }, func(a, b *conntest.End) { go b.Read(make([]byte, 1)) }},
		"a write waits":    {func(s conntest.Stats) bool { return s.WritesWaiting == 1 }, func(a, b *conntest.End) { a.Out().SetWindow(0); go a.Write([]byte("x")) }},
		"nobody waits now": {func(s conntest.Stats) bool { return s.Reads == 1 && s.ReadsWaiting == 0 }, func(a, b *conntest.End) { go b.Read(make([]byte, 1)); a.Write([]byte("x")) }},
		"lost by a close":  {func(s conntest.Stats) bool { return s.Writes == 1 && s.Unread == 0 }, func(a, b *conntest.End) { a.Write([]byte("x")); b.Close() }},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := conntest.Pipe(nil)
			defer b.Close()
			defer a.Close()
			seen := make(chan error, 1)
			ctx := timeout(t)
			started := make(chan struct{})
			go func() {
				first := true
				seen <- a.Out().Await(ctx, func(s conntest.Stats) bool {
					if first {
						first = false
						close(started)
						return false
					}
					return tt.ok(s)
				})
			}()
			<-started
			tt.do(a, b)
			if err := <-seen; err != nil {
				t.Errorf("%v; counts %+v", err, a.Out().Stats())
			}
		})
	}
}

func TestAwaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := conntest.Pipe(nil)
		never := func(conntest.Stats) bool { return false }
		why := errors.New("why")
		ctx, cancel := context.WithCancelCause(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			if err := a.Out().Await(ctx, never); err != why {
				t.Errorf("Await: %v", err)
			}
		}()
		synctest.Wait()
		cancel(why)
		<-done

		late, cancelLate := context.WithTimeout(t.Context(), time.Second)
		defer cancelLate()
		if err := a.Out().Await(late, never); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Await: %v", err)
		}
		if err := a.Out().Await(ctx, func(conntest.Stats) bool { return true }); err != nil {
			t.Errorf("Await of what is so, with an ended context: %v", err)
		}
	})
}
