package fuzz

import (
	"fmt"
	"testing"

	"github.com/parleyws/parley/testdata"
)

// CheckText holds a UTF-8 validator to RFC 3629, with every case of utf8.json.
// valid reports whether all of text, which ends there, is UTF-8; text is its
// own to keep or change. The faults are in the order of the table, nil if there
// are none.
func CheckText(valid func(text []byte) bool) []Fault {
	return faults(textTrials(valid))
}

// Text is [CheckText] as a test: each case is a subtest of t.
func Text(t *testing.T, valid func(text []byte) bool) {
	t.Helper()
	subtests(t, textTrials(valid))
}

func textTrials(valid func(text []byte) bool) []trial {
	cases, err := testdata.UTF8()
	return trials(cases, err, func(c testdata.UTF8Case) trial {
		return trial{c.Name, c.Section, func() string { return judgeText(c, valid) }}
	})
}

func judgeText(c testdata.UTF8Case, valid func(text []byte) bool) string {
	is := c.Verdict == testdata.Valid
	switch got := valid(c.Bytes); {
	case is && !got:
		return "refused, but it is UTF-8"
	case !is && got && c.Verdict == testdata.Unfinished:
		return "accepted, but it ends inside a rune"
	case !is && got:
		return fmt.Sprintf("accepted, but byte %d cannot stand there", c.At)
	}
	return ""
}
