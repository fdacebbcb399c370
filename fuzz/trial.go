package fuzz

import (
	"fmt"
	"testing"
)

// trial is a case of a table, made ready to run against a codec.
type trial struct {
	name, section string
	problem       func() string // what is wrong, or ""
}

// run runs one trial. A codec that panics at what a peer sends is at fault too,
// and must not keep the other cases from being tried.
func (c trial) run() (problem string) {
	defer func() {
		if v := recover(); v != nil {
			problem = fmt.Sprintf("panics: %v", v)
		}
	}()
	return c.problem()
}

// trials makes a trial of each case. A table that cannot be read is one trial,
// which fails: nobody must take it for a pass.
func trials[Case any](cases []Case, err error, prepare func(Case) trial) []trial {
	if err == nil && len(cases) == 0 {
		err = fmt.Errorf("websocket: the table is empty")
	}
	if err != nil {
		return []trial{{"no table", "none", err.Error}}
	}
	list := []trial{}
	for _, c := range cases {
		list = append(list, prepare(c))
	}
	return list
}

// faults runs the trials in order.
func faults(list []trial) (found []Fault) {
	for _, c := range list {
		if problem := c.run(); problem != "" {
			found = append(found, Fault{c.name, c.section, problem})
		}
	}
	return found
}

// subtests runs each trial as a subtest of its name.
func subtests(t *testing.T, list []trial) {
	t.Helper()
	for _, c := range list {
		t.Run(c.name, func(t *testing.T) {
			t.Helper()
			if problem := c.run(); problem != "" {
				t.Errorf("%s: %s", c.section, problem)
			}
		})
	}
}
