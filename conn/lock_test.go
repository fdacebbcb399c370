package conn

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

var errTired = errors.New("tired")

// queuer waits for a lock in a goroutine of its own.
type queuer struct {
	cancel context.CancelCauseFunc
	result chan error // nil if it got the lock
}

func queueUp(l *lock, done <-chan struct{}) *queuer {
	ctx, cancel := context.WithCancelCause(context.Background())
	q := &queuer{cancel, make(chan error, 1)}
	go func() {
		ok, err := l.take(ctx, done)
		if !ok && err == nil {
			err = errGone
		}
		q.result <- err
	}()
	synctest.Wait()
	return q
}

// errGone is what a queuer says that has left because done was closed.
var errGone = errors.New("gone")

func TestALockGoesToWhoHasWaitedLongest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l lock
		if !l.try() || l.try() {
			t.Fatal("a lock is not had once")
		}
		var queue []*queuer
		for range 10 {
			queue = append(queue, queueUp(&l, nil))
		}
		for i, q := range queue {
			if l.try() {
				t.Error("somebody else got it")
			}
			l.release()
			synctest.Wait()
			for j, other := range queue[i:] {
				if got := len(other.result) > 0; got != (j == 0) {
					t.Errorf("release %d: %d has it: %v", i, i+j, got)
				}
			}
			if err := <-q.result; err != nil {
				t.Error(err)
			}
		}
		l.release()
		if !l.try() {
			t.Error("it is not free at the end")
		}
	})
}

func TestALockHeedsContextAndDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l lock
		l.try()
		done := make(chan struct{})
		a, b := queueUp(&l, done), queueUp(&l, done)
		a.cancel(errTired)
		if err := <-a.result; err != errTired {
			t.Errorf("context: %v", err)
		}
		close(done)
		if err := <-b.result; err != errGone {
			t.Errorf("done: %v", err)
		}
		l.release()
		if !l.try() {
			t.Error("it is kept for those who left")
		}
	})
}

// A lock that is free is had also by who has no time to wait for it.
func TestALockThatIsFreeNeedsNoWaiting(t *testing.T) {
	var l lock
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	done := make(chan struct{})
	close(done)
	if ok, err := l.take(ctx, done); !ok || err != nil {
		t.Errorf("%v, %v", ok, err)
	}
	var other lock
	if n := testing.AllocsPerRun(100, func() {
		other.take(ctx, done)
		other.release()
	}); n > 0 {
		t.Errorf("it takes %v allocations", n)
	}
}

// The moment in which a lock is handed to one who is leaving: it goes on to the
// next, and is not lost.
func TestALockHandedToWhoLeavesGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l lock
		l.try()
		leaving := l.enqueue()
		next := queueUp(&l, nil)
		l.release() // to who is leaving, and does not look any more
		l.leave(leaving)
		if err := <-next.result; err != nil {
			t.Error(err)
		}
		l.release()
		if !l.try() {
			t.Error("it is lost")
		}
	})
}

// A model: the queue is a list.
func TestALockIsAQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rapid.Check(struct{ rapid.TB }{t}, func(t *rapid.T) {
			var l lock
			isHeld := false
			var queue []*queuer
			for range rapid.IntRange(1, 40).Draw(t, "steps") {
				switch rapid.SampledFrom([]string{"try", "take", "release", "cancel"}).Draw(t, "step") {
				case "try":
					if l.try() == isHeld {
						t.Fatalf("try with it held: %v", isHeld)
					}
					isHeld = true
				case "take":
					q := queueUp(&l, nil)
					if isHeld {
						queue = append(queue, q)
					} else if err := <-q.result; err != nil {
						t.Fatal(err)
					}
					isHeld = true
				case "release":
					if !isHeld {
						continue
					}
					l.release()
					if isHeld = len(queue) > 0; isHeld {
						if err := <-queue[0].result; err != nil {
							t.Fatal(err)
						}
						queue = queue[1:]
					}
				case "cancel":
					if len(queue) == 0 {
						continue
					}
					i := rapid.IntRange(0, len(queue)-1).Draw(t, "who")
					queue[i].cancel(errTired)
					if err := <-queue[i].result; err != errTired {
						t.Fatal(err)
					}
					queue = slices.Delete(queue, i, i+1)
				}
				synctest.Wait()
				for i, q := range queue {
					if len(q.result) > 0 {
						t.Fatalf("%d of those who wait got it", i)
					}
				}
			}
			for range queue {
				l.release()
			}
			for _, q := range queue {
				if err := <-q.result; err != nil {
					t.Fatal(err)
				}
			}
		})
	})
}

// With contexts that end at any moment: one at a time, and never lost.
func TestALockIsHadByOneAtATime(t *testing.T) {
	var l lock
	var inside int // under the lock: the race detector sees if not
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 500 {
				ctx, cancel := context.WithCancel(context.Background())
				if (i+j)%3 == 0 {
					go cancel()
				}
				if ok, _ := l.take(ctx, nil); ok {
					if inside++; inside != 1 {
						t.Errorf("%d have it", inside)
					}
					if j%10 == 0 {
						runtime.Gosched()
					}
					inside--
					l.release()
				}
				cancel()
			}
		})
	}
	all := make(chan struct{})
	go func() { wg.Wait(); close(all) }()
	guard := time.NewTimer(30 * time.Second)
	defer guard.Stop()
	select {
	case <-all:
	case <-guard.C:
		t.Fatal("the lock was lost")
	}
	if !l.try() {
		t.Error("it is not free at the end")
	}
}
