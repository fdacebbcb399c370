package deflate

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestALimitLetsNoMoreThanItsNumberIn(t *testing.T) {
	for _, n := range []int{0, 1, 2, 10} {
		synctest.Test(t, func(t *testing.T) {
			l := NewLimit(n)
			most := int64(n)
			if n == 0 {
				most = DefaultLimit
			}
			var in, highest, done atomic.Int64
			var wg sync.WaitGroup
			for range 50 {
				wg.Go(func() {
					if err := l.Acquire(t.Context()); err != nil {
						t.Error(err)
						return
					}
					defer l.Release()
					now := in.Add(1)
					for h := highest.Load(); now > h && !highest.CompareAndSwap(h, now); h = highest.Load() {
					}
					time.Sleep(time.Second)
					in.Add(-1)
					done.Add(1)
				})
			}
			wg.Wait()
			if highest.Load() != most || done.Load() != 50 {
				t.Errorf("limit %d: %d were in at once, %d came through", n, highest.Load(), done.Load())
			}
		})
	}
}

func TestAWaitForATurnEndsWithItsContext(t *testing.T) {
	cause := errors.New("the user left")
	synctest.Test(t, func(t *testing.T) {
		l := NewLimit(1)
		if err := l.Acquire(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		got := make(chan error)
		go func() { got <- l.Acquire(ctx) }()
		synctest.Wait()
		select {
		case err := <-got:
			t.Fatalf("it did not wait: %v", err)
		default:
		}
		cancel(cause)
		if err := <-got; !errors.Is(err, cause) || !strings.HasPrefix(err.Error(), "websocket: ") {
			t.Errorf("got %v", err)
		}

		// It has taken no turn: there is the one that is given back.
		l.Release()
		if err := l.Acquire(t.Context()); err != nil {
			t.Error(err)
		}
		l.Release()
		// And an ended context gets none, also if one is free.
		if err := l.Acquire(ctx); !errors.Is(err, cause) {
			t.Errorf("got %v", err)
		}
		if err := (*Limit)(nil).Acquire(ctx); !errors.Is(err, cause) {
			t.Errorf("no limit: got %v", err)
		}

		timeout, cancelTimeout := context.WithTimeout(t.Context(), time.Minute)
		defer cancelTimeout()
		if err := l.Acquire(timeout); err != nil {
			t.Error(err)
		}
		if err := l.Acquire(timeout); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

func TestNoLimitNeverWaits(t *testing.T) {
	for name, l := range map[string]*Limit{"-1": NewLimit(-1), "nil": nil, "zero value": {}} {
		for range 1000 {
			if err := l.Acquire(t.Context()); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		for range 1000 {
			l.Release()
		}
	}
}

func TestReleaseWithoutAcquireGivesNobodyATurnMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLimit(1)
		l.Release()
		if err := l.Acquire(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := l.Acquire(ctx); err == nil {
			t.Error("two are in")
		}
	})
}

func TestALimitIsSharedAndTakesNoMemory(t *testing.T) {
	l := NewLimit(2)
	ctx := t.Context()
	if n := testing.AllocsPerRun(100, func() {
		if err := l.Acquire(ctx); err != nil {
			t.Fatal(err)
		}
		l.Release()
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
