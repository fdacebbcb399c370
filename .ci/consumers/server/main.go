// An echo server and a client of it, as an application would have them.
package main

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"github.com/parleyws/parley/client"
	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/frame"
	"github.com/parleyws/parley/server"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	s := httptest.NewServer(&server.Server{Handler: echo})
	defer s.Close()

	c, _, err := client.Dial(ctx, "ws"+strings.TrimPrefix(s.URL, "http"), nil)
	if err != nil {
		return err
	}
	if err := c.Write(ctx, conn.Text, []byte("hello")); err != nil {
		return err
	}
	answer, err := c.Read(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("%s\n", answer.Data)
	return c.Close(ctx, frame.NormalClosure, "")
}

func echo(ctx context.Context, c *conn.Conn) {
	for {
		m, err := c.Read(ctx)
		if err != nil {
			return
		}
		if err := c.Write(ctx, m.Type, m.Data); err != nil {
			return
		}
	}
}
