package report

import (
	"encoding/json"
	"os"
)

// Save writes v to a file as JSON.
func Save(name string, v any) error {
	b, err := json.MarshalIndent(v, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(name, append(b, '\n'), 0o666)
}
