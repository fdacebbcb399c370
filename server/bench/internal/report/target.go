package report

import (
	"fmt"
	"strconv"
)

// Beside writes a target in parentheses beside what was measured, which is bold if
// it misses it. sign is ≤ or ≥.
func Beside(measured, sign string, target float64, met bool) string {
	if !met {
		measured = "**" + measured + "**"
	}
	return measured + " (" + sign + " " + strconv.FormatFloat(target, 'g', -1, 64) + ")"
}

// Score counts targets.
type Score struct{ Targets, Met int }

// Count counts a target, if it is one: 0 is none.
func (s *Score) Count(target float64, met bool) {
	if target == 0 {
		return
	}
	s.Targets++
	if met {
		s.Met++
	}
}

// String says how many targets were met.
func (s *Score) String() string { return fmt.Sprintf("%d of %d targets met.", s.Met, s.Targets) }
