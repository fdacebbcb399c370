package server_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/handshake"
	"github.com/parleyws/parley/server"
)

// accepted is how AcceptConn ended.
type accepted struct {
	c   *conn.Conn
	err error
}

// acceptOne makes s accept one connection over TCP, and returns the client's
// end of it.
func acceptOne(t *testing.T, ctx context.Context, s *server.Server, check func(*handshake.Head) error) (client net.Conn, end <-chan accepted) {
	t.Helper()
	ours, theirs := tcpPair(t)
	ch := make(chan accepted, 1)
	go func() {
		c, err := s.AcceptConn(ctx, ours, check)
		ch <- accepted{c, err}
	}()
	t.Cleanup(func() { s.Close() })
	return theirs, ch
}

func tcpPair(t *testing.T) (a, b net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	b = dialTCP(t, l.Addr().String())
	if a, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a, b
}

const (
	maskedHi = "\x81\x82\x00\x00\x00\x00hi"
	plainHi  = "\x81\x02hi"
)

func TestAcceptConnServesWithoutHTTPS4(t *testing.T) {
	s := &server.Server{Options: server.Options{Subprotocols: []string{"chat"}}}
	type key struct{}
	ctx := context.WithValue(timeout(t), key{}, "value")
	var target string
	client, end := acceptOne(t, ctx, s, func(h *handshake.Head) error {
		target = strings.Clone(h.Target()) + " of " + h.Host()
		return nil
	})
	io.WriteString(client, request("GET /room?x HTTP/1.1", "Sec-WebSocket-Protocol: other, chat")+maskedHi)
	got := <-end
	if got.err != nil {
		t.Fatal(got.err)
	}
	if target != "/room?x of x" || got.c.Subprotocol() != "chat" || got.c.Context().Value(key{}) != "value" {
		t.Errorf("target %q, subprotocol %q, value %v", target, got.c.Subprotocol(), got.c.Context().Value(key{}))
	}
	m, err := got.c.Read(ctx)
	if err != nil || string(m.Data) != "hi" {
		t.Fatalf("%q, %v", m.Data, err)
	}
	if err := got.c.Write(ctx, m.Type, m.Data); err != nil {
		t.Fatal(err)
	}
	n := 0
	for c := range s.Clients() {
		if c == got.c {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d times among the clients", n)
	}
	got.c.CloseNow()
	answer, _ := io.ReadAll(client)
	if !strings.HasPrefix(string(answer), "HTTP/1.1 101 Switching Protocols\r\n") || !strings.HasSuffix(string(answer), "\r\n\r\n"+plainHi) {
		t.Errorf("got %q", answer)
	}
}

func TestTheCheckOfAcceptConnRefuses(t *testing.T) {
	for _, tc := range []struct {
		err  error
		want string // of the answer
	}{
		{&handshake.Error{Status: 404, Reason: "no such room"}, "HTTP/1.1 404 Not Found\r\n"},
		{errors.New("secret"), "HTTP/1.1 500 Internal Server Error\r\n"},
	} {
		client, end := acceptOne(t, bg, &server.Server{}, func(*handshake.Head) error { return tc.err })
		io.WriteString(client, request()+maskedHi)
		answer, err := io.ReadAll(client)
		if !strings.HasPrefix(string(answer), tc.want) || strings.Contains(string(answer), "secret") || err != nil {
			t.Errorf("got %q, %v", answer, err)
		}
		client.Close()
		if got := <-end; !errors.Is(got.err, tc.err) {
			t.Errorf("%v, want %v", got.err, tc.err)
		}
	}
}

func TestAClientThatSendsOnIsRefusedAllTheSame(t *testing.T) {
	client, end := acceptOne(t, bg, &server.Server{}, nil)
	go func() {
		io.WriteString(client, request("Upgrade:")+request())
		more := []byte(request() + strings.Repeat("x", 64<<10))
		for {
			if _, err := client.Write(more); err != nil {
				return
			}
		}
	}()
	answer := make([]byte, 12)
	if _, err := io.ReadFull(client, answer); err != nil || string(answer) != "HTTP/1.1 426" {
		t.Errorf("got %q, %v", answer, err)
	}
	var e *handshake.Error
	if got := <-end; !errors.As(got.err, &e) || e.Status != 426 {
		t.Errorf("%v", got.err)
	}
}

func TestAHandshakeThatTakesTooLongIsCut(t *testing.T) {
	t.Run("silence", func(t *testing.T) {
		client, end := acceptOne(t, bg, &server.Server{Options: server.Options{HandshakeTimeout: time.Millisecond}}, nil)
		if got := <-end; !errors.Is(got.err, os.ErrDeadlineExceeded) || !strings.Contains(got.err.Error(), "HandshakeTimeout") {
			t.Errorf("%v", got.err)
		}
		if answer, err := io.ReadAll(client); len(answer) > 0 || err != nil {
			t.Errorf("got %q, %v", answer, err)
		}
	})
	t.Run("the context ends", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(bg)
		client, end := acceptOne(t, ctx, &server.Server{Options: server.Options{HandshakeTimeout: -1}}, nil)
		io.WriteString(client, request()[:30])
		stopped := errors.New("stopped")
		cancel(stopped)
		if got := <-end; !errors.Is(got.err, stopped) {
			t.Errorf("%v", got.err)
		}
	})
	t.Run("a stream without deadlines", func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer theirs.Close()
		s := &server.Server{Options: server.Options{HandshakeTimeout: time.Millisecond}}
		_, err := s.AcceptConn(bg, struct{ io.ReadWriteCloser }{ours}, nil)
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%v", err)
		}
	})
}

