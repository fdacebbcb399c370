package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parleyws/parley/server/bench/broadcast"
	"github.com/parleyws/parley/server/bench/echo"
	"github.com/parleyws/parley/server/bench/idle"
	"github.com/parleyws/parley/server/bench/internal/child"
)

// The tests are the servers too, as the command is.
func TestMain(m *testing.M) {
	if child.Asked() {
		os.Exit(child.Main())
	}
	// A server that looks for races would rest a second before it ends.
	os.Setenv("GORACE", "atexit_sleep_ms=0 "+os.Getenv("GORACE"))
	os.Exit(m.Run())
}

func onLinux(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("nothing is measured on " + runtime.GOOS)
	}
}

// measured runs the command and returns what it wrote and what it saved in JSON.
func measured[Result any](t *testing.T, args ...string) (stdout string, r findings[Result]) {
	t.Helper()
	onLinux(t)
	file := filepath.Join(t.TempDir(), "report.json")
	var out, stderr bytes.Buffer
	if status := run(append(args, "-json", file), &out, &stderr); status != 0 {
		t.Fatalf("status %d: %s", status, &stderr)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &r); err != nil {
		t.Fatal(err)
	}
	return out.String(), r
}

func mustContainOnce(t *testing.T, s string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if n := strings.Count(s, want); n != 1 {
			t.Errorf("%q is there %d times in\n%s", want, n, s)
		}
	}
}

func TestAnEchoReportHasARowForEachCaseAndAllRoundsInJSON(t *testing.T) {
	out, r := measured[echo.Result](t, "echo", "-servers", "parley,parley-loop,tcp,gorilla,coder,gws,gobwas,gobwas-batch",
		"-conns", "3", "-inflight", "1,2", "-size", "5", "-text", "-rounds", "2", "-duration", "20ms")
	mustContainOnce(t, out, "2 rounds of 20ms", " targets met.\n", "| in flight | parley | parley-loop | tcp | gorilla | coder | gws | gobwas | gobwas-batch |\n")
	if len(r.Results) != 2 || r.Setting.Rounds != 2 {
		t.Errorf("%d results, setting %+v", len(r.Results), r.Setting)
	}
	for _, res := range r.Results {
		for _, x := range res.Rates {
			var sum echo.Turn
			for _, turn := range x.Rounds {
				sum.Messages += turn.Messages
				sum.Took += turn.Took
				sum.Server += turn.Server
				sum.Clients += turn.Clients
			}
			if len(x.Rounds) != 2 || sum.Messages == 0 || sum.Took < 2*20*time.Millisecond || sum.Server <= 0 || sum.Clients <= 0 {
				t.Errorf("%s: %d rounds, %+v", x.Name, len(x.Rounds), sum)
			}
		}
	}
}

func TestAnIdleReportHasAColumnForEachServerAndAllRoundsInJSON(t *testing.T) {
	out, r := measured[idle.Result](t, "idle", "-servers", "parley,gorilla", "-conns", "3", "-size", "5,6", "-rounds", "2", "-rest", "1ms")
	mustContainOnce(t, out, "| parley | gorilla | gorilla : parley |\n", "| 3 | 5 | 1ms | ", "| 3 | 6 | 1ms | ", " targets met.\n")
	for _, res := range r.Results {
		for _, m := range res.Peers {
			for _, turn := range m.Rounds {
				if turn.Before <= 0 || turn.Fresh <= 0 || turn.Idle <= 0 {
					t.Errorf("%s: %+v", m.Name, turn)
				}
			}
			if len(m.Rounds) != 2 {
				t.Errorf("%s: %d rounds", m.Name, len(m.Rounds))
			}
		}
	}
	if len(r.Results) != 2 {
		t.Errorf("%d results", len(r.Results))
	}
}

// There is room in a queue for all that is sent to those who read, whenever they do.
func TestABroadcastReachesAllWhoReadAndTheOldestIsDroppedForThoseWhoDoNot(t *testing.T) {
	out, r := measured[broadcast.Result](t, "broadcast", "-conns", "7", "-stalled", "2", "-queue", "16384", "-rate", "200", "-duration", "50ms", "-rounds", "1")
	mustContainOnce(t, out, "1 rounds of 50ms", " targets met.\n")
	mustContainOnce(t, out, "| 1024 | 200 | 16384 | drop-oldest | 5 | 0 | ")
	if len(r.Results) != 1 {
		t.Fatalf("%d results", len(r.Results))
	}
	res := r.Results[0]
	for name, arm := range map[string]broadcast.Arm{"without": res.Without, "with": res.With} {
		if arm.Delivered != 5*10 || arm.Lost != 0 || arm.Closed != 0 || arm.P50 <= 0 || arm.P99 < arm.P50 {
			t.Errorf("%s: %+v", name, arm)
		}
	}
	if res.Without.Dropped != 0 || res.With.Dropped == 0 || res.With.Dropped > 2*10 {
		t.Errorf("dropped %v without and %v with", res.Without.Dropped, res.With.Dropped)
	}
}

func TestABroadcastClosesThoseWhoDoNotReadIfAskedTo(t *testing.T) {
	_, r := measured[broadcast.Result](t, "broadcast", "-conns", "7", "-stalled", "2", "-queue", "16384", "-rate", "200", "-duration", "50ms", "-rounds", "1", "-full", "close")
	if res := r.Results[0]; res.With.Dropped != 2 || res.With.Delivered != 5*10 || res.With.Lost != 0 {
		t.Errorf("%+v", res.With)
	}
}

