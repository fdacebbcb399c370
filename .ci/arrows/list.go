package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// module is one of the workspace's.
type module struct{ Path, Dir string }

// pkg is what the go command tells of a package.
type pkg struct {
	ImportPath   string
	Standard     bool
	Module       *module
	Imports      []string
	TestImports  []string // of its own tests
	XTestImports []string // of the tests in a package beside it
}

// workspace returns the modules of go.work.
func workspace() ([]module, error) {
	out, err := goList("", "-m", "-json=Path,Dir")
	if err != nil {
		return nil, err
	}
	return decode[module](out)
}

// load returns the packages of a module and all that they stand on, tests not
// counted. It reads the module alone, as its users do, not the workspace.
func load(m module) ([]pkg, error) {
	out, err := goList(m.Dir, "-deps", "-json=ImportPath,Standard,Module,Imports,TestImports,XTestImports", "./...")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.Path, err)
	}
	return decode[pkg](out)
}

// goList runs "go list" in a module's folder or, if dir is "", in the workspace.
func goList(dir string, args ...string) ([]byte, error) {
	cmd := exec.Command("go", append([]string{"list"}, args...)...)
	cmd.Stderr = os.Stderr
	if dir != "" {
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOWORK=off")
	}
	return cmd.Output()
}

// decode reads JSON values that follow one another.
func decode[T any](b []byte) (list []T, err error) {
	d := json.NewDecoder(bytes.NewReader(b))
	for {
		var v T
		switch err := d.Decode(&v); {
		case errors.Is(err, io.EOF):
			return list, nil
		case err != nil:
			return nil, err
		}
		list = append(list, v)
	}
}
