package interop

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"

	"github.com/parleyws/parley/conn"
)

// netConnListener is a listener whose connections are WebSockets. Dial makes one.
type netConnListener struct {
	accept chan net.Conn
	done   chan struct{}
	once   sync.Once

	mu    sync.Mutex
	pairs []*netConnPair
}

func newNetConnListener(t *testing.T) *netConnListener {
	l := &netConnListener{accept: make(chan net.Conn), done: make(chan struct{})}
	t.Cleanup(func() {
		l.Close()
		for _, p := range l.pairs {
			p.stop()
		}
	})
	return l
}

func (l *netConnListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.accept:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *netConnListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *netConnListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 80} }

// Dial returns the client's end of a new connection; the server's goes to Accept.
func (l *netConnListener) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	a, b, err := netConnTCP()
	if err != nil {
		return nil, err
	}
	p, err := newNetConnPair(a, b, nil)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	l.pairs = append(l.pairs, p)
	l.mu.Unlock()
	select {
	case l.accept <- p.server:
		return p.client, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// dialled returns the connections made so far.
func (l *netConnListener) dialled() []*netConnPair {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.pairs
}

// serveHTTPOverNetConns runs net/http at both ends of WebSockets.
func serveHTTPOverNetConns(t *testing.T, h http.Handler) (*netConnListener, *http.Client, *http.Server) {
	t.Helper()
	l := newNetConnListener(t)
	s := &http.Server{Handler: h}
	var served sync.WaitGroup
	served.Go(func() { s.Serve(l) })
	transport := &http.Transport{DialContext: l.Dial}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		s.Close()
		served.Wait()
	})
	return l, &http.Client{Transport: transport}, s
}

// net/http reads in the background while a handler runs, to learn that the client
// has gone, and breaks that off by a read deadline, which must do no harm.
func TestHTTPKeepsOneWebSocketAliveForManyRequestsG19(t *testing.T) {
	l, client, _ := serveHTTPOverNetConns(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		fmt.Fprintf(w, "%s %s ", r.Method, r.URL.Path)
		w.Write(body)
	}))
	for i, size := range []int{0, 1, 4096, 1 << 20, 10, 0} {
		url := fmt.Sprintf("http://parley.test/%d", i)
		resp, err := client.Post(url, "application/octet-stream", bytes.NewReader(mebibyte[:size]))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if want := append(fmt.Appendf(nil, "POST /%d ", i), mebibyte[:size]...); err != nil || !bytes.Equal(got, want) {
			t.Errorf("request %d: got %d bytes, %v, want %d", i, len(got), err, len(want))
		}
	}
	if n := len(l.dialled()); n != 1 {
		t.Errorf("%d connections, want one", n)
	}
}

// Each piece is asked for after the last has come, so nothing may be held back.
func TestHTTPStreamsABodyOverAWebSocketG19(t *testing.T) {
	more := make(chan string)
	_, client, _ := serveHTTPOverNetConns(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for piece := range more {
			io.WriteString(w, piece)
			w.(http.Flusher).Flush()
		}
	}))
	go func() { more <- "" }() // the head
	resp, err := client.Get("http://parley.test/")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	for i := range 100 {
		piece := fmt.Sprintf("piece %d", i)
		more <- piece
		got := make([]byte, len(piece))
		if _, err := io.ReadFull(resp.Body, got); err != nil || string(got) != piece {
			t.Fatalf("got %q, %v, want %q", got, err, piece)
		}
	}
	close(more)
	readAll(t, resp.Body, nil)
}

// A client that gives up closes the connection, which the server learns at once
// because it reads.
func TestHTTPLearnsThatTheClientHasGoneG19(t *testing.T) {
	begun, gone := make(chan struct{}), make(chan struct{})
	_, client, _ := serveHTTPOverNetConns(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(begun)
		<-r.Context().Done()
		close(gone)
	}))
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-begun
		cancel()
	}()
	req, err := http.NewRequestWithContext(ctx, "GET", "http://parley.test/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp, err := client.Do(req); err == nil {
		resp.Body.Close()
		t.Error("the request was answered")
	}
	<-gone
}

// Hijack breaks off the read in the background; its bytes must reach the new owner.
func TestHTTPHandsAWebSocketOverG19(t *testing.T) {
	l, client, _ := serveHTTPOverNetConns(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		if _, ok := c.(*conn.NetConn); !ok {
			t.Errorf("the connection is a %T", c)
		}
		io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		io.CopyN(c, rw, int64(len(mebibyte)))
	}))
	req, err := http.NewRequest("GET", "http://parley.test/", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Upgrade", "echo")
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	stream := resp.Body.(io.ReadWriteCloser)
	defer stream.Close()
	var sending sync.WaitGroup
	sending.Go(func() {
		if _, err := stream.Write(mebibyte); err != nil {
			t.Error(err)
		}
	})
	readAll(t, stream, mebibyte)
	sending.Wait()
	if n := len(l.dialled()); n != 1 {
		t.Errorf("%d connections, want one", n)
	}
}

// A server that shuts down closes what is idle, and the next request finds a new
// connection, not an error.
func TestHTTPTakesANewWebSocketAfterTheOldHasClosedG19(t *testing.T) {
	l, client, _ := serveHTTPOverNetConns(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", r.URL.Query().Get("then"))
	}))
	for _, then := range []string{"keep-alive", "close", "keep-alive"} {
		resp, err := client.Get("http://parley.test/?then=" + then)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	if n := len(l.dialled()); n != 2 {
		t.Errorf("%d connections, want two", n)
	}
	first := l.dialled()[0]
	<-first.serverConn.Done()
	<-first.clientConn.Done()
}
