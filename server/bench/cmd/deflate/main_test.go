package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parleyws/parley/server/bench/deflate"
)

func TestAReportHasATableForEachCaseAndAllRoundsInJSON(t *testing.T) {
	file := filepath.Join(t.TempDir(), "report.json")
	var stdout, stderr bytes.Buffer
	args := []string{"-run", "bytes=64/takeover=true|bytes=1024/takeover=false", "-rounds", "2", "-connections", "2", "-json", file}
	if status := run(args, &stdout, &stderr); status != 0 {
		t.Fatalf("status %d: %s", status, &stderr)
	}
	for want, times := range map[string]int{
		"\n## messages of 64 B, context taken over\n":      1,
		"\n## messages of 1 KiB, context not taken over\n": 1,
		"2 rounds with 2 connections":                      1,
		"github.com/lxzan/gws v":                           1,
		"\n| ours | 13 bits |":                             2,
		"\n| gws | 12 bits |":                              2,
		"\n| coder | 15 bits |":                            2,
		"\n| klauspost, level 1 | 15 bits |":               2,
		"\n| compress/flate, level 6 | 15 bits |":          2,
	} {
		if n := strings.Count(stdout.String(), want); n != times {
			t.Errorf("%q is there %d times, want %d, in\n%s", want, n, times, &stdout)
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
	if len(r.Results) != 2 || r.Setting.Rounds != 2 {
		t.Errorf("%d results, setting %+v", len(r.Results), r.Setting)
	}
	for _, res := range r.Results {
		if len(res.Rows) != len(deflate.Ways()) {
			t.Errorf("%d bytes: %d rows", res.Bytes, len(res.Rows))
		}
		for _, row := range res.Rows {
			if len(row.Compress.Rounds) != 2 || len(row.Inflate.Rounds) != 2 || row.Ratio <= 0 {
				t.Errorf("%d bytes: %+v", res.Bytes, row)
			}
		}
	}
}

func TestNothingIsLeftOutUnlessAskedFor(t *testing.T) {
	cfg, err := parseFlags(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(cfg.cases), len(deflate.Cases()); got != want || cfg.rounds < 5 || cfg.connections < 100 {
		t.Errorf("%d cases of %d, %d rounds, %d connections", got, want, cfg.rounds, cfg.connections)
	}
}

func TestWrongUsageIsExitStatus2(t *testing.T) {
	for _, args := range [][]string{
		{"-run", "("}, {"-run", "no such case"}, {"-rounds", "0"}, {"-connections", "0"}, {"-rounds", "x"}, {"-nothing"}, {"gws"},
	} {
		var stdout, stderr bytes.Buffer
		if status := run(args, &stdout, &stderr); status != 2 || stdout.Len() > 0 || !strings.HasPrefix(stderr.String(), "deflate: ") {
			t.Errorf("%q: status %d, %q, %q", args, status, &stdout, &stderr)
		}
	}
}

func TestWhatCannotBeWrittenIsExitStatus1(t *testing.T) {
	var stdout, stderr bytes.Buffer
	args := []string{"-run", "bytes=128/takeover=false", "-rounds", "1", "-connections", "1", "-json", t.TempDir()}
	if status := run(args, &stdout, &stderr); status != 1 {
		t.Errorf("status %d: %s", status, &stderr)
	}
}

func TestHelpIsOnStandardOutput(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if status := run([]string{"-help"}, &stdout, &stderr); status != 0 || stderr.Len() > 0 {
		t.Errorf("status %d: %s", status, &stderr)
	}
	for _, want := range []string{"-json", "-run", "-rounds", "-connections"} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("no %s in\n%s", want, &stdout)
		}
	}
}
