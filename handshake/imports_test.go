package handshake

import (
	"go/build"
	"strings"
	"testing"
)

func TestThePackageStandsOnTheStandardLibraryAlone(t *testing.T) {
	pkg, err := build.ImportDir(".", 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range pkg.Imports {
		if first, _, _ := strings.Cut(path, "/"); strings.Contains(first, ".") {
			t.Errorf("imports %s", path)
		}
		if strings.HasPrefix(path, "math/rand") {
			t.Errorf("imports %s, and keys must be unpredictable (RFC 6455 10.3)", path)
		}
	}
}
