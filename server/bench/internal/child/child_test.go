//go:build linux

package child

import (
	"os"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/server/bench/internal/peers"
)

// The tests are the servers too.
func TestMain(m *testing.M) {
	if Asked() {
		os.Exit(Main())
	}
	// A server that looks for races would rest a second before it ends.
	os.Setenv("GORACE", "atexit_sleep_ms=0 "+os.Getenv("GORACE"))
	os.Exit(m.Run())
}

func tcp(t *testing.T) peers.Peer {
	t.Helper()
	list, err := peers.Named([]string{"tcp"})
	if err != nil {
		t.Fatal(err)
	}
	return list[0]
}

// mustBeOn wants a process, or this thread for 0, to have one processor.
func mustBeOn(t *testing.T, pid, processor int) {
	t.Helper()
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(pid, &set); err != nil {
		t.Fatal(err)
	}
	if set.Count() != 1 || !set.IsSet(processor) {
		t.Errorf("%d has %d processors, not number %d alone", pid, set.Count(), processor)
	}
}

func TestEveryServerHasAProcessorThatTheClientsDoNotHave(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if runtime.NumCPU() < 2 {
		t.Skip("there is one processor")
	}
	for range 3 {
		on, err := Part()
		if err != nil || on == nil {
			t.Fatal(on, err)
		}
		if on.Server == on.Clients {
			t.Errorf("both have %d", on.Server)
		}
		s, err := Start(tcp(t), on)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Stop()
		mustBeOn(t, s.cmd.Process.Pid, on.Server)
		mustBeOn(t, 0, on.Clients)
	}
}

func TestAServerTellsWhatItTakesAndWhatItDoesNotUnderstand(t *testing.T) {
	s, err := Start(tcp(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	if err := s.Collect(); err != nil {
		t.Error(err)
	}
	if n, err := s.Memory(); err != nil || n < 1<<16 {
		t.Errorf("%d bytes, %v", n, err)
	}
	if d, err := s.CPU(); err != nil || d <= 0 {
		t.Errorf("%v, %v", d, err)
	}
	if err := s.order("dance"); err == nil {
		t.Error("it dances")
	}
	if err := s.ProfileHeap(t.TempDir()); err == nil {
		t.Error("a profile is in a folder's place")
	}
	if err := s.Collect(); err != nil {
		t.Error("afterwards:", err)
	}
}

func TestABroadcasterKeepsCount(t *testing.T) {
	b, err := StartBroadcaster(nil, 1024, conn.DropOldestWhenFull)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Stop()
	if err := b.Await(0); err != nil {
		t.Error(err)
	}
	if s, err := b.Stats(); err != nil || s.Subscribers != 0 || s.Dropped != 0 {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestTheShareOfMemoryIsFoundInKiB(t *testing.T) {
	for _, c := range []struct {
		rollup string
		want   int64 // -1 for an error
	}{
		{"00400000-7fff [rollup]\nRss:   812 kB\nPss:   504 kB\nPss_Dirty:   7 kB\n", 504 << 10},
		{"Pss_Dirty:   7 kB\n", -1}, {"Pss:   x kB\n", -1}, {"", -1},
	} {
		if got, err := proportional([]byte(c.rollup)); (err != nil) != (c.want < 0) || err == nil && got != c.want {
			t.Errorf("%q: %d, %v", c.rollup, got, err)
		}
	}
}
