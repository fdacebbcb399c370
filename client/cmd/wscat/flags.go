package main

import (
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/parleyws/parley/client"
	"github.com/parleyws/parley/deflate"
)

const usage = `Usage: wscat [flags] URL

Talks to a WebSocket server. Each line that is typed is sent as a text message;
what comes is printed behind "< ", binary messages as hex. The lines can be
edited and recalled with the arrow keys; Ctrl-D or Ctrl-C ends it.

Flags:`

// config is what the command line says.
type config struct {
	url     string
	options client.Options
	execute optionalString
	wait    time.Duration
	control bool // show pings and pongs
	slash   bool // lines that begin with a slash are commands
}

// optionalString is a flag that may be given as "", which is not the same as
// not at all.
type optionalString struct {
	value string
	set   bool
}

func (o *optionalString) String() string { return o.value }

func (o *optionalString) Set(s string) error {
	o.value, o.set = s, true
	return nil
}

// header collects -H flags.
type header http.Header

func (h header) String() string { return "" }

func (h header) Set(s string) error {
	name, value, ok := strings.Cut(s, ":")
	if !ok || name == "" {
		return errors.New(`a header looks like "Name: value"`)
	}
	http.Header(h).Add(strings.TrimSpace(name), strings.TrimSpace(value))
	return nil
}

// parseFlags reads the command line. It prints the help on stdout and returns
// flag.ErrHelp if that is asked for.
func parseFlags(args []string, stdout io.Writer) (config, error) {
	var cfg config
	var origin, subprotocols, listen string
	var insecure, compress bool
	h := http.Header{}
	fs := flag.NewFlagSet("wscat", flag.ContinueOnError)
	fs.SetOutput(io.Discard) // errors are one line, printed by run
	fs.Var(&cfg.execute, "x", "send this `message`, print the answers, and end after -wait")
	fs.DurationVar(&cfg.wait, "wait", time.Second, "how long to wait for answers after -x, or after the end of input from a pipe")
	fs.Var(header(h), "H", "send this `header` with the request; may be repeated")
	fs.StringVar(&origin, "o", "", "send this `origin`")
	fs.StringVar(&subprotocols, "s", "", "offer these subprotocols, a comma-separated `list`")
	fs.BoolVar(&insecure, "k", false, "do not verify the server's certificate")
	fs.BoolVar(&cfg.control, "P", false, "show pings and pongs")
	fs.BoolVar(&cfg.slash, "slash", false, "/ping, /pong and /close [CODE [REASON]] are commands")
	fs.BoolVar(&compress, "deflate", false, "offer permessage-deflate")
	fs.StringVar(&listen, "listen", "", "not available yet")
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(stdout, usage)
			fs.SetOutput(stdout)
			fs.PrintDefaults()
		}
		return cfg, err
	}
	if listen != "" {
		return cfg, errors.New("-listen is not available yet")
	}
	if fs.NArg() != 1 {
		return cfg, errors.New("exactly one URL is needed")
	}
	cfg.url = fs.Arg(0)
	if origin != "" {
		h.Set("Origin", origin)
	}
	cfg.options.Header = h
	cfg.options.Subprotocols = strings.FieldsFunc(subprotocols, func(r rune) bool { return r == ',' || r == ' ' })
	if insecure {
		cfg.options.TLS = &tls.Config{InsecureSkipVerify: true}
	}
	if compress {
		cfg.options.Deflate = &deflate.Offer{ClientWindow: true}
	}
	return cfg, nil
}
