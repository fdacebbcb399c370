package handshake

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// guard is far longer than anything here takes; it keeps a failure from hanging.
const guard = 30 * time.Second

func TestARefusalSaysWhy(t *testing.T) {
	for _, c := range refused {
		t.Run(c.name, func(t *testing.T) {
			r := readRequest(t, c.request)
			_, err := judge(r)
			w := httptest.NewRecorder()
			Refuse(w, r, err)

			want := http.Header{
				"Connection":             {"close"},
				"Content-Type":           {"text/plain; charset=utf-8"},
				"X-Content-Type-Options": {"nosniff"},
			}
			for name, values := range c.header {
				want[name] = values
			}
			if want["Upgrade"] != nil {
				want["Connection"] = []string{"close", "Upgrade"}
			}
			if diff := cmp.Diff(want, w.Header()); diff != "" {
				t.Errorf("header: %s", diff)
			}
			var e *Error
			if !errors.As(err, &e) || w.Code != c.status || w.Body.String() != e.Reason+"\n" {
				t.Errorf("answered %d %q; want %d and the reason of %v", w.Code, w.Body, c.status, err)
			}
		})
	}
}

func TestARawRefusalSaysTheSame(t *testing.T) {
	for _, c := range refused {
		t.Run(c.name, func(t *testing.T) {
			r := readRequest(t, c.request)
			_, err := judge(r)
			w := httptest.NewRecorder()
			Refuse(w, r, err)

			raw := AppendRefusal([]byte("before "), err)
			raw, _ = bytes.CutPrefix(raw, []byte("before "))
			for _, value := range w.Header()["Connection"] {
				if !bytes.Contains(raw, []byte("\r\nConnection: "+value+"\r\n")) {
					t.Errorf("no Connection: %s in %q", value, raw)
				}
			}
			resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(raw)), nil)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(resp.Body)
			if err != nil || resp.StatusCode != w.Code || string(body) != w.Body.String() || !resp.Close {
				t.Errorf("%d, %q, %v; want %d, %q", resp.StatusCode, body, err, w.Code, w.Body)
			}
			delete(resp.Header, "Content-Length")
			delete(w.Header(), "Connection") // net/http takes it out of a response that closes
			delete(resp.Header, "Connection")
			if diff := cmp.Diff(w.Header(), resp.Header); diff != "" {
				t.Errorf("header: %s", diff)
			}
		})
	}
}

func TestAfterARefusalTheConnectionCloses(t *testing.T) {
	// S1, and RFC 6455 4.2.1 with RFC 9112 9.6: what is pipelined behind a
	// refused upgrade is never answered.
	for _, c := range refused {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var calls atomic.Int32
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				calls.Add(1)
				if _, err := judge(r); err != nil {
					Refuse(w, r, err)
					return
				}
				io.WriteString(w, "not refused")
			}))
			defer srv.Close()

			answer := exchange(t, srv.Listener.Addr(), c.request+"GET /second HTTP/1.1\r\nHost: example.com\r\n\r\n")
			br := bufio.NewReader(bytes.NewReader(answer))
			resp, err := http.ReadResponse(br, &http.Request{Method: methodOf(c.request)})
			if err != nil {
				t.Fatalf("%q: %v", answer, err)
			}
			io.Copy(io.Discard, resp.Body)
			rest, _ := io.ReadAll(br)
			if resp.StatusCode != c.status || !resp.Close || len(rest) > 0 {
				t.Errorf("answered %q; want one answer of status %d that closes", answer, c.status)
			}
			for name, values := range c.header {
				if !slices.Equal(resp.Header[name], values) {
					t.Errorf("%s: %q, want %q", name, resp.Header[name], values)
				}
			}
			if n := calls.Load(); n != 1 {
				t.Errorf("the handler ran %d times", n)
			}
		})
	}
}

