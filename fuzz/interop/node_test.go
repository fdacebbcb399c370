package interop

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// foreign names a client library that node/client.mjs knows.
type foreign string

const (
	ws     foreign = "ws"
	undici foreign = "undici"
)

// both are the clients with the browser's API.
var both = []foreign{ws, undici}

// options are what a case of node/cases.mjs or node/wire.mjs is told.
type options map[string]any

// ending is how a client saw its connection close.
type ending struct {
	Code     int
	Reason   string
	WasClean bool
}

// needNode ends the test if node, or the packages of node/package.json, are
// not there.
func needNode(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		missing(t, "node is not installed: these tests need Node 20.18 or newer")
	}
	for _, library := range both {
		if _, err := os.Stat(filepath.Join("node", "node_modules", string(library))); err != nil {
			missing(t, "the npm packages are not installed: run `npm ci` in fuzz/interop/node")
		}
	}

	// What the test has looked at, a cached result depends on.
	scripts, err := filepath.Glob(filepath.Join("node", "*.mjs"))
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts in fuzz/interop/node (%v)", err)
	}
	for _, script := range scripts {
		if _, err := os.Stat(script); err != nil {
			t.Fatal(err)
		}
	}
}

// does runs one case of a client against url, and decodes what it saw.
func (library foreign) does(t *testing.T, url, name string, with options, seen any) {
	t.Helper()
	library.start(t, url, name, with).finish(seen)
}

// client is a running node process.
type client struct {
	t       *testing.T
	process *exec.Cmd
	stdout  io.ReadCloser
	stderr  bytes.Buffer
	command string // to paste, to see a failure again
}

// start starts a case without waiting for its end.
func (library foreign) start(t *testing.T, url, name string, with options) *client {
	t.Helper()
	if with == nil {
		with = options{}
	}
	told, err := json.Marshal(with)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	c := &client{t: t}
	c.process = exec.CommandContext(ctx, "node", "client.mjs", string(library), url, name, string(told))
	c.command = strings.Join(c.process.Args[:5], " ") + " '" + string(told) + "'"
	c.process.Dir = "node"
	c.process.Stderr = &c.stderr
	if c.stdout, err = c.process.StdoutPipe(); err != nil {
		t.Fatal(err)
	}
	if err := c.process.Start(); err != nil {
		t.Fatal(err)
	}
	return c
}

// awaitOpen waits until the case says that it is connected.
func (c *client) awaitOpen() {
	c.t.Helper()
	said := make([]byte, len("open\n"))
	if _, err := io.ReadFull(c.stdout, said); err != nil || string(said) != "open\n" {
		c.t.Errorf("said %q (%v), want open", said, err)
		c.finish(nil)
	}
}

// finish waits for the end of the process and decodes its report, of which it
// knows every field.
func (c *client) finish(seen any) {
	c.t.Helper()
	report, _ := io.ReadAll(c.stdout)
	if err := c.process.Wait(); err != nil {
		c.t.Fatalf("%v\nin fuzz/interop/node: %s\n%s%s", err, c.command, report, &c.stderr)
	}
	decoder := json.NewDecoder(bytes.NewReader(report))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(seen); err != nil {
		c.t.Fatalf("report %q: %v", report, err)
	}
}

// wantEnding compares how a connection ended with how it should have.
func wantEnding(t *testing.T, got ending, code int, reason string) {
	t.Helper()
	if want := (ending{code, reason, true}); got != want {
		t.Errorf("closed with %+v, want %+v", got, want)
	}
}
