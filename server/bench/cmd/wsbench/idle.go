package main

import (
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/parleyws/parley/server/bench/idle"
)

var idleMode = mode{"idle", "how much memory a server keeps for a connection on which nothing happens", parseIdle}

func parseIdle(flags *flag.FlagSet, args []string) (measurement, error) {
	sizes, conns := numbers{32}, numbers{10000}
	o := idle.Options{Peers: idle.DefaultPeers()}
	flags.Var(&sizes, "size", "`BYTES` of the message that each connection exchanges before; like the next, several with commas between")
	flags.Var(&conns, "conns", "`NUMBER` of connections")
	flags.Var((*names)(&o.Peers), "servers", "`NAMES` of the servers, with commas between")
	rest := flags.Duration("rest", 25*time.Second, "how long nothing but pings and pongs is sent then; ours pings after 20 s")
	flags.IntVar(&o.Rounds, "rounds", 1, "how often each server has its turn; medians are reported")
	flags.StringVar(&o.Profiles, "profiles", "", "write heap profiles of the servers, in the last round, to `FOLDER`")
	json := flags.String("json", "", "write all that was measured to `FILE` as well, as JSON")
	if err := parse(flags, args); err != nil {
		return nil, err
	}
	var cases []idle.Case
	for _, n := range conns {
		for _, size := range sizes {
			c := idle.Case{Connections: n, Size: size, Rest: *rest}
			if err := c.Check(); err != nil {
				return nil, err
			}
			cases = append(cases, c)
		}
	}
	if err := o.Check(); err != nil {
		return nil, err
	}
	return func(stdout, stderr io.Writer) error { return measureIdle(cases, o, *json, stdout, stderr) }, nil
}

func measureIdle(cases []idle.Case, o idle.Options, json string, stdout, stderr io.Writer) error {
	r := findings[idle.Result]{Setting: newSetting(o.Rounds)}
	for _, c := range cases {
		name := fmt.Sprintf("idle/conns=%d/size=%d", c.Connections, c.Size)
		fmt.Fprintln(stderr, name)
		o := o
		if err := makeFolder(&o.Profiles, name); err != nil {
			return err
		}
		res, err := idle.Measure(c, o)
		if err != nil {
			return err
		}
		r.Results = append(r.Results, res)
	}
	return r.write(json, stdout, fmt.Sprintf("medians of %d rounds", o.Rounds), idle.WriteMarkdown)
}
