package idle

import (
	"path/filepath"

	"github.com/parleyws/parley/frame"
	"github.com/parleyws/parley/server/bench/internal/child"
	"github.com/parleyws/parley/server/bench/internal/load"
	"github.com/parleyws/parley/server/bench/internal/peers"
)

// turn lets p have its turn. In profiles, if it is not "", files are made.
func (c Case) turn(p peers.Peer, profiles string) (t Turn, err error) {
	on, err := child.Part()
	if err != nil {
		return t, err
	}
	s, err := child.Start(p, on)
	if err != nil {
		return t, err
	}
	defer s.Stop()
	message := load.NewBatch(p.Bare, 1, frame.Binary, make([]byte, c.Size))
	// What comes with the first connection is not for each.
	first, err := load.Open(s.Addr, 1, p.Bare)
	if err != nil {
		return t, err
	}
	err = first.Exchange(message)
	first.Close()
	if err != nil {
		return t, err
	}
	if t.Before, err = kept(s); err != nil {
		return t, err
	}
	all, err := load.Open(s.Addr, c.Connections, p.Bare)
	if err != nil {
		return t, err
	}
	defer all.Close()
	if err := all.Exchange(message); err != nil {
		return t, err
	}
	if t.Fresh, err = kept(s); err != nil {
		return t, err
	}
	if !p.Bare {
		if err := all.Rest(c.Rest); err != nil {
			return t, err
		}
	}
	if t.Idle, err = kept(s); err != nil {
		return t, err
	}
	if profiles != "" {
		return t, s.ProfileHeap(filepath.Join(profiles, p.Name+".heap"))
	}
	return t, nil
}

// kept returns how much memory s has when all garbage is gone.
func kept(s *child.Server) (int64, error) {
	if err := s.Collect(); err != nil {
		return 0, err
	}
	return s.Memory()
}
