package interop

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Frames of a client, masked with the key 00000000, and what comes back.
const (
	hello = "\x81\x85\x00\x00\x00\x00Hello"
	bye   = "\x88\x82\x00\x00\x00\x00\x03\xe8"

	tunnelPing = "\x89\x87\x00\x00\x00\x00tunnel?"

	helloBack  = "\x81\x05Hello"
	byeBack    = "\x88\x02\x03\xe8"
	tunnelPong = "\x8a\x07tunnel?"
)

// second is a request behind another. It asks to close, so that all that comes
// has an end through a proxy as well, and is no request for a WebSocket.
const second = "GET /second HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

// answer is an HTTP response, read to its end.
type answer struct {
	status int
	header http.Header
	body   string
	opened bool // protocols were switched, and what follows is no HTTP
}

// reason is the text of a refusal.
func (a answer) reason() string { return strings.TrimSuffix(a.body, "\n") }

// wire is a connection to a door, and all that comes from it.
type wire struct {
	t   *testing.T
	raw net.Conn
	in  *bufio.Reader
}

// connect opens a connection to addr that ends with the test.
func connect(t *testing.T, addr string) *wire {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(patience))
	return &wire{t, nc, bufio.NewReader(nc)}
}

// send writes s. That the other side has closed is no error: what it said
// before counts.
func (w *wire) send(s string) {
	w.t.Helper()
	if _, err := io.WriteString(w.raw, s); isTimeout(err) {
		w.t.Fatalf("nobody reads: %v", err)
	}
}

// answer reads the response to a request of that method.
func (w *wire) answer(method string) answer {
	w.t.Helper()
	a, err := nextAnswer(w.in, method)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

// rest reads until the other side closes, and then closes as well.
func (w *wire) rest() string {
	w.t.Helper()
	b, err := io.ReadAll(w.in)
	if isTimeout(err) {
		w.t.Fatalf("the connection stays open, after %q", b)
	}
	w.raw.Close()
	return string(b)
}

// isTimeout reports whether the other side neither sent what it should nor
// closed, by whichever way it may close.
func isTimeout(err error) bool {
	var e net.Error
	return errors.As(err, &e) && e.Timeout()
}

// nextAnswer reads a response, past those that only say to go on.
func nextAnswer(r *bufio.Reader, method string) (answer, error) {
	for {
		resp, err := http.ReadResponse(r, &http.Request{Method: method})
		if err != nil {
			return answer{}, err
		}
		a := answer{status: resp.StatusCode, header: resp.Header, opened: resp.StatusCode == http.StatusSwitchingProtocols}
		if a.opened {
			return a, nil
		}
		if a.status < 200 {
			continue
		}
		body, err := io.ReadAll(resp.Body)
		a.body = string(body)
		return a, err
	}
}

// plainRequests reads HTTP requests from b until there is nothing left, and
// returns how many there were.
func plainRequests(b []byte) (n int, err error) {
	r := bufio.NewReader(bytes.NewReader(b))
	for {
		if _, err := r.Peek(1); err == io.EOF {
			return n, nil
		}
		req, err := http.ReadRequest(r)
		if err != nil {
			return n, fmt.Errorf("request %d: %w", n+1, err)
		}
		if _, err := io.Copy(io.Discard, req.Body); err != nil {
			return n, fmt.Errorf("body of request %d: %w", n+1, err)
		}
		n++
	}
}
