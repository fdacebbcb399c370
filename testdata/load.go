package testdata

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// load reads one table of FS. A field that the type of the cases does not know
// is an error: it would be an expectation that nobody checks.
func load[Case any](file string) ([]Case, error) {
	b, err := FS.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("websocket: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	var cases []Case
	if err := d.Decode(&cases); err != nil {
		return nil, fmt.Errorf("websocket: %s: %w", file, err)
	}
	return cases, nil
}
