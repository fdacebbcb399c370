package main

import (
	"fmt"
	"io"
	"time"

	"github.com/parleyws/parley/server/bench/internal/report"
)

// setting is what the figures depend on.
type setting struct {
	report.Setting
	Rounds int           `json:"rounds"`
	Time   time.Duration `json:"time"` // of one contestant in one round, in nanoseconds
}

func newSetting(cfg config) setting {
	return setting{report.NewSetting(
		"github.com/gobwas/ws",
		"github.com/lxzan/gws",
		"github.com/coder/websocket",
		"github.com/gorilla/websocket",
		"github.com/segmentio/asm",
	), cfg.rounds, cfg.time}
}

func (s setting) write(w io.Writer) error {
	return s.Write(w, fmt.Sprintf("medians of %d rounds of %v", s.Rounds, s.Time))
}
