package main

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// write makes a module's folder under git, with the given files.
func write(t *testing.T, path string, files map[string]string) module {
	t.Helper()
	m := module{path, t.TempDir()}
	for name, content := range files {
		file := filepath.Join(m.Dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command("git", "init", "-q", m.Dir).CombinedOutput(); err != nil {
		t.Fatalf("git init: %v\n%s", err, out)
	}
	return m
}

func TestAReleaseRequiresItsSiblingsAndReplacesNothing(t *testing.T) {
	frame := module{"example.org/frame", ""}
	m := write(t, "example.org/conn", map[string]string{"go.mod": `module example.org/conn

go 1.25

require (
	example.org/frame v0.0.0
	example.org/other v1.2.3
)

replace example.org/frame => ../frame
`})
	got, err := m.released("v0.0.0-ci", []module{frame, m})
	if err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]bool{
		"example.org/frame v0.0.0-ci\n": true,
		"example.org/other v1.2.3\n":    true,
		"replace":                       false,
	} {
		if strings.Contains(string(got), line) != want {
			t.Errorf("go.mod has %q: %v, want %v\n%s", line, !want, want, got)
		}
	}
}

func TestAnArchiveHoldsTheModulesOwnFiles(t *testing.T) {
	m := write(t, "example.org/Conn", map[string]string{
		"go.mod":            "module example.org/Conn\n",
		"conn.go":           "package conn\n",
		"message/event.go":  "package message\n",
		"cmd/tool/go.mod":   "module example.org/Conn/cmd/tool\n",
		"cmd/tool/main.go":  "package main\n",
		"cmd/tool/x/x.go":   "package x\n",
		".gitignore":        "ignored\n",
		"ignored":           "",
		"testdata/fuzz/x/y": "go test fuzz v1\n",
	})
	archive, err := m.archive("v1.0.0", []byte("the go.mod of the release"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range r.File {
		name, ok := strings.CutPrefix(f.Name, "example.org/Conn@v1.0.0/")
		if !ok {
			t.Errorf("%s is not below module@version/", f.Name)
		}
		names = append(names, name)
	}
	if want := []string{".gitignore", "conn.go", "go.mod", "message/event.go", "testdata/fuzz/x/y"}; !slices.Equal(names, want) {
		t.Errorf("holds %q, want %q", names, want)
	}
	f, err := r.Open("example.org/Conn@v1.0.0/go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := io.ReadAll(f); string(got) != "the go.mod of the release" {
		t.Errorf("go.mod is %q", got)
	}
}

func TestCapitalsAreEscaped(t *testing.T) {
	if got, want := escape("example.org/BurntSushi/x"), "example.org/!burnt!sushi/x"; got != want {
		t.Errorf("escape gives %q, want %q", got, want)
	}
}
