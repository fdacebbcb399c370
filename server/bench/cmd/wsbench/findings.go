package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/parleyws/parley/server/bench/internal/peers"
	"github.com/parleyws/parley/server/bench/internal/report"
)

// findings are what the command found out, in one mode.
type findings[Result any] struct {
	Setting setting  `json:"setting"`
	Results []Result `json:"results"`
}

// setting is what the figures depend on.
type setting struct {
	report.Setting
	Rounds int `json:"rounds"`
}

func newSetting(rounds int) setting {
	return setting{report.NewSetting(peers.Modules()...), rounds}
}

// write writes r to the file json, unless that is "", and as tables on stdout. how
// says how it was measured.
func (r findings[Result]) write(json string, stdout io.Writer, how string, tables func(io.Writer, []Result) error) error {
	if json != "" {
		if err := report.Save(json, r); err != nil {
			return err
		}
	}
	if err := r.Setting.Write(stdout, how); err != nil {
		return err
	}
	return tables(stdout, r.Results)
}

// makeFolder makes a folder inside *folder for what has the given name, and sets
// *folder to it. It does nothing for "".
func makeFolder(folder *string, name string) error {
	if *folder == "" {
		return nil
	}
	*folder = filepath.Join(*folder, strings.ReplaceAll(name, "/", "-"))
	return os.MkdirAll(*folder, 0o777)
}
