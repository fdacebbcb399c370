package main

import (
	"flag"
	"fmt"
)

// parse parses flags that nothing may follow.
func parse(flags *flag.FlagSet, args []string) error {
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("argument %q means nothing", flags.Arg(0))
	}
	return nil
}
