// Command kernels times this project's innermost loops beside those of other
// libraries, in turns, and prints tables in Markdown: what an operation takes,
// and how many times as fast as the others' ours is, beside the targets.
//
// With -help it explains its flags. A target that is missed is marked, and is no
// failure: the exit status is 0 if all was measured, 1 if the contestants do not
// agree or something could not be written, and 2 for wrong usage.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/parleyws/parley/server/bench/internal/report"
	"github.com/parleyws/parley/server/bench/kernels"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

func run(args []string, stdout, stderr io.Writer) int {
	cfg, err := parseFlags(args, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintf(stderr, "kernels: %v (see kernels -help)\n", err)
		return 2
	}
	if err := compare(cfg, stdout, stderr); err != nil {
		fmt.Fprintln(stderr, "kernels:", err)
		return 1
	}
	return 0
}

// compare measures what cfg asks for and writes the report.
func compare(cfg config, stdout, stderr io.Writer) error {
	r := findings{Setting: newSetting(cfg)}
	for _, c := range cfg.contests {
		fmt.Fprintln(stderr, c.Name())
		res, err := kernels.Measure(&c, cfg.rounds, cfg.time)
		if err != nil {
			return err
		}
		r.Results = append(r.Results, res)
	}
	if cfg.json != "" {
		if err := report.Save(cfg.json, r); err != nil {
			return err
		}
	}
	if err := r.Setting.write(stdout); err != nil {
		return err
	}
	return kernels.WriteMarkdown(stdout, r.Results)
}

// findings are what the command found out.
type findings struct {
	Setting setting          `json:"setting"`
	Results []kernels.Result `json:"results"`
}
