package main

import (
	"fmt"
	"io"

	"github.com/parleyws/parley/server/bench/internal/report"
)

// setting is what the figures depend on.
type setting struct {
	report.Setting
	Rounds      int `json:"rounds"`
	Connections int `json:"connections"`
}

func newSetting(cfg config) setting {
	return setting{report.NewSetting(
		"github.com/lxzan/gws",
		"github.com/coder/websocket",
		"github.com/klauspost/compress",
	), cfg.rounds, cfg.connections}
}

func (s setting) write(w io.Writer) error {
	return s.Write(w, fmt.Sprintf("medians of %d rounds with %d connections in turns", s.Rounds, s.Connections))
}
