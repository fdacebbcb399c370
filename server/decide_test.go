package server_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/handshake"
	"github.com/parleyws/parley/server"
)

// doors are the two ways to a server: through net/http, and without it. Each sends
// raw bytes and returns the answer.
func doors(t *testing.T, s *server.Server) map[string]func(raw string) string {
	s.Handler = func(_ context.Context, c *conn.Conn) { c.CloseNow() }
	addr := start(t, s)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				if c, err := s.AcceptConn(bg, nc, nil); err == nil {
					c.CloseNow()
				}
			}()
		}
	}()
	return map[string]func(string) string{
		"net/http": func(raw string) string { return exchange(t, addr, raw) },
		"raw":      func(raw string) string { return exchange(t, l.Addr().String(), raw) },
	}
}

// status returns the status of an answer.
func status(answer string) string {
	line, _, _ := strings.Cut(answer, "\r\n")
	_, rest, _ := strings.Cut(line, " ")
	code, _, _ := strings.Cut(rest, " ")
	return code
}

// The path is compared as it is written, with nothing decoded and nothing folded.
// The raw door refuses some targets before that.
func TestThePathIsComparedByteForByteRows17And48(t *testing.T) {
	s := &server.Server{Options: server.Options{
		Path:         "/socket",
		ShouldHandle: func(r *http.Request) bool { return r.URL.Query().Get("no") == "" },
	}}
	for door, ask := range doors(t, s) {
		for target, want := range map[string]string{
			"/socket":                    "101",
			"/socket?a=b":                "101",
			"/socket?no=1":               "400",
			"/socket/":                   "404",
			"/Socket":                    "404",
			"/s%6Fcket":                  "404",
			"/":                          "404",
			"//socket":                   "404",
			"http://example.com/socket?": "404",
		} {
			raw := strings.Replace(request(), "GET / ", "GET "+target+" ", 1)
			if got := status(ask(raw)); got != want && !(door == "raw" && got == "400") {
				t.Errorf("%s, %s: %s, want %s", door, target, got, want)
			}
		}
	}
}

// What is not for the server is for the next one.
func TestNextServesWhatIsNotForTheServerRow17(t *testing.T) {
	s := &server.Server{
		Options: server.Options{Path: "/socket"},
		Handler: func(_ context.Context, c *conn.Conn) { c.CloseNow() },
		Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Connection", "close")
			w.WriteHeader(http.StatusTeapot)
		}),
	}
	addr := start(t, s)
	for raw, want := range map[string]string{
		strings.Replace(request(), "GET / ", "GET /socket ", 1):                            "101",
		strings.Replace(request(), "GET / ", "GET /other ", 1):                             "418",
		"GET /socket HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n":                     "418",
		strings.Replace(request("Sec-WebSocket-Version: 12"), "GET / ", "GET /socket ", 1): "426",
	} {
		if got := status(exchange(t, addr, raw)); got != want {
			t.Errorf("%q: %s, want %s", raw, got, want)
		}
	}
}

// Verify refuses with what its error says, after all other checks, at both doors.
func TestVerifyDecidesRows20And21And23And58(t *testing.T) {
	calls := make(chan string, 100)
	s := &server.Server{}
	s.Verify = func(ctx context.Context, r *http.Request) error {
		calls <- r.Header.Get("Authorization")
		switch r.Header.Get("Authorization") {
		case "good":
			return nil
		case "secret trouble":
			return errors.New("the password of the database is x")
		}
		return &handshake.Error{
			Status: http.StatusUnauthorized,
			Header: http.Header{"Www-Authenticate": {"Basic"}, "X-Own": {"1", "2"}},
			Reason: "who are you?",
		}
	}
	for door, ask := range doors(t, s) {
		if got := status(ask(request("Authorization: good"))); got != "101" {
			t.Errorf("%s: %s", door, got)
		}
		answer := ask(request("Authorization: bad"))
		for _, want := range []string{"HTTP/1.1 401 Unauthorized\r\n", "\r\nWww-Authenticate: Basic\r\n", "\r\nX-Own: 1\r\n", "\r\nX-Own: 2\r\n", "\r\nConnection: close\r\n", "\r\n\r\nwho are you?\n"} {
			if !strings.Contains(answer, want) {
				t.Errorf("%s: no %q in %q", door, want, answer)
			}
		}
		if answer := ask(request("Authorization: secret trouble")); status(answer) != "500" || strings.Contains(answer, "password") {
			t.Errorf("%s: %q", door, answer)
		}
		for range 3 {
			<-calls
		}
		ask(request("Authorization: good", "Sec-WebSocket-Version: 12"))
		select {
		case <-calls:
			t.Errorf("%s: asked about a request that is no handshake", door)
		default:
		}
	}
}

