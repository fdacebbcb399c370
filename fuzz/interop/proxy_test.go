package interop

import (
	"bytes"
	"embed"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"text/template"
	"time"
)

// software is a reverse proxy that somebody else wrote.
type software struct {
	name   string
	config string // a template in folder proxy
	start  func(program, dir, config string, ways []way) *exec.Cmd
}

// proxies are all that the tests know.
var proxies = []software{
	{"nginx", "nginx.conf", func(program, dir, config string, ways []way) *exec.Cmd {
		c := exec.Command(program, "-p", dir, "-e", "stderr", "-c", config)
		// As an nginx hands its sockets to the one that replaces it.
		sockets := "NGINX="
		for _, w := range ways {
			sockets += strconv.Itoa(w.FD) + ";"
		}
		c.Env = append(os.Environ(), sockets)
		return c
	}},
	{"haproxy", "haproxy.cfg", func(program, _, config string, _ []way) *exec.Cmd {
		return exec.Command(program, "-db", "-f", config) // -db: in the foreground
	}},
}

// configs has a template for each proxy.
//
//go:embed proxy
var configs embed.FS

// way is a door of a proxy and the server behind it.
type way struct {
	Front string // where the proxy listens
	FD    int    // its file descriptor for that
	Back  string // the server's address
}

// before starts the proxy in front of servers, on free ports of the loopback
// interface, and returns its door for each. It ends with the test.
//
// The proxy inherits its sockets: so nobody else can take a port first, and who
// connects before the proxy is ready waits in the queue.
func (p software) before(t *testing.T, servers ...string) (doors []string) {
	t.Helper()
	program := p.program()
	if program == "" {
		missing(t, p.name+" is not installed (Debian: apt-get install --no-install-recommends "+p.name+")")
	}
	var ways []way
	var sockets []*os.File
	for i, back := range servers {
		front, socket := listening(t)
		const first = 3 // descriptor behind standard input, output and error
		ways = append(ways, way{front, first + i, back})
		sockets = append(sockets, socket)
		doors = append(doors, front)
	}
	dir := t.TempDir()
	process := p.start(program, dir, p.configure(t, dir, ways), ways)
	process.ExtraFiles = sockets
	var log bytes.Buffer
	process.Stdout, process.Stderr = &log, &log
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	for _, socket := range sockets {
		socket.Close()
	}
	exited := make(chan struct{})
	go func() {
		process.Wait()
		close(exited)
	}()
	t.Cleanup(func() {
		select {
		case <-exited:
			t.Errorf("%s ended by itself: %v\n%s", p.name, process.ProcessState, &log)
			return
		default:
		}
		process.Process.Signal(syscall.SIGTERM)
		select {
		case <-exited:
		case <-time.After(patience):
			process.Process.Kill()
			<-exited
			t.Errorf("%s had to be killed", p.name)
		}
		if t.Failed() && log.Len() > 0 {
			t.Logf("%s says:\n%s", p.name, &log)
		}
	})
	return doors
}

// program returns the path of the proxy, or "". It may be where the PATH of
// users who are not root does not lead.
func (p software) program() string {
	for _, name := range []string{p.name, "/usr/sbin/" + p.name, "/usr/local/sbin/" + p.name} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// listening returns a socket that listens, and its address.
func listening(t *testing.T) (addr string, socket *os.File) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() // the file is a duplicate
	if socket, err = l.(*net.TCPListener).File(); err != nil {
		t.Fatal(err)
	}
	return l.Addr().String(), socket
}

// configure writes the proxy's configuration to dir, and returns its path.
func (p software) configure(t *testing.T, dir string, ways []way) (path string) {
	t.Helper()
	var text strings.Builder
	about := struct {
		Dir  string
		Ways []way
	}{dir, ways}
	if err := template.Must(template.ParseFS(configs, "proxy/"+p.config)).Execute(&text, about); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(dir, p.config)
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
