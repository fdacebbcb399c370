package kernels

import (
	"fmt"
	"io"
	"strings"

	"github.com/parleyws/parley/server/bench/internal/report"
)

// WriteMarkdown writes results as tables, one for each kernel, whose results must
// follow each other and have the same contestants and duels. A target stands in
// parentheses beside what was measured; one that is missed makes it bold. Of
// allocations, only those that are made are told.
func WriteMarkdown(w io.Writer, results []Result) error {
	var s strings.Builder
	var score report.Score
	for i, r := range results {
		if i == 0 || r.Kernel != results[i-1].Kernel {
			writeHead(&s, r)
		}
		for _, f := range r.Input {
			s.WriteString("| " + f.Value + " ")
		}
		for _, t := range r.Times {
			s.WriteString("| " + t.cell() + " ")
			score.Count(t.AtMost, t.Met())
		}
		for _, x := range r.Ratios {
			s.WriteString("| " + x.cell() + " ")
			score.Count(x.AtLeast, x.Met())
		}
		s.WriteString("|\n")
	}
	fmt.Fprintf(&s, "\n%v\n", &score)
	_, err := io.WriteString(w, s.String())
	return err
}

// writeHead begins the table of r's kernel.
func writeHead(s *strings.Builder, r Result) {
	fmt.Fprintf(s, "\n## %s\n\n", r.Kernel)
	rule := ""
	for _, f := range r.Input {
		s.WriteString("| " + f.Name + " ")
		rule += "|---"
	}
	for _, t := range r.Times {
		s.WriteString("| " + t.Name + " ")
		rule += "|---:"
	}
	for _, x := range r.Ratios {
		s.WriteString("| " + x.Of + " : " + x.Against + " ")
		rule += "|---:"
	}
	s.WriteString("|\n" + rule + "|\n")
}

func (t Time) cell() string {
	s := report.Digits(t.Nanoseconds) + " ns"
	if t.AtMost > 0 {
		s = report.Beside(s, "≤", t.AtMost, t.Met())
	}
	if t.GBps > 0 {
		s += ", " + report.Digits(t.GBps) + " GB/s"
	}
	switch {
	case t.Allocs == 1:
		s += ", 1 alloc"
	case t.Allocs > 0:
		s += ", " + report.Digits(t.Allocs) + " allocs"
	}
	return s
}

func (r Ratio) cell() string {
	s := report.Digits(r.Times)
	if r.AtLeast > 0 {
		s = report.Beside(s, "≥", r.AtLeast, r.Met())
	}
	return s
}
