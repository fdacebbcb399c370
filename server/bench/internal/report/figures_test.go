package report_test

import (
	"testing"

	"github.com/parleyws/parley/server/bench/internal/report"
)

func TestTheMedianIsInTheMiddle(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64
	}{
		{[]float64{3}, 3},
		{[]float64{4, 2}, 3},
		{[]float64{9, 1, 2}, 2},
		{[]float64{9, 1, 4, 2}, 3},
	} {
		if got := report.Median(c.values); got != c.want {
			t.Errorf("%v: %v, want %v", c.values, got, c.want)
		}
	}
}

func TestFiguresHaveAboutThreeDigits(t *testing.T) {
	for x, want := range map[float64]string{0: "0.00", 0.123: "0.12", 9.87: "9.87", 12.34: "12.3", 99.9: "99.9", 123.4: "123", 4567.8: "4568"} {
		if got := report.Digits(x); got != want {
			t.Errorf("%v: %s, want %s", x, got, want)
		}
	}
}

func TestAMissedTargetIsBoldAndNotCountedAsMet(t *testing.T) {
	if got, want := report.Beside("1.50", "≥", 2, false), "**1.50** (≥ 2)"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, want := report.Beside("1.50", "≤", 4.5, true), "1.50 (≤ 4.5)"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	var s report.Score
	s.Count(2, false)
	s.Count(4.5, true)
	s.Count(0, true) // is none
	if got, want := s.String(), "1 of 2 targets met."; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