func TestEveryModeCanBeMeasuredWithoutFlags(t *testing.T) {
	for _, m := range modes {
		if _, err := m.read(nil, new(bytes.Buffer)); err != nil {
			t.Errorf("%s: %v", m.name, err)
		}
	}
}

func TestMoreConnectionsThanDescriptorsIsExitStatus1AndSaysTheLimit(t *testing.T) {
	onLinux(t)
	for _, args := range [][]string{
		{"echo", "-conns", "900000000", "-rounds", "1", "-duration", "1ms"},
		{"idle", "-conns", "900000000"},
		{"broadcast", "-conns", "900000000"},
	} {
		var stdout, stderr bytes.Buffer
		if status := run(args, &stdout, &stderr); status != 1 || !strings.Contains(stderr.String(), "ulimit -n 9000000") {
			t.Errorf("%q: status %d, %q", args, status, &stderr)
		}
	}
}

func TestWrongUsageIsExitStatus2(t *testing.T) {
	for _, args := range [][]string{
		nil, {"latency"}, {"-size", "1"},
		{"echo", "-nothing"}, {"echo", "x"}, {"echo", "-size", "-1"}, {"echo", "-size", "1,x"}, {"echo", "-size", "1048577"},
		{"echo", "-conns", "0"}, {"echo", "-inflight", "0"}, {"echo", "-inflight", "1025"}, {"echo", "-servers", "parley,nobody"},
		{"echo", "-text=klingon"}, {"echo", "-rounds", "0"}, {"echo", "-duration", "0s"}, {"echo", "-duration", "x"},
		{"idle", "-nothing"}, {"idle", "x"}, {"idle", "-size", "32769"}, {"idle", "-conns", "0"}, {"idle", "-rest", "-1s"},
		{"idle", "-rounds", "0"}, {"idle", "-servers", "nobody"},
		{"broadcast", "-nothing"}, {"broadcast", "x"}, {"broadcast", "-size", "15"}, {"broadcast", "-stalled", "0"},
		{"broadcast", "-conns", "100", "-stalled", "100"}, {"broadcast", "-rate", "0"}, {"broadcast", "-rate", "NaN"},
		{"broadcast", "-queue", "1023"}, {"broadcast", "-full", "block"}, {"broadcast", "-rounds", "0"}, {"broadcast", "-duration", "0s"},
	} {
		var stdout, stderr bytes.Buffer
		if status := run(args, &stdout, &stderr); status != 2 || stdout.Len() > 0 || !strings.HasPrefix(stderr.String(), "wsbench") {
			t.Errorf("%q: status %d, %q, %q", args, status, &stdout, &stderr)
		}
	}
}

func TestWhatCannotBeWrittenIsExitStatus1(t *testing.T) {
	onLinux(t)
	var stdout, stderr bytes.Buffer
	args := []string{"echo", "-servers", "tcp", "-conns", "1", "-inflight", "1", "-rounds", "1", "-duration", "1ms", "-json", t.TempDir()}
	if status := run(args, &stdout, &stderr); status != 1 {
		t.Errorf("status %d: %s", status, &stderr)
	}
}

func TestAProfileOfEachServerIsInTheFolder(t *testing.T) {
	folder := t.TempDir()
	measured[echo.Result](t, "echo", "-servers", "tcp", "-conns", "1", "-inflight", "1", "-rounds", "1", "-duration", "1ms", "-profiles", folder)
	measured[idle.Result](t, "idle", "-servers", "parley", "-conns", "1", "-rest", "0s", "-profiles", folder)
	measured[broadcast.Result](t, "broadcast", "-conns", "2", "-stalled", "1", "-rate", "1000", "-duration", "1ms", "-rounds", "1", "-profiles", folder)
	files, err := filepath.Glob(filepath.Join(folder, "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range files {
		files[i] = filepath.Base(files[i])
	}
	slices.Sort(files)
	if want := []string{"parley.heap", "tcp.cpu", "with.cpu", "without.cpu"}; !slices.Equal(files, want) {
		t.Errorf("%v, want %v", files, want)
	}
}

func TestHelpIsOnStandardOutput(t *testing.T) {
	for _, c := range []struct {
		args  []string
		wants []string
	}{
		{[]string{"-help"}, []string{"echo", "idle", "broadcast"}},
		{[]string{"echo", "-help"}, []string{"-size", "-conns", "-inflight", "-text", "-servers", "-rounds", "-duration", "-profiles", "-json"}},
		{[]string{"idle", "-help"}, []string{"-size", "-conns", "-servers", "-rest", "-rounds", "-profiles", "-json"}},
		{[]string{"broadcast", "-help"}, []string{"-conns", "-stalled", "-size", "-rate", "-queue", "-full", "-rounds", "-duration", "-profiles", "-json"}},
	} {
		var stdout, stderr bytes.Buffer
		if status := run(c.args, &stdout, &stderr); status != 0 || stderr.Len() > 0 {
			t.Errorf("%q: status %d: %s", c.args, status, &stderr)
		}
		for _, want := range c.wants {
			if !strings.Contains(stdout.String(), want) {
				t.Errorf("%q: no %s in\n%s", c.args, want, &stdout)
			}
		}
	}
}