// A client that has left while the application thought is nobody's connection.
func TestAClientThatLeavesDuringVerificationRow59(t *testing.T) {
	asked, accepted := make(chan struct{}), make(chan error, 1)
	s := &server.Server{}
	s.Verify = func(ctx context.Context, r *http.Request) error {
		close(asked)
		<-ctx.Done()
		return nil
	}
	addr := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := s.Accept(w, r)
		accepted <- err
	}))
	nc := dialTCP(t, addr)
	io.WriteString(nc, request())
	<-asked
	nc.Close()
	if err := <-accepted; !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept returns %v", err)
	}
}

// SelectSubprotocol is asked if the client offers any, and held to what it offers.
func TestSelectSubprotocolRow18(t *testing.T) {
	s := &server.Server{}
	s.SelectSubprotocol = func(r *http.Request, offered []string) (string, error) {
		switch strings.Join(offered, " ") {
		case "a b", "b a":
			return "b", nil
		case "none":
			return "", nil
		case "wrong":
			return "another", nil
		case "":
			t.Error("asked without an offer")
		}
		return "", &handshake.Error{Status: http.StatusBadRequest, Reason: "no subprotocol of mine"}
	}
	for door, ask := range doors(t, s) {
		for offer, want := range map[string]string{
			"a, b": "101 b", "b,a": "101 b", "none": "101 ", "wrong": "500 ", "else": "400 ", "-": "101 ",
		} {
			raw := request("Sec-WebSocket-Protocol: " + offer)
			if offer == "-" {
				raw = request()
			}
			answer := ask(raw)
			_, rest, _ := strings.Cut(answer, "\r\nSec-WebSocket-Protocol: ")
			name, _, _ := strings.Cut(rest, "\r\n")
			if got := status(answer) + " " + name; got != want {
				t.Errorf("%s, %s: %q, want %q", door, offer, got, want)
			}
		}
	}
}

// ResponseHeader adds fields, and cannot add what is the handshake's.
func TestResponseHeaderRow63(t *testing.T) {
	s := &server.Server{}
	s.ResponseHeader = func(r *http.Request, h http.Header) {
		h.Add("Set-Cookie", "a=1")
		h.Add("Set-Cookie", "b=2")
		if r.URL.Path == "/bad" {
			h.Set("Sec-WebSocket-Accept", "x")
		}
	}
	for door, ask := range doors(t, s) {
		answer := ask(request())
		if status(answer) != "101" || !strings.Contains(answer, "\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n") {
			t.Errorf("%s: %q", door, answer)
		}
		if got := status(ask(strings.Replace(request(), "GET / ", "GET /bad ", 1))); got != "500" {
			t.Errorf("%s: %s", door, got)
		}
	}
}

// OnRefusal hears of every refusal, may answer by itself, and on the raw connection.
func TestOnRefusalMayAnswerByItselfRow65(t *testing.T) {
	heard := make(chan error, 10)
	s := &server.Server{}
	s.OnRefusal = func(w http.ResponseWriter, r *http.Request, err error) bool {
		heard <- err
		switch r.URL.Path {
		case "/own":
			http.Error(w, "my own words", http.StatusGone)
		case "/raw":
			nc, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return true
			}
			io.WriteString(nc, "HTTP/1.1 499 Raw\r\n\r\n")
			nc.Close()
		default:
			return false
		}
		return true
	}
	addr := start(t, s)
	for path, want := range map[string]string{"/own": "410", "/raw": "499", "/": "426"} {
		raw := strings.Replace(request("Sec-WebSocket-Version: 12"), "GET / ", "GET "+path+" ", 1)
		if got := status(exchange(t, addr, raw)); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
		var broken *handshake.Error
		if err := <-heard; !errors.As(err, &broken) || broken.Status != http.StatusUpgradeRequired {
			t.Errorf("%s: heard %v", path, err)
		}
	}
}
