package interop

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience is how long anything may take before a test calls it hung. It is
// far more than a slow machine needs, since no test is about time.
const patience = 60 * time.Second

// server is a wsserve process.
type server struct {
	t       *testing.T
	url     string // such as http://127.0.0.1:41234
	process *exec.Cmd
	exited  chan error   // yields how the process ended, once
	stopped bool         // of the test's goroutine
	log     bytes.Buffer // what it wrote; complete when it has exited
}

// serve starts wsserve on a free port with flags, and ends it after the test.
func serve(t *testing.T, flags ...string) *server {
	t.Helper()
	s := &server{t: t, exited: make(chan error, 1)}
	s.process = exec.Command(wsserve, append([]string{"-addr", "127.0.0.1:0"}, flags...)...)
	s.process.Stderr = &s.log
	// A server with the race detector would sleep for a second at its end.
	s.process.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=10")
	stdout, err := s.process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.process.Start(); err != nil {
		t.Fatal(err)
	}

	line := make(chan string, 1)
	go func() {
		r := bufio.NewReader(stdout)
		first, _ := r.ReadString('\n')
		line <- strings.TrimSpace(first)
		io.Copy(io.Discard, r)
		s.exited <- s.process.Wait()
	}()
	t.Cleanup(func() {
		if err := s.stop(); err != nil {
			t.Errorf("wsserve ended badly: %v\n%s", err, &s.log)
		}
	})

	var ok bool
	select {
	case first := <-line:
		if s.url, ok = strings.CutPrefix(first, "listening on "); !ok {
			t.Fatalf("wsserve %q said %q first, want listening on URL", flags, first)
		}
	case <-time.After(patience):
		t.Fatalf("wsserve %q does not say that it listens", flags)
	}
	return s
}

// ws returns the WebSocket address of an endpoint.
func (s *server) ws(path string) string {
	return "ws" + strings.TrimPrefix(s.url, "http") + path
}

// stop sends SIGTERM and waits for the process to end. It returns an error if
// that took a kill or the status was not 0. Calls after the first do nothing.
func (s *server) stop() error {
	if s.stopped {
		return nil
	}
	s.stopped = true
	s.process.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-s.exited:
		return err
	case <-time.After(patience):
		s.process.Process.Kill()
		return <-s.exited
	}
}

// healthy fails the test unless the server still answers.
func (s *server) healthy() {
	s.t.Helper()
	response, err := http.Get(s.url + "/healthz")
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		s.t.Errorf("/healthz answers %s, want 200", response.Status)
	}
}
