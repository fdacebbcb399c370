package frame_test

import (
	"sync"
	"testing"

	"github.com/parleyws/parley/frame"
)

// Expected are 1.2 repeats in 10^5 keys; more than 20 come by chance once in
// 10^18 runs. RFC 6455 section 10.3.
const (
	keys       = 100_000
	maxRepeats = 20
)

func TestKeysDoNotRepeatBeyondChance(t *testing.T) {
	seen := make(map[frame.Key]bool, keys)
	for range keys {
		seen[frame.NewKey()] = true
	}
	if repeats := keys - len(seen); repeats > maxRepeats {
		t.Errorf("%d repeats in %d keys", repeats, keys)
	}
}

func TestKeysDoNotRepeatAcrossGoroutines(t *testing.T) {
	const workers = 8
	var (
		mu   sync.Mutex
		seen = make(map[frame.Key]bool, keys)
		done sync.WaitGroup
	)
	for range workers {
		done.Add(1)
		go func() {
			defer done.Done()
			mine := make([]frame.Key, keys/workers)
			for i := range mine {
				mine[i] = frame.NewKey()
			}
			mu.Lock()
			defer mu.Unlock()
			for _, k := range mine {
				seen[k] = true
			}
		}()
	}
	done.Wait()
	if repeats := keys - len(seen); repeats > maxRepeats {
		t.Errorf("%d repeats in %d keys", repeats, keys)
	}
}

// One percent is more than six standard deviations.
func TestEachBitOfAKeyIsSetHalfTheTime(t *testing.T) {
	var set [32]int
	for range keys {
		for i, b := range frame.NewKey() {
			for bit := range 8 {
				set[8*i+bit] += int(b >> bit & 1)
			}
		}
	}
	for i, n := range set {
		if n < keys*49/100 || n > keys*51/100 {
			t.Errorf("bit %d of byte %d is set in %d of %d keys", i%8, i/8, n, keys)
		}
	}
}

func TestNewKeyDoesNotAllocate(t *testing.T) {
	if n := testing.AllocsPerRun(1000, func() { frame.NewKey() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
