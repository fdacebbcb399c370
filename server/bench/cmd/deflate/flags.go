package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"regexp"

	"github.com/parleyws/parley/server/bench/deflate"
)

// config is what the flags ask for.
type config struct {
	cases       []deflate.Case
	rounds      int
	connections int
	json        string // file to write, or ""
}

// parseFlags reads the flags. With -help it explains them on stdout and returns
// [flag.ErrHelp].
func parseFlags(args []string, stdout io.Writer) (config, error) {
	var cfg config
	flags := flag.NewFlagSet("deflate", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&cfg.json, "json", "", "write all that was measured to `FILE` as well, as JSON")
	pattern := flags.String("run", "", "measure only what matches `REGEXP`, such as bytes=64/ or takeover=true")
	flags.IntVar(&cfg.rounds, "rounds", 5, "how often each way has its turn; medians are reported")
	flags.IntVar(&cfg.connections, "connections", 200, "how many connections there are in one turn; some ways keep more than a megabyte for each")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(stdout, "deflate measures how libraries compress the messages of WebSocket connections.")
			flags.SetOutput(stdout)
			flags.PrintDefaults()
		}
		return config{}, err
	}
	match, err := regexp.Compile(*pattern)
	switch {
	case err != nil:
		return config{}, fmt.Errorf("-run: %w", err)
	case flags.NArg() > 0:
		return config{}, fmt.Errorf("argument %q means nothing", flags.Arg(0))
	case cfg.rounds < 1:
		return config{}, fmt.Errorf("-rounds %d: at least 1", cfg.rounds)
	case cfg.connections < 1:
		return config{}, fmt.Errorf("-connections %d: at least 1", cfg.connections)
	}
	for _, c := range deflate.Cases() {
		if match.MatchString(c.Name()) {
			cfg.cases = append(cfg.cases, c)
		}
	}
	if len(cfg.cases) == 0 {
		return config{}, fmt.Errorf("-run %s: matches nothing", *pattern)
	}
	return cfg, nil
}
