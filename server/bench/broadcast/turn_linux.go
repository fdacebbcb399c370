package broadcast

import (
	"errors"
	"path/filepath"
	"time"

	"github.com/parleyws/parley/server/bench/internal/broadcaster"
	"github.com/parleyws/parley/server/bench/internal/child"
	"github.com/parleyws/parley/server/bench/internal/load"
	"github.com/parleyws/parley/server/bench/internal/stamp"
)

// turn lets an arm have its turn. In profiles, if it is not "", a file is made.
func (c Case) turn(with bool, profiles string) (t Turn, err error) {
	if err := load.Enough(c.Subscribers); err != nil {
		return t, err
	}
	full, err := c.Full.policy()
	if err != nil {
		return t, err
	}
	on, err := child.Part()
	if err != nil {
		return t, err
	}
	s, err := child.StartBroadcaster(on, c.Queue, full)
	if err != nil {
		return t, err
	}
	defer s.Stop()
	stalled := 0
	if with {
		stalled = c.Stalled
		// They come first, so that the server can tell them from the others.
		clients, err := load.OpenStalled(s.Addr, stalled)
		if err != nil {
			return t, err
		}
		defer clients.Close()
		if err := s.Await(stalled); err != nil {
			return t, err
		}
	}
	n := c.Subscribers - c.Stalled
	readers, err := load.Open(s.Addr, n, false)
	if err != nil {
		return t, err
	}
	defer readers.Close()
	if err := s.Await(stalled + n); err != nil {
		return t, err
	}
	warm := c.messages(c.Duration / 5)
	if _, err := c.series(s, readers, 0, warm); err != nil {
		return t, err
	}
	if t.Before, err = kept(s); err != nil {
		return t, err
	}
	if err := s.Fill(stalled, c.Size); err != nil {
		return t, err
	}
	if t.Full, err = kept(s); err != nil {
		return t, err
	}
	before, err := s.Stats()
	if err != nil {
		return t, err
	}
	endProfile := func() error { return nil }
	if profiles != "" {
		name := "without.cpu"
		if with {
			name = "with.cpu"
		}
		if endProfile, err = s.ProfileCPU(filepath.Join(profiles, name)); err != nil {
			return t, err
		}
	}
	cpu, err := s.CPU()
	if err != nil {
		return t, err
	}
	start := time.Now()
	heard, err := c.series(s, readers, warm, c.messages(c.Duration))
	t.Took = time.Since(start)
	if err != nil {
		return t, err
	}
	if t.Server, err = s.CPU(); err != nil {
		return t, err
	}
	t.Server -= cpu
	if err := endProfile(); err != nil {
		return t, err
	}
	after, err := s.Stats()
	if err != nil {
		return t, err
	}
	if t.After, err = kept(s); err != nil {
		return t, err
	}
	if len(heard.Latencies) == 0 {
		return t, errors.New("no message came to any reader")
	}
	t.P50, t.P99 = percentile(heard.Latencies, 50), percentile(heard.Latencies, 99)
	t.Delivered, t.Lost = len(heard.Latencies), heard.Lost
	t.Dropped = after.Dropped - before.Dropped
	t.Closed = before.Subscribers - after.Subscribers
	return t, nil
}

// series has the server send so many messages, and the readers hear them.
func (c Case) series(s child.Broadcaster, readers *load.Clients, first, count int) (load.Heard, error) {
	due, err := s.Begin(broadcaster.Series{First: uint64(first), Count: count, Size: c.Size, PerSecond: c.PerSecond})
	if err != nil {
		return load.Heard{}, err
	}
	last := time.Duration(float64(count-1) / c.PerSecond * float64(time.Second))
	return readers.Listen(load.Expected{First: uint64(first), Count: count, Size: c.Size, End: max(due, stamp.Now()) + last})
}

// kept returns how much memory s has when all garbage is gone.
func kept(s child.Broadcaster) (int64, error) {
	if err := s.Collect(); err != nil {
		return 0, err
	}
	return s.Memory()
}
