package fuzz

import (
	"errors"
	"testing"
)

// Nobody may take a table without cases for a codec without faults.
func TestATableThatCannotBeReadIsAFault(t *testing.T) {
	for _, err := range []error{nil, errors.New("websocket: no such table")} {
		found := faults(trials(nil, err, func(string) trial { return trial{} }))
		if len(found) != 1 || found[0].Problem == "" {
			t.Errorf("%v: %v", err, found)
		}
	}
}
