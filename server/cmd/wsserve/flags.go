package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/handshake"
	"github.com/parleyws/parley/server"
)

// config is what the flags say.
type config struct {
	addr     string
	path     string
	options  server.Options
	tlsCert  string
	tlsKey   string
	tlsSelf  bool
	logLevel slog.Level
}

// parseFlags reads the command line. It prints the help on stdout and returns
// flag.ErrHelp if that is asked for.
func parseFlags(args []string, stdout io.Writer) (config, error) {
	var cfg config
	var (
		mode, origins, subprotocols, nats, level string
		compress, takeover, h2, h3               bool
		window, backlog                          int
		pingInterval                             time.Duration
	)
	fs := flag.NewFlagSet("wsserve", flag.ContinueOnError)
	fs.SetOutput(io.Discard) // errors are one line, printed by run
	fs.StringVar(&cfg.addr, "addr", "127.0.0.1:8080", "listen on `host:port`, or unix:/path")
	fs.StringVar(&cfg.path, "path", "/echo", "`path` of the echo endpoint")
	fs.StringVar(&mode, "mode", "goroutine", "engine: goroutine (poll is not available yet)")
	fs.BoolVar(&compress, "deflate", false, "agree to permessage-deflate")
	fs.IntVar(&cfg.options.Conn.CompressFrom, "deflate-threshold", 512, "compress messages from this many `bytes`; -1 for all")
	fs.IntVar(&window, "deflate-window", 15, "window `bits` of what the server compresses, 8 to 15")
	fs.BoolVar(&takeover, "takeover", true, "keep the compression context between messages")
	fs.Int64Var(&cfg.options.Conn.MaxMessage, "max-message", 1<<20, "largest message in `bytes`; -1 for no limit")
	fs.StringVar(&origins, "origins", "", "comma-separated `list` of origins, beside the server's own, whose pages may connect")
	fs.StringVar(&subprotocols, "subprotocols", "", "comma-separated `list` of subprotocols, in order of preference")
	fs.StringVar(&cfg.tlsCert, "tls-cert", "", "PEM `file` with the certificate; serves https and wss")
	fs.StringVar(&cfg.tlsKey, "tls-key", "", "PEM `file` with its key")
	fs.BoolVar(&cfg.tlsSelf, "tls-self-signed", false, "serve https and wss with a certificate made on the spot")
	fs.DurationVar(&pingInterval, "ping-interval", 20*time.Second, "ping a silent peer after this time; -1s for never")
	fs.StringVar(&level, "log-level", "info", "debug, info, warn or error, on standard error")
	fs.IntVar(&backlog, "backlog", 0, "not available yet")
	fs.BoolVar(&h2, "h2", false, "not available yet")
	fs.BoolVar(&h3, "h3", false, "not available yet")
	fs.StringVar(&nats, "nats", "", "not available yet")

	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(stdout, "Usage: wsserve [flags]\n\nServes a page to try WebSocket in a browser, and the endpoints /echo, /chat\n(to everyone else) and /broadcast (to everyone).\n\nFlags:")
			fs.SetOutput(stdout)
			fs.PrintDefaults()
		}
		return cfg, err
	}
	if fs.NArg() > 0 {
		return cfg, fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}
	for _, missing := range []struct {
		flag string
		set  bool
	}{
		{"-mode " + mode, mode != "goroutine"},
		{"-backlog", backlog != 0},
		{"-h2", h2},
		{"-h3", h3},
		{"-nats", nats != ""},
	} {
		if missing.set {
			return cfg, fmt.Errorf("%s is not available yet", missing.flag)
		}
	}
	if err := cfg.logLevel.UnmarshalText([]byte(level)); err != nil {
		return cfg, fmt.Errorf("-log-level: %q is none of debug, info, warn, error", level)
	}
	if window < 8 || window > 15 {
		return cfg, fmt.Errorf("-deflate-window: %d is not between 8 and 15", window)
	}
	if !strings.HasPrefix(cfg.path, "/") || path.Clean(cfg.path) != cfg.path || strings.ContainsAny(cfg.path, " {}") {
		return cfg, fmt.Errorf("-path: %q is not a clean path such as /echo", cfg.path)
	}
	if slices.Contains([]string{"/", "/chat", "/broadcast", "/metrics", "/healthz"}, cfg.path) {
		return cfg, fmt.Errorf("-path: %s is taken", cfg.path)
	}
	if (cfg.tlsCert == "") != (cfg.tlsKey == "") {
		return cfg, errors.New("-tls-cert and -tls-key go together")
	}
	if cfg.tlsSelf && cfg.tlsCert != "" {
		return cfg, errors.New("-tls-self-signed goes without -tls-cert")
	}
	cfg.options.Origins = list(origins)
	if _, err := handshake.ParseOrigins(cfg.options.Origins); err != nil {
		return cfg, fmt.Errorf("-origins: %w", err)
	}
	cfg.options.Subprotocols = list(subprotocols)
	if pingInterval < 0 {
		pingInterval = -1
	}
	cfg.options.Conn.PingInterval = pingInterval
	if compress {
		cfg.options.Deflate = &deflate.Terms{Params: deflate.Params{
			ServerNoContextTakeover: !takeover,
			ClientNoContextTakeover: !takeover,
		}}
		if window < 15 {
			cfg.options.Deflate.ServerMaxWindowBits = window
		}
	}
	return cfg, nil
}

// list splits a comma-separated list.
func list(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })
}
