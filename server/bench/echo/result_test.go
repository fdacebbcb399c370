package echo

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/parleyws/parley/frame"
)

func TestTheTargetsAreThoseOfTheCase(t *testing.T) {
	for _, c := range []struct {
		Case
		against string
		want    float64
	}{
		{Case{Size: 32, InFlight: 1}, "tcp", 0.97},
		{Case{Size: 16 << 10, InFlight: 1}, "tcp", 0.97},
		{Case{Size: 64 << 10, InFlight: 1}, "tcp", 0},
		{Case{Size: 64 << 10, InFlight: 1}, "gws", 1},
		{Case{Size: 32, InFlight: 16}, "tcp", 0.85},
		{Case{Size: 1 << 10, InFlight: 16}, "gorilla", 10},
		{Case{Size: 32, InFlight: 16}, "gobwas", 0},
		{Case{Size: 32, InFlight: 16}, "gobwas-batch", 0},
		{Case{Size: 16 << 10, InFlight: 16}, "tcp", 0},
		{Case{Size: 16 << 10, InFlight: 1, Text: "japanese"}, "coder", 2.5},
		{Case{Size: 16 << 10, InFlight: 1, Text: "japanese"}, "gobwas", 0},
		{Case{Size: 32, InFlight: 1, Text: "ascii"}, "gobwas", 1},
	} {
		if got := c.target("parley", c.against); got != c.want {
			t.Errorf("%s, %s: %v, want %v", c.Name(), c.against, got, c.want)
		}
		if got := c.target("parley-loop", c.against); got != 0 {
			t.Errorf("%s, %s: %v for the blocking style", c.Name(), c.against, got)
		}
	}
}

// Wherever ours stand among the servers, the first of them is compared with all
// others, and the rest with the limit alone.
func TestOursAreComparedWithTheOthers(t *testing.T) {
	names := []string{"tcp", "gws", "parley-loop", "parley"}
	turns := make(map[string][]Turn)
	for _, name := range names {
		turns[name] = []Turn{{Took: time.Second}} // in which nothing happened
	}
	var got [][2]string
	for _, r := range (Case{}).result(names, turns).Ratios {
		got = append(got, [2]string{r.Of, r.Against})
		if r.Times != 1 || r.CPU != 1 {
			t.Errorf("%+v", r)
		}
	}
	want := [][2]string{{"parley-loop", "tcp"}, {"parley-loop", "gws"}, {"parley", "tcp"}}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestAMessageIsOfTheTypeAndSizeAskedFor(t *testing.T) {
	for _, text := range append(Texts(), "") {
		op, payload, err := Case{Size: 100, Text: text}.message()
		want := frame.Text
		if text == "" {
			want = frame.Binary
		}
		if err != nil || op != want || len(payload) != 100 || text != "" && !utf8.Valid(payload) {
			t.Errorf("%q: %v, %v, %q", text, err, op, payload)
		}
	}
}

// A ratio is of one round, and the median of the ratios is not that of the medians.
func TestRatiosAreOfOneRoundAndAMissedTargetIsBold(t *testing.T) {
	turn := func(messages int, cpu time.Duration) Turn {
		return Turn{Messages: messages, Took: time.Second, Server: cpu, Clients: time.Second / 2}
	}
	r := Case{Size: 32, Connections: 3, InFlight: 1}.result([]string{"parley", "tcp"}, map[string][]Turn{
		"parley": {turn(1000, 500*time.Millisecond), turn(2000, time.Second), turn(9000, time.Second)},
		"tcp":    {turn(2000, 500*time.Millisecond), turn(4000, time.Second), turn(9000, time.Second)},
	})
	if len(r.Ratios) != 1 || r.Ratios[0].Times != 0.5 || r.Ratios[0].CPU != 0.5 || r.Ratios[0].Met() {
		t.Errorf("%+v", r.Ratios)
	}
	if x := r.Rates[0]; x.PerSecond != 2000 || x.CPU != 500_000 || x.Busy != 1 || x.Clients != 0.5 {
		t.Errorf("%+v", x)
	}
	var s strings.Builder
	if err := WriteMarkdown(&s, []Result{r}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| 32 | – | 3 | 1 | 2.00, 500 µs | 4.00, 250 µs |\n",
		"| 32 | – | 3 | 1 | **0.50** (≥ 0.97), 0.50 |\n",
		"\n0 of 1 targets met.\n",
	} {
		if !strings.Contains(s.String(), want) {
			t.Errorf("no %q in\n%s", want, s.String())
		}
	}
}
