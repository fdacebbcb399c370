package idle

import (
	"strings"
	"testing"
	"time"
)

func TestMemoryIsOfOneConnectionAndRatiosAreOfOneRound(t *testing.T) {
	turn := func(fresh, idle int64) Turn { return Turn{Before: 1 << 20, Fresh: 1<<20 + fresh, Idle: 1<<20 + idle} }
	r := Case{Connections: 10, Size: 32, Rest: time.Second}.result([]string{"parley", "gws"}, map[string][]Turn{
		"parley": {turn(102400, 51200), turn(102400, 51200), turn(102400, 10240)},
		"gws":    {turn(204800, 102400), turn(204800, 102400), turn(204800, 102400)},
	})
	if len(r.Ratios) != 1 || r.Ratios[0] != (Ratio{"parley", "gws", 2}) {
		t.Errorf("%+v", r.Ratios)
	}
	none := Case{Connections: 10}.result([]string{"parley", "gws"}, map[string][]Turn{"parley": {turn(0, 0)}, "gws": {turn(0, -4096)}})
	if none.Ratios[0].Times != 1 {
		t.Errorf("of nothing: %+v", none.Ratios)
	}
	if m := r.Peers[0]; m.Fresh != 10240 || m.Idle != 5120 || m.Met() {
		t.Errorf("%+v", m)
	}
	if m := r.Peers[1]; m.Fresh != 20480 || m.Idle != 10240 || !m.Met() {
		t.Errorf("%+v", m)
	}
	var s strings.Builder
	if err := WriteMarkdown(&s, []Result{r}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| 10 | 32 | 1s | 10.0, **5.00** (≤ 4.5) | 20.0, 10.0 | 2.00 |\n", "\n0 of 1 targets met.\n"} {
		if !strings.Contains(s.String(), want) {
			t.Errorf("no %q in\n%s", want, s.String())
		}
	}
}
