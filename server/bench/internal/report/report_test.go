package report_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parleyws/parley/server/bench/internal/report"
)

func TestTheSettingIsToldAndSaved(t *testing.T) {
	s := report.NewSetting("example.com/not/linked")
	if s.Go == "" || s.CPUs < 1 || len(s.Libraries) != 0 {
		t.Errorf("%+v", s)
	}
	s.Tags = "purego"
	s.Libraries = []report.Library{{Path: "example.com/a", Version: "v1.0.0"}, {Path: "example.com/b", Version: "v2.0.0"}}
	var text strings.Builder
	if err := s.Write(&text, "medians of 3 rounds"); err != nil {
		t.Fatal(err)
	}
	if want := " CPUs; medians of 3 rounds; built with tags purego.\nexample.com/a v1.0.0; example.com/b v2.0.0\n"; !strings.HasSuffix(text.String(), want) {
		t.Errorf("%q does not end with %q", text.String(), want)
	}
	name := filepath.Join(t.TempDir(), "report.json")
	if err := report.Save(name, s); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(name)
	var saved report.Setting
	if err == nil {
		err = json.Unmarshal(b, &saved)
	}
	if err != nil || saved.Go != s.Go || len(saved.Libraries) != 2 {
		t.Errorf("%+v, %v", saved, err)
	}
	if err := report.Save(filepath.Join(name, "x"), s); err == nil {
		t.Error("saved inside a file")
	}
}