func TestAcceptConnTellsAClientThatLeft(t *testing.T) {
	for _, sent := range []string{"", "GET / HTTP/1.1\r\nHost"} {
		client, end := acceptOne(t, bg, &server.Server{}, nil)
		io.WriteString(client, sent)
		client.(*net.TCPConn).CloseWrite()
		got := <-end
		want := io.EOF
		if sent != "" {
			want = io.ErrUnexpectedEOF
		}
		if !errors.Is(got.err, want) {
			t.Errorf("after %q: %v", sent, got.err)
		}
		if answer, err := io.ReadAll(client); len(answer) > 0 || err != nil {
			t.Errorf("after %q: got %q, %v", sent, answer, err)
		}
	}
}

func TestAcceptConnOnAStreamThatIsNoSocket(t *testing.T) {
	ours, theirs := net.Pipe()
	defer theirs.Close()
	s := &server.Server{}
	end := make(chan accepted, 1)
	go func() {
		c, err := s.AcceptConn(bg, struct{ io.ReadWriteCloser }{ours}, nil)
		end <- accepted{c, err}
	}()
	go io.WriteString(theirs, request())
	answer := make([]byte, 12)
	if _, err := io.ReadFull(theirs, answer); err != nil || string(answer) != "HTTP/1.1 101" {
		t.Fatalf("got %q, %v", answer, err)
	}
	go io.Copy(io.Discard, theirs)
	got := <-end
	if got.err != nil {
		t.Fatal(got.err)
	}
	got.c.CloseNow()
}

func TestAcceptConnKnowsTLSByItsConnection(t *testing.T) {
	hs := httptest.NewTLSServer(http.NotFoundHandler()) // for its certificate
	defer hs.Close()
	for origin, status := range map[string]string{"https://x": "101", "http://x": "403"} {
		client, end := func() (net.Conn, <-chan accepted) {
			ours, theirs := tcpPair(t)
			ch := make(chan accepted, 1)
			go func() {
				c, err := (&server.Server{}).AcceptConn(bg, tls.Server(ours, hs.TLS), nil)
				ch <- accepted{c, err}
			}()
			return tls.Client(theirs, &tls.Config{InsecureSkipVerify: true}), ch
		}()
		io.WriteString(client, request("Origin: "+origin))
		answer := make([]byte, 12)
		if _, err := io.ReadFull(client, answer); err != nil || string(answer) != "HTTP/1.1 "+status {
			t.Errorf("%s: got %q, %v", origin, answer, err)
		}
		client.Close()
		if got := <-end; got.c != nil {
			got.c.CloseNow()
		}
	}
}

func TestAcceptConnAfterShutdownIs503(t *testing.T) {
	s := &server.Server{}
	s.Shutdown(bg)
	client, end := acceptOne(t, bg, s, nil)
	io.WriteString(client, request())
	answer, _ := io.ReadAll(client)
	if !strings.HasPrefix(string(answer), "HTTP/1.1 503 ") || !strings.Contains(string(answer), "\r\nRetry-After: ") {
		t.Errorf("got %q", answer)
	}
	client.Close()
	<-end
}

func TestWrongOptionsFailAcceptConn(t *testing.T) {
	client, end := acceptOne(t, bg, &server.Server{Options: server.Options{Origins: []string{"*"}}}, nil)
	var argument *handshake.ArgumentError
	if got := <-end; !errors.As(got.err, &argument) {
		t.Errorf("%v", got.err)
	}
	if answer, err := io.ReadAll(client); len(answer) > 0 || err != nil {
		t.Errorf("got %q, %v", answer, err)
	}
}

// A server that accepts connections by itself, and looks at the request before
// it answers.
func ExampleServer_AcceptConn() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()
	var s server.Server
	go func() {
		nc, err := l.Accept()
		if err != nil {
			return
		}
		_, err = s.AcceptConn(context.Background(), nc, func(h *handshake.Head) error {
			if h.Target() != "/chat" {
				return &handshake.Error{Status: http.StatusNotFound, Reason: "only /chat is here"}
			}
			return nil
		})
		if err != nil {
			return
		}
		// The connection is the application's from here on.
	}()

	nc, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer nc.Close()
	io.WriteString(nc, "GET /other HTTP/1.1\r\n"+
		"Host: example.com\r\n"+
		"Upgrade: websocket\r\n"+
		"Connection: Upgrade\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"+
		"Sec-WebSocket-Version: 13\r\n\r\n")
	answer, err := io.ReadAll(nc)
	status, _, _ := strings.Cut(string(answer), "\r\n")
	fmt.Println(status, err)
	// Output: HTTP/1.1 404 Not Found <nil>
}

