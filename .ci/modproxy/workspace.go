package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// module is one of the workspace's.
type module struct{ Path, Dir string }

// workspace returns the modules of go.work.
func workspace() (modules []module, err error) {
	list, err := output("", "go", "list", "-m", "-json=Path,Dir")
	if err != nil {
		return nil, err
	}
	for d := json.NewDecoder(strings.NewReader(list)); ; {
		var m module
		switch err := d.Decode(&m); {
		case errors.Is(err, io.EOF):
			return modules, nil
		case err != nil:
			return nil, err
		}
		modules = append(modules, m)
	}
}

// files returns the module's files, relative to its folder: those of git, less
// what is in a module nested in it.
func (m module) files() (files []string, err error) {
	list, err := output(m.Dir, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	if err != nil {
		return nil, err
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(list, "\x00"), "\x00") {
		info, err := os.Lstat(filepath.Join(m.Dir, name))
		if err != nil || !info.Mode().IsRegular() || m.nested(name) {
			continue // removed but not committed yet; or a link, which modules do not have
		}
		files = append(files, filepath.ToSlash(name))
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}

// nested reports whether a file is in a module inside m's folder.
func (m module) nested(name string) bool {
	for dir := filepath.Dir(name); dir != "."; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(m.Dir, dir, "go.mod")); err == nil {
			return true
		}
	}
	return false
}

// output runs a command in dir and returns what it prints.
func output(dir, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return string(out), nil
}
