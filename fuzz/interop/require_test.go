package interop

import (
	"os"
	"testing"
)

// missing ends a test whose other side is not installed. It skips, or fails
// where CI has promised that everything is there.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("PARLEY_REQUIRE_INTEROP") == "1" {
		t.Fatal(what)
	}
	t.Skip(what)
}