// stream is a net.Pipe with some of its methods changed.
type stream struct {
	net.Conn
	closes atomic.Int32
}

func (s *stream) Close() error {
	s.closes.Add(1)
	return s.Conn.Close()
}

// noDeadlines is a stream whose deadlines cannot be set.
type noDeadlines struct{ *stream }

func (noDeadlines) SetDeadline(time.Time) error      { return os.ErrNoDeadline }
func (noDeadlines) SetReadDeadline(time.Time) error  { return os.ErrNoDeadline }
func (noDeadlines) SetWriteDeadline(time.Time) error { return os.ErrNoDeadline }

// Whatever the client does or leaves undone, AcceptConn comes to an end with
// its context, its time or its server, and closes the stream once.
func TestAcceptConnAlwaysComesToAnEnd(t *testing.T) {
	streams := map[string]func(*stream) io.ReadWriteCloser{
		"deadlines":         func(s *stream) io.ReadWriteCloser { return s },
		"deadlines refused": func(s *stream) io.ReadWriteCloser { return noDeadlines{s} },
		"no deadlines":      func(s *stream) io.ReadWriteCloser { return struct{ io.ReadWriteCloser }{s} },
	}
	clients := map[string]string{
		"silent":                         "",
		"does not read the answer":       request(),
		"does not read the refusal":      request("Upgrade:"),
		"stops in the middle of a field": request()[:50],
	}
	for streamName, wrap := range streams {
		for clientName, sent := range clients {
			for _, end := range []string{"context", "time", "server"} {
				t.Run(streamName+"/"+clientName+"/"+end, func(t *testing.T) {
					t.Parallel()
					ours, theirs := net.Pipe()
					defer theirs.Close()
					s := &server.Server{Options: server.Options{HandshakeTimeout: -1, Conn: conn.Options{WriteTimeout: -1}}}
					ctx, cancel := context.WithCancel(bg)
					defer cancel()
					if end == "time" {
						s.HandshakeTimeout = time.Millisecond
					}
					nc := &stream{Conn: ours}
					ended := make(chan error, 1)
					go func() {
						_, err := s.AcceptConn(ctx, wrap(nc), nil)
						ended <- err
					}()
					io.WriteString(theirs, sent)
					switch end {
					case "context":
						cancel()
					case "server":
						s.Close()
					}
					select {
					case err := <-ended:
						if err == nil {
							t.Error("accepted")
						}
					case <-time.After(guard):
						t.Fatal("it hangs")
					}
					if n := nc.closes.Load(); n != 1 {
						t.Errorf("closed %d times", n)
					}
				})
			}
		}
	}
}

func TestAPanicInTheCheckLeavesNothingOpen(t *testing.T) {
	ours, theirs := tcpPair(t)
	go io.WriteString(theirs, request())
	func() {
		defer func() {
			if recover() != "oops" {
				t.Error("the panic was lost")
			}
		}()
		(&server.Server{}).AcceptConn(bg, ours, func(*handshake.Head) error { panic("oops") })
	}()
	if answer, err := io.ReadAll(theirs); len(answer) > 0 {
		t.Errorf("got %q, %v", answer, err)
	}
}

func TestAConnectionThatIsAcceptedTooLateIsToldSo(t *testing.T) {
	s := &server.Server{Options: server.Options{Conn: conn.Options{CloseTimeout: guard}}}
	first, end := acceptOne(t, bg, s, nil)
	io.WriteString(first, request())
	r := bufio.NewReader(first)
	if _, err := http.ReadResponse(r, nil); err != nil {
		t.Fatal(err)
	}
	if got := <-end; got.err != nil {
		t.Fatal(got.err)
	}

	// The first client keeps Shutdown waiting, by leaving its close unanswered.
	ctx, cancel := context.WithCancel(bg)
	ended := make(chan error, 1)
	second, end := acceptOne(t, bg, s, func(*handshake.Head) error {
		go func() { ended <- s.Shutdown(ctx) }()
		_, err := r.ReadByte()
		return err // nil: from here on it cannot be refused
	})
	io.WriteString(second, request())
	answer, err := io.ReadAll(second)
	if !strings.HasSuffix(string(answer), "\x03\xe9server is shutting down") || err != nil {
		t.Errorf("got %q, %v", answer, err)
	}
	if got := <-end; !errors.Is(got.err, http.ErrServerClosed) {
		t.Errorf("%v", got.err)
	}
	cancel()
	<-ended
}
