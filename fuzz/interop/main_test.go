package interop

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	_ "github.com/parleyws/parley/server" // a change of it must not leave old results in the test cache
)

// wsserve is the path of the server under test. TestMain sets it.
var wsserve string

// buildFlags are those of go build for the server under test.
var buildFlags []string

func TestMain(m *testing.M) {
	if os.Getenv(inDoorProcess) != "" {
		os.Exit(serveHTTP2Doors())
	}
	os.Exit(withServer(m.Run))
}

// withServer builds wsserve, runs the tests, and removes what it built.
func withServer(run func() int) int {
	if wsserve = os.Getenv("PARLEY_WSSERVE"); wsserve != "" {
		return run()
	}
	dir, err := os.MkdirTemp("", "parley-interop-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)

	wsserve = filepath.Join(dir, "wsserve")
	build := exec.Command("go", append(append([]string{"build"}, buildFlags...), "-o", wsserve, ".")...)
	build.Dir = filepath.Join("..", "..", "server", "cmd", "wsserve")
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "go build of wsserve:", err)
		return 1
	}
	return run()
}
