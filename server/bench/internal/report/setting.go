// Package report is what the commands of this module have in common: what their
// figures depend on, and how they save them.
package report

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"
)

// Setting is what figures depend on, on this machine and in this program.
type Setting struct {
	Go        string    `json:"go"`
	OS        string    `json:"os"`
	Arch      string    `json:"arch"`
	CPUs      int       `json:"cpus"`
	Tags      string    `json:"tags,omitempty"` // of the build
	Libraries []Library `json:"libraries"`
}

// Library is a module that takes part.
type Library struct {
	Path    string `json:"path"`
	Version string `json:"version"`
}

// NewSetting returns the setting of this program, in which the modules of the
// given paths take part. One that was not linked is left out.
func NewSetting(paths ...string) Setting {
	s := Setting{Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return s
	}
	for _, setting := range info.Settings {
		if setting.Key == "-tags" {
			s.Tags = setting.Value
		}
	}
	for _, path := range paths {
		for _, m := range info.Deps {
			if m.Path == path {
				s.Libraries = append(s.Libraries, Library{path, m.Version})
			}
		}
	}
	return s
}

// Write writes s as two lines of Markdown, before the tables. how says how it
// was measured.
func (s Setting) Write(w io.Writer, how string) error {
	if s.Tags != "" {
		how += "; built with tags " + s.Tags
	}
	var names []string
	for _, l := range s.Libraries {
		names = append(names, l.Path+" "+l.Version)
	}
	_, err := fmt.Fprintf(w, "%s on %s/%s, %d CPUs; %s.\n%s\n", s.Go, s.OS, s.Arch, s.CPUs, how, strings.Join(names, "; "))
	return err
}
