package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"
)

// release writes what a module proxy answers for one version of m: its list of
// versions, and the .info, .mod and .zip of that one.
func (m module) release(proxy, version string, siblings []module) error {
	dir := filepath.Join(proxy, filepath.FromSlash(escape(m.Path)), "@v")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	gomod, err := m.released(version, siblings)
	if err != nil {
		return err
	}
	archive, err := m.archive(version, gomod)
	if err != nil {
		return err
	}
	info, err := json.Marshal(map[string]any{"Version": version, "Time": time.Unix(0, 0).UTC()})
	if err != nil {
		return err
	}
	for name, content := range map[string][]byte{
		"list":            []byte(version + "\n"),
		version + ".info": info,
		version + ".mod":  gomod,
		version + ".zip":  archive,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// released returns m's go.mod as a release would have it: consumers ignore its
// replaces, so it must require its siblings at the version they are released at.
func (m module) released(version string, siblings []module) ([]byte, error) {
	tmp, err := os.MkdirTemp("", "modproxy-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp)
	source, err := os.ReadFile(filepath.Join(m.Dir, "go.mod"))
	if err != nil {
		return nil, err
	}
	gomod := filepath.Join(tmp, "go.mod")
	if err := os.WriteFile(gomod, source, 0o644); err != nil {
		return nil, err
	}

	described, err := output("", "go", "mod", "edit", "-json", gomod)
	if err != nil {
		return nil, err
	}
	var has struct {
		Require []module
		Replace []struct{ Old module }
	}
	if err := json.Unmarshal([]byte(described), &has); err != nil {
		return nil, err
	}
	edit := []string{"mod", "edit"}
	for _, replace := range has.Replace {
		edit = append(edit, "-dropreplace="+replace.Old.Path)
	}
	for _, require := range has.Require {
		for _, sibling := range siblings {
			if require.Path == sibling.Path {
				edit = append(edit, "-require="+sibling.Path+"@"+version)
			}
		}
	}
	if len(edit) > 2 {
		if _, err := output("", "go", append(edit, gomod)...); err != nil {
			return nil, err
		}
	}
	return os.ReadFile(gomod)
}

// archive returns the module's zip, with gomod in place of its go.mod.
func (m module) archive(version string, gomod []byte) ([]byte, error) {
	files, err := m.files()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range files {
		content := gomod
		if name != "go.mod" {
			if content, err = os.ReadFile(filepath.Join(m.Dir, filepath.FromSlash(name))); err != nil {
				return nil, err
			}
		}
		f, err := w.Create(m.Path + "@" + version + "/" + name)
		if err != nil {
			return nil, err
		}
		if _, err := f.Write(content); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// escape writes a module path as proxies do, for file systems that do not tell
// capitals from small letters: A becomes !a.
func escape(path string) string {
	var b strings.Builder
	for _, r := range path {
		if unicode.IsUpper(r) {
			b.WriteByte('!')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
