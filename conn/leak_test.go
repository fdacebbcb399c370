package conn_test

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestMain holds all tests of the package to this: when they are over, nothing
// of them runs any more (test X9).
func TestMain(m *testing.M) {
	before := runningGoroutines()
	code := m.Run()
	if left := goroutinesLeft(before); code == 0 && len(left) > 0 {
		fmt.Fprintf(os.Stderr, "%d goroutines are left after the tests:\n\n%s\n", len(left), strings.Join(left, "\n\n"))
		code = 1
	}
	os.Exit(code)
}

// goroutinesLeft waits until no goroutine is left that was not there before, and
// returns the stacks of those that do not go. To end takes a moment: the last thing
// that a goroutine does is seen before it is gone.
func goroutinesLeft(before map[string]string) []string {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	late := time.NewTimer(guard)
	defer late.Stop()
	for {
		var left []string
		for id, stack := range runningGoroutines() {
			if _, old := before[id]; !old {
				left = append(left, stack)
			}
		}
		if len(left) == 0 {
			return nil
		}
		select {
		case <-tick.C:
		case <-late.C:
			slices.Sort(left)
			return left
		}
	}
}

// runningGoroutines returns the stacks of all goroutines that code of ours may have
// started, by their number.
func runningGoroutines() map[string]string {
	room := make([]byte, 1<<20)
	for {
		if n := runtime.Stack(room, true); n < len(room) {
			room = room[:n]
			break
		}
		room = make([]byte, 2*len(room))
	}
	all := make(map[string]string)
	for i, stack := range strings.Split(strings.TrimSpace(string(room)), "\n\n") {
		id, _, _ := strings.Cut(strings.TrimPrefix(stack, "goroutine "), " ")
		if i > 0 && !ofTheTools(stack) { // the first is the caller
			all[id] = stack
		}
	}
	return all
}

// ofTheTools reports whether a goroutine belongs to go test: it runs a test that
// has not returned, waits for signals, fuzzes or profiles.
func ofTheTools(stack string) bool {
	for _, name := range []string{
		"testing.(*T).Run(", "testing.(*F).Fuzz(", "testing.runFuzzing(", "testing.runFuzzTests(",
		"internal/fuzz.", "os/signal.", "runtime/pprof.", "runtime/trace.",
	} {
		if strings.Contains(stack, name) {
			return true
		}
	}
	return false
}

func TestAGoroutineThatIsLeftIsFoundX9(t *testing.T) {
	before := runningGoroutines()
	stop := make(chan struct{})
	go func() { <-stop }()
	var found []string
	for id, stack := range runningGoroutines() {
		if _, old := before[id]; !old {
			found = append(found, stack)
		}
	}
	if len(found) != 1 || !strings.Contains(found[0], "TestAGoroutineThatIsLeftIsFound") {
		t.Errorf("found %q", found)
	}
	close(stop)
	if left := goroutinesLeft(before); len(left) > 0 {
		t.Errorf("it has ended, but found is %q", left)
	}
}
