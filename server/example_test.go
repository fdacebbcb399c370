package server_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/server"
)

// A server in ten lines: it sends back what it gets.
func ExampleServer() {
	s := &server.Server{
		Addr: "127.0.0.1:0", // a free port
		Handler: func(ctx context.Context, c *conn.Conn) {
			for m, err := range c.Messages(ctx) {
				if err != nil {
					return
				}
				c.Write(ctx, m.Type, m.Data)
			}
		},
	}
	s.OnListening = func(addr net.Addr) {
		fmt.Println("listening on", addr.Network())
		go s.Shutdown(context.Background())
	}
	fmt.Println(s.ListenAndServe())
	// Output:
	// listening on tcp
	// http: Server closed
}

// On an existing mux, beside other handlers.
func ExampleHandler() {
	mux := http.NewServeMux()
	mux.HandleFunc("/hello", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello") })
	mux.Handle("/socket", server.Handler(nil, func(ctx context.Context, c *conn.Conn) {
		c.Write(ctx, conn.Text, []byte("welcome"))
	}))
	hs := httptest.NewServer(mux)
	defer hs.Close()

	// A browser's page would open a WebSocket; this is only a GET.
	resp, err := http.Get(hs.URL + "/socket")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	fmt.Println(resp.Status, resp.Header.Get("Upgrade"))
	// Output: 426 Upgrade Required websocket
}

// By hand: the handler decides, and the connection is its own.
func ExampleServer_Accept() {
	s := &server.Server{}
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "" {
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		c, err := s.Accept(w, r)
		if err != nil {
			return // the client has its answer
		}
		go c.Serve(context.Background(), conn.Handler{})
	})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	fmt.Println(w.Code)
	// Output: 401
}

// To everyone who is connected.
func ExampleServer_Clients() {
	s := &server.Server{}
	announce := func(text string) (n int) {
		for c := range s.Clients() {
			if c.Write(context.Background(), conn.Text, []byte(text)) == nil {
				n++
			}
		}
		return n
	}
	fmt.Println("told", announce("lunch is ready"))
	// Output: told 0
}

// Events, with a type of one's own for each connection.
func ExampleHandle() {
	type player struct{ moves int }

	s := &server.Server{}
	server.Handle(s, server.Hooks[*player]{
		OnOpen: func(c *conn.Conn) *player { return &player{} },
		OnMessage: func(p *player, c *conn.Conn, m conn.Message) {
			p.moves++
			c.Write(c.Context(), conn.Text, fmt.Appendf(nil, "move %d", p.moves))
		},
		OnClose: func(p *player, c *conn.Conn, err error) {
			fmt.Println("gone after", p.moves)
		},
	})
	// s serves; see ExampleServer.
	fmt.Println(s.Handler != nil)
	// Output: true
}
