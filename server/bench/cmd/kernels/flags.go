package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"regexp"
	"time"

	"github.com/parleyws/parley/server/bench/kernels"
)

// config is what the flags ask for.
type config struct {
	contests []kernels.Contest
	rounds   int
	time     time.Duration // of one contestant in one round
	json     string        // file to write, or ""
}

// parseFlags reads the flags. With -help it explains them on stdout and returns
// [flag.ErrHelp].
func parseFlags(args []string, stdout io.Writer) (config, error) {
	var cfg config
	flags := flag.NewFlagSet("kernels", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&cfg.json, "json", "", "write all that was measured to `FILE` as well, as JSON")
	pattern := flags.String("run", "", "measure only what matches `REGEXP`, such as ^mask/ or text=emoji")
	flags.IntVar(&cfg.rounds, "rounds", 7, "how often each contestant has its turn; medians are reported")
	flags.DurationVar(&cfg.time, "time", 5*time.Millisecond, "how long one turn takes")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(stdout, "kernels times our innermost loops beside other libraries'.")
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
	case cfg.time <= 0:
		return config{}, fmt.Errorf("-time %v: must be above 0", cfg.time)
	}
	for _, c := range kernels.All() {
		if match.MatchString(c.Name()) {
			cfg.contests = append(cfg.contests, c)
		}
	}
	if len(cfg.contests) == 0 {
		return config{}, fmt.Errorf("-run %s: matches nothing", *pattern)
	}
	return cfg, nil
}
