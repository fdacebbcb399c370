package fuzz

import (
	"fmt"
	"testing"

	"github.com/parleyws/parley/testdata"
)

// CheckClosePayloads holds a parser of close payloads to RFC 6455 sections 5.5.1
// and 7.4, with every case of close.json. payload, unmasked, is parse's own to
// keep or change. code and reason say what it holds; the code of an empty one is
// 1005. err says that it must be refused, and then the other two do not count;
// see [CloseCoder] for the close code to refuse it with. The faults are in the
// order of the table, nil if there are none.
func CheckClosePayloads(parse func(payload []byte) (code int, reason string, err error)) []Fault {
	return faults(closeTrials(parse))
}

// ClosePayloads is [CheckClosePayloads] as a test: each case is a subtest of t.
func ClosePayloads(t *testing.T, parse func(payload []byte) (code int, reason string, err error)) {
	t.Helper()
	subtests(t, closeTrials(parse))
}

func closeTrials(parse func([]byte) (int, string, error)) []trial {
	cases, err := testdata.Closes()
	return trials(cases, err, func(c testdata.CloseCase) trial {
		return trial{c.Name, c.Section, func() string { return judgeClose(c, parse) }}
	})
}

func judgeClose(c testdata.CloseCase, parse func([]byte) (int, string, error)) string {
	code, reason, err := parse(c.Payload)
	if problem := judgeRefusal(c.Error, err); problem != "" || err != nil {
		return problem
	}
	if code != c.Code || reason != c.Reason {
		return fmt.Sprintf("code %d and reason %q, but it says %d and %q", code, reason, c.Code, c.Reason)
	}
	return ""
}
