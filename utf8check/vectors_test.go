package utf8check_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The verdicts of a textCase.
const (
	valid      = "valid"      // the text may end here
	unfinished = "unfinished" // more bytes can make it valid
	invalid    = "invalid"    // nothing can mend it
)

// textCase is a case of utf8.json, whose README says what the fields mean.
type textCase struct {
	Name    string   `json:"name"`
	Section string   `json:"section"`
	Bytes   hexBytes `json:"bytes"`
	Verdict string   `json:"verdict"`
	At      int      `json:"at"`
}

// hexBytes are bytes that stand in a table as digits, with spaces for the eye.
type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(strings.ReplaceAll(string(text), " ", ""))
	*h = b
	return err
}

// vectors returns the cases of utf8.json. The table belongs to another module:
// who has this one alone skips the test, but the project's CI may not.
func vectors(tb testing.TB) []textCase {
	tb.Helper()
	b, err := os.ReadFile(filepath.Join("..", "testdata", "utf8.json"))
	if errors.Is(err, fs.ErrNotExist) && os.Getenv("CI") == "" {
		tb.Skip("the tables are not beside this module: ", err)
	}
	if err != nil {
		tb.Fatal(err)
	}
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.DisallowUnknownFields()
	var cases []textCase
	if err := d.Decode(&cases); err != nil {
		tb.Fatal(err)
	}
	if len(cases) == 0 {
		tb.Fatal("utf8.json is empty")
	}
	return cases
}
