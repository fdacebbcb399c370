package handshake

import (
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"
)

// TestThePackageStandsOnTheStandardLibraryAlone looks at every file that is not
// a test, whatever it is built for.
func TestThePackageStandsOnTheStandardLibraryAlone(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	randomness := ""
	for _, entry := range entries {
		name := entry.Name()
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range file.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if first, _, _ := strings.Cut(path, "/"); strings.Contains(first, ".") {
				t.Errorf("%s imports %s", name, path)
			}
			if strings.HasPrefix(path, "math/rand") {
				t.Errorf("%s imports %s, and keys must be unpredictable (RFC 6455 10.3)", name, path)
			}
			if path == "crypto/rand" {
				randomness += name
			}
		}
	}
	if randomness != "key.go" {
		t.Errorf("crypto/rand is imported by %q", randomness)
	}
}
