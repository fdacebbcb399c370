// Command wsbench measures WebSocket servers beside each other, on one machine: it
// starts each server itself, in turns, as a process of its own, and is its clients.
// It prints tables in Markdown, with ratios and the targets they have to meet.
//
//	wsbench echo [flags]
//	wsbench idle [flags]
//	wsbench broadcast [flags]
//
// Each mode explains its flags with -help. A target that is missed is marked, and is
// no failure: the exit status is 0 if all was measured, 1 if a server does not do
// what it should or something could not be written, and 2 for wrong usage. It runs
// on Linux.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/parleyws/parley/server/bench/internal/child"
)

func main() {
	if child.Asked() {
		os.Exit(child.Main())
	}
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// mode is one thing to measure.
type mode struct {
	name, what string

	// parse reads the flags and returns what they ask for.
	parse func(flags *flag.FlagSet, args []string) (measurement, error)
}

// measurement measures, and writes a report on stdout and progress on stderr.
type measurement func(stdout, stderr io.Writer) error

var modes = []mode{echoMode, idleMode, broadcastMode}

func run(args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 && isHelp(args[0]) {
		fmt.Fprint(stdout, usage())
		return 0
	}
	m, err := find(args)
	if err != nil {
		fmt.Fprintf(stderr, "wsbench: %v\n%s", err, usage())
		return 2
	}
	measure, err := m.read(args[1:], stdout)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintf(stderr, "wsbench %s: %v (see wsbench %s -help)\n", m.name, err, m.name)
		return 2
	}
	if err := measure(stdout, stderr); err != nil {
		fmt.Fprintf(stderr, "wsbench %s: %v\n", m.name, err)
		return 1
	}
	return 0
}

func isHelp(arg string) bool {
	switch arg {
	case "-h", "-help", "--help", "help":
		return true
	}
	return false
}

func usage() string {
	var s strings.Builder
	s.WriteString("usage: wsbench MODE [flags]\n\nmodes:\n")
	for _, m := range modes {
		fmt.Fprintf(&s, "  %-9s %s\n", m.name, m.what)
	}
	return s.String()
}

func find(args []string) (mode, error) {
	if len(args) == 0 {
		return mode{}, errors.New("what to measure?")
	}
	for _, m := range modes {
		if m.name == args[0] {
			return m, nil
		}
	}
	return mode{}, fmt.Errorf("no mode %q", args[0])
}

// read reads the flags of m. With -help it explains them on stdout.
func (m mode) read(args []string, stdout io.Writer) (measurement, error) {
	flags := flag.NewFlagSet(m.name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	measure, err := m.parse(flags, args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(stdout, "wsbench %s measures %s.\n", m.name, m.what)
		flags.SetOutput(stdout)
		flags.PrintDefaults()
	}
	return measure, err
}
