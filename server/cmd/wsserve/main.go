// Command wsserve is a WebSocket server to try things out with: a page for the
// browser at /, and the endpoints /echo, /chat and /broadcast.
//
// Run it with -help for its flags. It ends cleanly on SIGINT and SIGTERM: it
// refuses new clients, sends close frames with 1001, and waits up to 5 s.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run returns the exit status: 0, 1 for what went wrong, 2 for wrong usage.
func run(args []string, stdout, stderr io.Writer) int {
	cfg, err := parseFlags(args, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintf(stderr, "wsserve: %v (see wsserve -help)\n", err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := serve(ctx, cfg, stdout, stderr); err != nil {
		fmt.Fprintf(stderr, "wsserve: %v\n", err)
		return 1
	}
	return 0
}
