// Command deflate measures how several libraries compress the messages of
// WebSocket connections, this project among them, in turns, and prints tables in
// Markdown: what an idle connection keeps in each direction, what the connections
// share, what a message takes to compress and to inflate, and how small it gets.
//
// With -help it explains its flags. The exit status is 0 if all was measured, 1 if a
// message did not come out as it was or something could not be written, and 2 for
// wrong usage.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/parleyws/parley/server/bench/deflate"
	"github.com/parleyws/parley/server/bench/internal/report"
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
		fmt.Fprintf(stderr, "deflate: %v (see deflate -help)\n", err)
		return 2
	}
	if err := compare(cfg, stdout, stderr); err != nil {
		fmt.Fprintln(stderr, "deflate:", err)
		return 1
	}
	return 0
}

// compare measures what cfg asks for and writes the report.
func compare(cfg config, stdout, stderr io.Writer) error {
	r := findings{Setting: newSetting(cfg)}
	ways := deflate.Ways()
	for _, c := range cfg.cases {
		fmt.Fprintln(stderr, c.Name())
		res, err := deflate.Measure(&c, ways, cfg.rounds, cfg.connections)
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
	return deflate.WriteMarkdown(stdout, r.Results)
}

// findings are what the command found out.
type findings struct {
	Setting setting          `json:"setting"`
	Results []deflate.Result `json:"results"`
}
