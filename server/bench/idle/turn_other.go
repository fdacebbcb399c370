//go:build !linux

package idle

import (
	"errors"

	"github.com/parleyws/parley/server/bench/internal/peers"
)

func (c Case) turn(peers.Peer, string) (Turn, error) { return Turn{}, errors.ErrUnsupported }
