package echo

import (
	"path/filepath"
	"time"

	"github.com/parleyws/parley/server/bench/internal/child"
	"github.com/parleyws/parley/server/bench/internal/load"
	"github.com/parleyws/parley/server/bench/internal/peers"
)

// turn lets p have its turn. In profiles, if it is not "", a file is made.
func (c Case) turn(p peers.Peer, d time.Duration, profiles string) (t Turn, err error) {
	op, payload, err := c.message()
	if err != nil {
		return t, err
	}
	on, err := child.Part()
	if err != nil {
		return t, err
	}
	s, err := child.Start(p, on)
	if err != nil {
		return t, err
	}
	defer s.Stop()
	clients, err := load.Open(s.Addr, c.Connections, p.Bare)
	if err != nil {
		return t, err
	}
	defer clients.Close()
	if err := clients.Exchange(load.NewBatch(p.Bare, 1, op, payload)); err != nil {
		return t, err
	}
	endProfile := func() error { return nil }
	var before, after usage
	mark := func() (err error) {
		before = after
		after, err = look(s)
		return err
	}
	if profiles != "" {
		if endProfile, err = s.ProfileCPU(filepath.Join(profiles, p.Name+".cpu")); err != nil {
			return t, err
		}
	}
	t.Messages, t.Took, err = clients.Run(load.NewBatch(p.Bare, c.InFlight, op, payload), d/5, d, mark)
	if err != nil {
		return t, err
	}
	t.Server, t.Clients = after.server-before.server, after.clients-before.clients
	return t, endProfile()
}

// usage is how long both sides have computed.
type usage struct{ server, clients time.Duration }

func look(s *child.Server) (u usage, err error) {
	if u.server, err = s.CPU(); err == nil {
		u.clients, err = child.OwnCPU()
	}
	return u, err
}