func TestARefusalDoesNotWaitForABody(t *testing.T) {
	// S2 with a body that never comes.
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := ParseRequest(r)
		Refuse(w, r, err)
	}))
	defer srv.Close()
	for _, field := range []string{"Content-Length: 6", "Transfer-Encoding: chunked"} {
		answer := exchange(t, srv.Listener.Addr(), edit("\r\n\r\n", "\r\n"+field+"\r\n\r\n"))
		if !strings.HasPrefix(string(answer), "HTTP/1.1 400 Bad Request\r\n") {
			t.Errorf("%s: answered %q", field, answer)
		}
	}
}

// exchange sends request in one write, and returns all that comes back until
// the server closes.
func exchange(t *testing.T, addr net.Addr, request string) []byte {
	t.Helper()
	nc, err := net.Dial(addr.Network(), addr.String())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	nc.SetDeadline(time.Now().Add(guard))
	if _, err := io.WriteString(nc, request); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(nc)
	if err != nil {
		t.Fatalf("after %q: %v", answer, err)
	}
	return answer
}

func methodOf(request string) string {
	method, _, _ := strings.Cut(request, " ")
	return method
}

func TestOverHTTP2ARefusalKeepsTheConnection(t *testing.T) {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := ParseRequest(r)
		w.Header().Set("X-Peer", r.RemoteAddr)
		Refuse(w, r, err)
	}))
	srv.EnableHTTP2 = true
	srv.StartTLS()
	defer srv.Close()

	var peers []string
	for range 3 {
		resp, err := srv.Client().Get(srv.URL)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.ProtoMajor != 2 || resp.StatusCode != 426 || len(body) == 0 {
			t.Errorf("%s %d, %q, %v", resp.Proto, resp.StatusCode, body, err)
		}
		if resp.Header["Upgrade"] != nil || resp.Header["Connection"] != nil {
			t.Errorf("header %q", resp.Header)
		}
		peers = append(peers, resp.Header.Get("X-Peer"))
	}
	if peers[0] != peers[1] || peers[1] != peers[2] {
		t.Errorf("connections were not kept: %q", peers)
	}
}

func TestWhatIsNotTheClientsBusinessIsA500(t *testing.T) {
	for _, err := range []error{
		nil,
		errors.New("password of the database is wrong"),
		&ArgumentError{"header field", "bad"},
		&Error{Status: 0, Reason: "secret"},
		&Error{Status: 200, Reason: "secret"},
		&Error{Status: 101, Reason: "secret"},
		&Error{Status: 600, Reason: "secret"},
	} {
		w := httptest.NewRecorder()
		Refuse(w, httptest.NewRequest("GET", "/", nil), err)
		if w.Code != 500 || w.Body.String() != "Internal Server Error\n" {
			t.Errorf("%v: %d %q", err, w.Code, w.Body)
		}
	}
}

func TestAnErrorOfTheApplicationIsToldAsItIs(t *testing.T) {
	// A hook's error, wrapped on its way.
	err := fmt.Errorf("hook: %w", &Error{
		Status: 401,
		Reason: "log in first",
		Header: http.Header{"www-authenticate": {`Basic realm="x"`, "evil\r\nX-Evil: 1"}, "Bad Name": {"1"}, "connection": {"keep-alive"}, "Content-Length": {"3"}},
	})
	w := httptest.NewRecorder()
	w.Header().Set("Set-Cookie", "a=b")
	w.Header().Set("Content-Encoding", "gzip")
	w.Header().Set("Content-Length", "7")
	w.Header().Set("Connection", "keep-alive")
	Refuse(w, httptest.NewRequest("GET", "/", nil), err)
	want := http.Header{
		"Connection":             {"close"},
		"Content-Type":           {"text/plain; charset=utf-8"},
		"Set-Cookie":             {"a=b"},
		"Www-Authenticate":       {`Basic realm="x"`},
		"X-Content-Type-Options": {"nosniff"},
	}
	if diff := cmp.Diff(want, w.Header()); diff != "" || w.Code != 401 || w.Body.String() != "log in first\n" {
		t.Errorf("%d %q %s", w.Code, w.Body, diff)
	}
}
