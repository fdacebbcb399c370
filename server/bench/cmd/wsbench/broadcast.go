package main

import (
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/parleyws/parley/server/bench/broadcast"
)

var broadcastMode = mode{"broadcast", "how late messages to many come, if some of those many do not read", parseBroadcast}

func parseBroadcast(flags *flag.FlagSet, args []string) (measurement, error) {
	conns, stalled := numbers{10000}, numbers{100}
	var c broadcast.Case
	var o broadcast.Options
	flags.Var(&conns, "conns", "`NUMBER` of subscribers in all; like the next, several with commas between")
	flags.Var(&stalled, "stalled", "`NUMBER` of those that never read, when they are there")
	flags.IntVar(&c.Size, "size", 1<<10, "`BYTES` of a message")
	flags.Float64Var(&c.PerSecond, "rate", 10, "`MESSAGES` a second, each to all")
	flags.Int64Var(&c.Queue, "queue", 64<<10, "`BYTES` that may wait for one subscriber")
	flags.StringVar((*string)(&c.Full), "full", string(broadcast.DropOldest), "`WHAT` happens when a queue is full: drop-oldest, drop-newest or close")
	flags.IntVar(&o.Rounds, "rounds", 3, "how often the readers have their turn, alone and with those who stall; medians are reported")
	flags.DurationVar(&c.Duration, "duration", 10*time.Second, "how long one turn takes, and a fifth more to warm up")
	flags.StringVar(&o.Profiles, "profiles", "", "write processor profiles of the servers, in the last round, to `FOLDER`")
	json := flags.String("json", "", "write all that was measured to `FILE` as well, as JSON")
	if err := parse(flags, args); err != nil {
		return nil, err
	}
	var cases []broadcast.Case
	for _, n := range conns {
		for _, k := range stalled {
			c.Subscribers, c.Stalled = n, k
			if err := c.Check(); err != nil {
				return nil, err
			}
			cases = append(cases, c)
		}
	}
	if err := o.Check(); err != nil {
		return nil, err
	}
	return func(stdout, stderr io.Writer) error { return measureBroadcasts(cases, o, *json, stdout, stderr) }, nil
}

func measureBroadcasts(cases []broadcast.Case, o broadcast.Options, json string, stdout, stderr io.Writer) error {
	r := findings[broadcast.Result]{Setting: newSetting(o.Rounds)}
	for _, c := range cases {
		name := fmt.Sprintf("broadcast/conns=%d/stalled=%d", c.Subscribers, c.Stalled)
		fmt.Fprintln(stderr, name)
		o := o
		if err := makeFolder(&o.Profiles, name); err != nil {
			return err
		}
		res, err := broadcast.Measure(c, o)
		if err != nil {
			return err
		}
		r.Results = append(r.Results, res)
	}
	how := fmt.Sprintf("medians of %d rounds of %v", o.Rounds, cases[0].Duration)
	return r.write(json, stdout, how, broadcast.WriteMarkdown)
}
