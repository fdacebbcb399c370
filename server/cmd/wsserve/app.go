package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/server"
)

// app is the endpoints.
type app struct {
	mux     *http.ServeMux
	servers []*server.Server
	log     *slog.Logger
	stats   stats
}

func newApp(cfg config, log *slog.Logger) *app {
	a := &app{mux: http.NewServeMux(), log: log}
	others, everyone := newRoom(false, &a.stats), newRoom(true, &a.stats)
	a.endpoint(cfg.path, cfg.options, a.echo)
	a.endpoint("/chat", cfg.options, others.serve)
	a.endpoint("/broadcast", cfg.options, everyone.serve)
	a.mux.HandleFunc("/metrics", a.stats.serveMetrics)
	a.mux.HandleFunc("/healthz", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "ok\n")
	})
	a.mux.Handle("/", servePage())
	return a
}

// endpoint serves WebSocket connections at path.
func (a *app) endpoint(path string, opts server.Options, serve func(context.Context, *conn.Conn) error) {
	s := &server.Server{Options: opts}
	s.Handler = func(ctx context.Context, c *conn.Conn) {
		a.stats.opened()
		defer a.stats.closed()
		a.log.Debug("open", "path", path, "peer", c.RemoteAddr(), "subprotocol", c.Subprotocol())
		err := serve(ctx, c)
		a.log.Debug("closed", "path", path, "peer", c.RemoteAddr(), "err", err)
	}
	a.servers = append(a.servers, s)
	a.mux.Handle(path, s)
}

// echo sends back what it gets.
func (a *app) echo(ctx context.Context, c *conn.Conn) error {
	return c.Serve(ctx, conn.Handler{
		OnMessage: func(c *conn.Conn, m conn.Message) {
			a.stats.received(m)
			if c.Write(ctx, m.Type, m.Data) == nil {
				a.stats.sent(m)
			}
		},
	})
}

// shutdown ends the connections of all endpoints.
func (a *app) shutdown(ctx context.Context) error {
	results := make(chan error)
	for _, s := range a.servers {
		go func() { results <- s.Shutdown(ctx) }()
	}
	var err error
	for range a.servers {
		err = errors.Join(err, <-results)
	}
	return err
}
