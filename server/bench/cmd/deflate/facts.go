package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"
)

// facts are what figures depend on.
type facts struct {
	Go          string            `json:"go"`
	OS          string            `json:"os"`
	Arch        string            `json:"arch"`
	CPUs        int               `json:"cpus"`
	Rounds      int               `json:"rounds"`
	Connections int               `json:"connections"`
	Modules     map[string]string `json:"modules"`
}

// libraries are the modules that take part, in the order to name them.
var libraries = []string{
	"github.com/lxzan/gws",
	"github.com/coder/websocket",
	"github.com/klauspost/compress",
}

func setting(cfg config) facts {
	f := facts{
		Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU(),
		Rounds: cfg.rounds, Connections: cfg.connections, Modules: make(map[string]string),
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return f
	}
	versions := make(map[string]string)
	for _, m := range info.Deps {
		versions[m.Path] = m.Version
	}
	for _, path := range libraries {
		if v := versions[path]; v != "" {
			f.Modules[path] = v
		}
	}
	return f
}

// write writes f as two lines of Markdown, before the tables.
func (f facts) write(w io.Writer) error {
	var s strings.Builder
	fmt.Fprintf(&s, "%s on %s/%s, %d CPUs; medians of %d rounds with %d connections in turns.\n", f.Go, f.OS, f.Arch, f.CPUs, f.Rounds, f.Connections)
	for _, path := range libraries {
		if v, ok := f.Modules[path]; ok {
			s.WriteString(path + " " + v + "; ")
		}
	}
	_, err := io.WriteString(w, strings.TrimSuffix(s.String(), "; ")+"\n")
	return err
}
