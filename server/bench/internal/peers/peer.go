package peers

import (
	"fmt"
	"net"
	"net/http"
	"strings"
)

// Peer is an echo server.
type Peer struct {
	Name string

	// Module is the path of the library's module, "" for the standard library.
	Module string

	// Bare says that the server speaks no WebSocket: it sends back every byte.
	// It marks the limit of what a goroutine for each connection can do.
	Bare bool

	// Serve serves the connections of l until that fails.
	Serve func(l net.Listener) error
}

// All returns the peers, in the order of their columns.
func All() []Peer {
	return []Peer{
		{"parley", "github.com/parleyws/parley/server", false, parleyEvents},
		{"parley-loop", "github.com/parleyws/parley/server", false, parleyLoop},
		{"tcp", "", true, bareTCP},
		{"gorilla", "github.com/gorilla/websocket", false, gorillaLoop},
		{"coder", "github.com/coder/websocket", false, coderLoop},
		{"gws", "github.com/lxzan/gws", false, gwsEvents},
		{"gobwas", "github.com/gobwas/ws", false, gobwasFrames},
		{"gobwas-batch", "github.com/gobwas/ws", false, gobwasBatch},
	}
}

// Named returns the peers of a list of names, in its order.
func Named(names []string) ([]Peer, error) {
	var list []Peer
	var known []string
	byName := make(map[string]Peer)
	for _, p := range All() {
		byName[p.Name] = p
		known = append(known, p.Name)
	}
	for _, name := range names {
		p, ok := byName[name]
		if !ok {
			return nil, fmt.Errorf("no server %q; there are %s", name, strings.Join(known, ", "))
		}
		list = append(list, p)
	}
	return list, nil
}

// Modules returns the paths of the modules of all peers, each once.
func Modules() []string {
	var paths []string
	seen := map[string]bool{"": true}
	for _, p := range All() {
		if !seen[p.Module] {
			seen[p.Module] = true
			paths = append(paths, p.Module)
		}
	}
	return paths
}

// overHTTP serves the connections of l with net/http, where a library's handshake
// begins.
func overHTTP(l net.Listener, h http.HandlerFunc) error {
	return (&http.Server{Handler: h}).Serve(l)
}
