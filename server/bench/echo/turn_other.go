//go:build !linux

package echo

import (
	"errors"
	"time"

	"github.com/parleyws/parley/server/bench/internal/peers"
)

func (c Case) turn(peers.Peer, time.Duration, string) (Turn, error) {
	return Turn{}, errors.ErrUnsupported
}
