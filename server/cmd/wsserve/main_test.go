package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"io/fs"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// output is what a command prints, while it runs.
type output struct {
	mu    sync.Mutex
	buf   bytes.Buffer
	first chan struct{} // closed at the first line
}

func newOutput() *output { return &output{first: make(chan struct{})} }

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	had := bytes.Contains(o.buf.Bytes(), []byte("\n"))
	n, err := o.buf.Write(p)
	if !had && bytes.Contains(o.buf.Bytes(), []byte("\n")) {
		close(o.first)
	}
	return n, err
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// start runs the server with the given flags, and returns the address that it
// prints.
func start(t *testing.T, args ...string) (address string) {
	t.Helper()
	cfg, err := parseFlags(append([]string{"-addr", "127.0.0.1:0"}, args...), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	out := newOutput()
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, cfg, out, io.Discard) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	select {
	case <-out.first:
	case err := <-ended:
		ended <- err
		t.Fatal(err)
	}
	address, ok := strings.CutPrefix(strings.TrimSpace(out.String()), "listening on ")
	if !ok {
		t.Fatalf("printed %q", out)
	}
	return address
}

func TestBadInputIsOneLineAndAStatus(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, tc := range []struct {
		args   string
		status int
		says   string
	}{
		{"-nonsense", 2, "-nonsense"},
		{"extra", 2, `"extra"`},
		{"-max-message many", 2, "many"},
		{"-deflate-window 16", 2, "-deflate-window"},
		{"-log-level loud", 2, "loud"},
		{"-path echo", 2, "-path"},
		{"-path /chat", 2, "taken"},
		{"-origins *", 2, "-origins"},
		{"-tls-cert x", 2, "-tls-key"},
		{"-tls-self-signed -tls-cert x -tls-key y", 2, "-tls-self-signed"},
		{"-mode poll", 2, "not available yet"},
		{"-h2", 2, "not available yet"},
		{"-h3", 2, "not available yet"},
		{"-nats nats://x", 2, "not available yet"},
		{"-backlog 5", 2, "not available yet"},
		{"-addr " + taken.Addr().String(), 1, "address already in use"},
		{"-addr nowhere", 1, "nowhere"},
		{"-addr unix:/no/such/folder/socket", 1, "/no/such/folder/socket"},
		{"-tls-cert /no/such -tls-key /no/such", 1, "/no/such"},
	} {
		var stdout, stderr bytes.Buffer
		status := run(strings.Fields(tc.args), &stdout, &stderr)
		line := stderr.String()
		if status != tc.status || strings.Count(line, "\n") != 1 || !strings.HasPrefix(line, "wsserve: ") || !strings.Contains(line, tc.says) || stdout.Len() > 0 {
			t.Errorf("wsserve %s: status %d, stderr %q, stdout %q", tc.args, status, line, stdout.String())
		}
	}
}

func TestHelpGoesToStandardOutput(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if status := run([]string{"-help"}, &stdout, &stderr); status != 0 || stderr.Len() > 0 {
		t.Errorf("status %d, stderr %q", status, stderr.String())
	}
	for _, f := range []string{"-addr", "-path", "-mode", "-deflate", "-deflate-threshold", "-deflate-window", "-takeover", "-max-message", "-origins", "-subprotocols", "-tls-cert", "-tls-key", "-tls-self-signed", "-h2", "-h3", "-nats", "-backlog", "-ping-interval", "-log-level"} {
		if !strings.Contains(stdout.String(), "\n  "+f) {
			t.Errorf("the help does not tell of %s", f)
		}
	}
}

func get(t *testing.T, url string) (status int, h http.Header, body string) {
	t.Helper()
	c := &http.Client{
		Timeout:   30 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true},
	}
	resp, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(b)
}

func TestThePageNeedsNothingFromOutside(t *testing.T) {
	address := start(t)
	kinds := map[string]string{
		".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml",
	}
	err := fs.WalkDir(pageFiles, "page", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		path = strings.TrimSuffix(strings.TrimPrefix(path, "page"), "index.html")
		kind := kinds[filepath.Ext(d.Name())]
		status, h, body := get(t, address+path)
		if status != 200 || kind == "" || !strings.HasPrefix(h.Get("Content-Type"), kind) {
			t.Errorf("%s: %d, %s", path, status, h.Get("Content-Type"))
		}
		if h.Get("Content-Security-Policy") != contentPolicy {
			t.Errorf("%s: policy %q", path, h.Get("Content-Security-Policy"))
		}
		for _, outside := range []string{`src="http`, `href="http`, `url(http`, `@import`, `from "http`} {
			if strings.Contains(body, outside) {
				t.Errorf("%s has %q", path, outside)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if status, _, _ := get(t, address+"/nothing"); status != 404 {
		t.Errorf("/nothing: %d", status)
	}
}

func TestEndpoints(t *testing.T) {
	for _, args := range [][]string{nil, {"-tls-self-signed"}, {"-path", "/ws"}} {
		address := start(t, args...)
		if secure := strings.HasPrefix(address, "https://"); secure != (args != nil && args[0] == "-tls-self-signed") {
			t.Errorf("%v: %s", args, address)
		}
		echo := "/echo"
		if args != nil && args[0] == "-path" {
			echo = args[1]
		}
		for path, want := range map[string]int{"/healthz": 200, "/metrics": 200, echo: 426, "/chat": 426, "/broadcast": 426} {
			if status, _, _ := get(t, address+path); status != want {
				t.Errorf("%v %s: %d", args, path, status)
			}
		}
	}
}

func TestAUnixSocketIsAnAddress(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	if address := start(t, "-addr", "unix:"+path); address != "unix:"+path {
		t.Errorf("listening on %s", address)
	}
	nc, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	io.WriteString(nc, "GET /healthz HTTP/1.0\r\n\r\n")
	if got, _ := io.ReadAll(nc); !strings.HasSuffix(string(got), "\r\n\r\nok\n") {
		t.Errorf("got %q", got)
	}
}
