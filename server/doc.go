// Package server accepts WebSocket connections: by itself, on an existing
// net/http server or mux, or by hand from a handler.
//
// A [Server] is an [http.Handler], so it mounts on any mux; with
// [Server.ListenAndServe] it listens by itself; with [Server.Accept] a handler
// of your own decides and upgrades. [Accept] and [Handler] do the same for who
// needs no Server. What comes out is a [conn.Conn].
//
// By default a page of another origin is refused, messages are limited to 1 MiB,
// handshakes, writes and silent peers are timed out, and nothing is compressed.
// Each of these is an option.
package server
