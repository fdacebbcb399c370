// Command wscat talks to a WebSocket server from a terminal.
//
// With -help it explains its flags. The exit status is 0 if the connection
// closed normally, 1 if it could not be opened or ended otherwise, and 2 for
// wrong usage.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/parleyws/parley/client"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

func run(args []string, stdin *os.File, stdout, stderr io.Writer) int {
	cfg, err := parseFlags(args, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintf(stderr, "wscat: %v (see wscat -help)\n", err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := talk(ctx, cfg, stdin, stdout); err != nil {
		fmt.Fprintf(stderr, "wscat: %s\n", oneLine(err))
		return 1
	}
	return 0
}

// talk connects and speaks until one side has had enough.
func talk(ctx context.Context, cfg config, stdin *os.File, stdout io.Writer) error {
	c, _, err := client.Dial(ctx, cfg.url, &cfg.options)
	if err != nil {
		return err
	}
	defer c.CloseNow()
	s := &session{c: c, cfg: cfg}
	if cfg.execute.set {
		return s.execute(ctx, stdout)
	}
	return s.interact(ctx, stdin, stdout)
}

// oneLine keeps an error to one line, and "websocket: " out of its middle.
func oneLine(err error) string {
	s := strings.ReplaceAll(err.Error(), "\n", " ")
	return strings.TrimPrefix(s, "websocket: ")
}
