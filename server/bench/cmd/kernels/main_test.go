package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parleyws/parley/server/bench/kernels"
)

func TestAReportHasATableForEachKernelAndAllRoundsInJSON(t *testing.T) {
	file := filepath.Join(t.TempDir(), "report.json")
	var stdout, stderr bytes.Buffer
	args := []string{"-run", "new key|bytes=5$|header/payload=300|at=6/text=(emoji|ascii)/bytes=64$", "-rounds", "3", "-time", "1ns", "-json", file}
	if status := run(args, &stdout, &stderr); status != 0 {
		t.Fatalf("status %d: %s", status, &stderr)
	}
	for _, want := range []string{"\n## parse header\n", "\n## append header\n", "\n## mask\n", "\n## valid\n", "\n## new key\n", " targets met.\n", "3 rounds of 1ns"} {
		if n := strings.Count(stdout.String(), want); n != 1 {
			t.Errorf("%q is there %d times in\n%s", want, n, &stdout)
		}
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var r findings
	if err := json.Unmarshal(b, &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Results) != 6 || r.Setting.Rounds != 3 {
		t.Errorf("%d results, setting %+v", len(r.Results), r.Setting)
	}
	for _, res := range r.Results {
		for _, x := range res.Times {
			if len(x.Rounds) != 3 {
				t.Errorf("%s, %s: rounds %v", res.Kernel, x.Name, x.Rounds)
			}
		}
	}
}

func TestNothingIsLeftOutUnlessAskedFor(t *testing.T) {
	cfg, err := parseFlags(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(cfg.contests), len(kernels.All()); got != want || cfg.rounds < 5 {
		t.Errorf("%d contests of %d, %d rounds", got, want, cfg.rounds)
	}
}

func TestWrongUsageIsExitStatus2(t *testing.T) {
	for _, args := range [][]string{
		{"-run", "("}, {"-run", "no such kernel"}, {"-rounds", "0"}, {"-time", "0s"}, {"-time", "-1s"}, {"-time", "x"}, {"-nothing"}, {"mask"},
	} {
		var stdout, stderr bytes.Buffer
		if status := run(args, &stdout, &stderr); status != 2 || stdout.Len() > 0 || !strings.HasPrefix(stderr.String(), "kernels: ") {
			t.Errorf("%q: status %d, %q, %q", args, status, &stdout, &stderr)
		}
	}
}

func TestWhatCannotBeWrittenIsExitStatus1(t *testing.T) {
	var stdout, stderr bytes.Buffer
	args := []string{"-run", "new key", "-rounds", "1", "-time", "1ns", "-json", t.TempDir()}
	if status := run(args, &stdout, &stderr); status != 1 {
		t.Errorf("status %d: %s", status, &stderr)
	}
}

func TestHelpIsOnStandardOutput(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if status := run([]string{"-help"}, &stdout, &stderr); status != 0 || stderr.Len() > 0 {
		t.Errorf("status %d: %s", status, &stderr)
	}
	for _, want := range []string{"-json", "-run", "-rounds", "-time"} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("no %s in\n%s", want, &stdout)
		}
	}
}
