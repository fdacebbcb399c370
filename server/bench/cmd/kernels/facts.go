package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
)

// facts are what figures depend on.
type facts struct {
	Go      string            `json:"go"`
	OS      string            `json:"os"`
	Arch    string            `json:"arch"`
	CPUs    int               `json:"cpus"`
	Tags    string            `json:"tags,omitempty"` // of the build
	Rounds  int               `json:"rounds"`
	Time    time.Duration     `json:"time"` // of one contestant in one round, in nanoseconds
	Modules map[string]string `json:"modules"`
}

// libraries are the modules that take part, in the order to name them.
var libraries = []string{
	"github.com/gobwas/ws",
	"github.com/lxzan/gws",
	"github.com/coder/websocket",
	"github.com/gorilla/websocket",
	"github.com/segmentio/asm",
}

func setting(cfg config) facts {
	f := facts{
		Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU(),
		Rounds: cfg.rounds, Time: cfg.time, Modules: make(map[string]string),
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
	for _, s := range info.Settings {
		if s.Key == "-tags" {
			f.Tags = s.Value
		}
	}
	return f
}

// write writes f as two lines of Markdown, before the tables.
func (f facts) write(w io.Writer) error {
	var s strings.Builder
	fmt.Fprintf(&s, "%s on %s/%s, %d CPUs; medians of %d rounds of %v", f.Go, f.OS, f.Arch, f.CPUs, f.Rounds, f.Time)
	if f.Tags != "" {
		s.WriteString("; built with tags " + f.Tags)
	}
	s.WriteString(".\n")
	for _, path := range libraries {
		if v, ok := f.Modules[path]; ok {
			s.WriteString(path + " " + v + "; ")
		}
	}
	_, err := io.WriteString(w, strings.TrimSuffix(s.String(), "; ")+"\n")
	return err
}
