package broadcast

import (
	"strings"
	"testing"
	"time"
)

func TestAPercentileIsTheNearestRank(t *testing.T) {
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(100 - i)
	}
	for _, c := range []struct {
		latencies []time.Duration
		percent   int
		want      time.Duration
	}{
		{hundred, 50, 50}, {hundred, 99, 99}, {hundred, 100, 100}, {hundred, 1, 1},
		{[]time.Duration{7}, 50, 7}, {[]time.Duration{7}, 99, 7},
		{[]time.Duration{3, 1, 2}, 50, 2}, {[]time.Duration{3, 1, 2}, 99, 3},
	} {
		if got := percentile(c.latencies, c.percent); got != c.want {
			t.Errorf("%d of %v: %d, want %d", c.percent, c.latencies, got, c.want)
		}
	}
}

// A ratio is of one round, and the median of the ratios is not that of the medians.
func TestRatiosAreOfOneRound(t *testing.T) {
	c := Case{Subscribers: 12, Stalled: 2, Size: 1024, PerSecond: 10, Duration: time.Second, Queue: 4096, Full: DropOldest}
	turn := func(p99 time.Duration, grown int64) Turn {
		return Turn{P50: p99, P99: p99, Took: time.Second, Server: time.Second / 2, Before: 1000, Full: 1000 + grown, After: 900}
	}
	r := c.result([]Turn{turn(10, 1), turn(20, 2), turn(100, 3)}, []Turn{turn(20, 8193), turn(30, 8193), turn(110, 9000)})
	if r.P99.Times != 1.5 || !r.P99.Met() || r.Without.P99 != 20 || r.With.P99 != 30 || r.With.Busy != 0.5 {
		t.Errorf("%+v", r)
	}
	if r.Memory.With != 8193 || r.Memory.Without != 2 || r.Memory.AtMost != 8192 || r.Memory.Met() {
		t.Errorf("%+v", r.Memory)
	}
	var s strings.Builder
	if err := WriteMarkdown(&s, []Result{r}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| 1024 | 10 | 4096 | drop-oldest | 10 | 2 | 1.50 | 1.50 (≤ 1.5) | 0.00 | **8.00** (≤ 8) |\n",
		"\n1 of 2 targets met.\n",
	} {
		if !strings.Contains(s.String(), want) {
			t.Errorf("no %q in\n%s", want, s.String())
		}
	}
}
