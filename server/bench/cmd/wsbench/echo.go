package main

import (
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/parleyws/parley/server/bench/echo"
)

var echoMode = mode{"echo", "how many messages a server sends back in a second", parseEcho}

func parseEcho(flags *flag.FlagSet, args []string) (measurement, error) {
	sizes, conns, inFlight := numbers{32}, numbers{100}, numbers{1, 16}
	o := echo.Options{Peers: echo.Peers()}
	var text textName
	flags.Var(&sizes, "size", "`BYTES` of a message; like the next two, several with commas between")
	flags.Var(&conns, "conns", "`NUMBER` of connections, all busy")
	flags.Var(&inFlight, "inflight", "`NUMBER` of messages that a connection sends in one write; the next when all are back")
	flags.Var(&text, "text", "send text that is not ASCII, or with -text=`NAME`: "+strings.Join(echo.Texts(), ", "))
	flags.Var((*names)(&o.Peers), "servers", "`NAMES` of the servers, with commas between")
	flags.IntVar(&o.Rounds, "rounds", 7, "how often each server has its turn; medians are reported")
	flags.DurationVar(&o.Duration, "duration", time.Second, "how long one turn takes, and a fifth more to warm up")
	flags.StringVar(&o.Profiles, "profiles", "", "write processor profiles of the servers, in the last round, to `FOLDER`")
	json := flags.String("json", "", "write all that was measured to `FILE` as well, as JSON")
	if err := parse(flags, args); err != nil {
		return nil, err
	}
	var cases []echo.Case
	for _, size := range sizes {
		for _, n := range conns {
			for _, k := range inFlight {
				c := echo.Case{Size: size, Connections: n, InFlight: k, Text: string(text)}
				if err := c.Check(); err != nil {
					return nil, err
				}
				cases = append(cases, c)
			}
		}
	}
	if err := o.Check(); err != nil {
		return nil, err
	}
	return func(stdout, stderr io.Writer) error { return measureEcho(cases, o, *json, stdout, stderr) }, nil
}

func measureEcho(cases []echo.Case, o echo.Options, json string, stdout, stderr io.Writer) error {
	r := findings[echo.Result]{Setting: newSetting(o.Rounds)}
	for _, c := range cases {
		fmt.Fprintln(stderr, c.Name())
		o := o
		if err := makeFolder(&o.Profiles, c.Name()); err != nil {
			return err
		}
		res, err := echo.Measure(c, o)
		if err != nil {
			return err
		}
		r.Results = append(r.Results, res)
	}
	return r.write(json, stdout, fmt.Sprintf("medians of %d rounds of %v", o.Rounds, o.Duration), echo.WriteMarkdown)
}
