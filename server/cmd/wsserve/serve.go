package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/parleyws/parley/server"
)

// drainTime is how long peers have to answer our close frames.
const drainTime = 5 * time.Second

// serve listens and serves until ctx ends.
func serve(ctx context.Context, cfg config, stdout, stderr io.Writer) error {
	log := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: cfg.logLevel}))
	l, scheme, err := listen(cfg)
	if err != nil {
		return err
	}
	a := newApp(cfg, log)
	hs := &http.Server{
		Handler:           a.mux,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    12 << 10, // and 4 KiB that net/http adds
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		Protocols:         new(http.Protocols),
	}
	hs.Protocols.SetHTTP1(true)

	fmt.Fprintf(stdout, "listening on %s\n", address(l, scheme))
	failed := make(chan error, 1)
	go func() { failed <- hs.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}

	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	err = errors.Join(a.shutdown(ctx), hs.Shutdown(ctx))
	if err != nil {
		log.Warn("not everybody left in time", "err", err)
		hs.Close()
	}
	return nil
}

func listen(cfg config) (l net.Listener, scheme string, err error) {
	var tc *tls.Config
	switch {
	case cfg.tlsSelf:
		tc, err = selfSigned(cfg.addr)
	case cfg.tlsCert != "":
		tc, err = fromFiles(cfg.tlsCert, cfg.tlsKey)
	}
	if err != nil {
		return nil, "", err
	}
	if l, err = server.Listen(cfg.addr); err != nil {
		return nil, "", err
	}
	if tc == nil {
		return l, "http", nil
	}
	return tls.NewListener(l, tc), "https", nil
}

// address is what to type into a browser, where that is possible.
func address(l net.Listener, scheme string) string {
	a := l.Addr()
	if strings.HasPrefix(a.Network(), "unix") {
		return "unix:" + a.String()
	}
	return scheme + "://" + a.String()
}
