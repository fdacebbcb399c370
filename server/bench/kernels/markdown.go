package kernels

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// WriteMarkdown writes results as tables, one for each kernel, whose results must
// follow each other and have the same contestants and duels. A target stands in
// parentheses beside what was measured; one that is missed makes it bold. Of
// allocations, only those that are made are told.
func WriteMarkdown(w io.Writer, results []Result) error {
	var s strings.Builder
	var targets, met int
	for i, r := range results {
		if i == 0 || r.Kernel != results[i-1].Kernel {
			writeHead(&s, r)
		}
		for _, f := range r.Input {
			s.WriteString("| " + f.Value + " ")
		}
		for _, t := range r.Times {
			s.WriteString("| " + t.cell() + " ")
			count(t.AtMost, t.Met(), &targets, &met)
		}
		for _, x := range r.Ratios {
			s.WriteString("| " + x.cell() + " ")
			count(x.AtLeast, x.Met(), &targets, &met)
		}
		s.WriteString("|\n")
	}
	fmt.Fprintf(&s, "\n%d of %d targets met.\n", met, targets)
	_, err := io.WriteString(w, s.String())
	return err
}

func count(target float64, ok bool, targets, met *int) {
	if target == 0 {
		return
	}
	*targets++
	if ok {
		*met++
	}
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
	s := digits(t.Nanoseconds) + " ns"
	if t.AtMost > 0 {
		s = mark(s, "≤", t.AtMost, t.Met())
	}
	if t.GBps > 0 {
		s += ", " + digits(t.GBps) + " GB/s"
	}
	switch {
	case t.Allocs == 1:
		s += ", 1 alloc"
	case t.Allocs > 0:
		s += ", " + digits(t.Allocs) + " allocs"
	}
	return s
}

func (r Ratio) cell() string {
	s := digits(r.Times)
	if r.AtLeast > 0 {
		s = mark(s, "≥", r.AtLeast, r.Met())
	}
	return s
}

func mark(s, sign string, target float64, met bool) string {
	if !met {
		s = "**" + s + "**"
	}
	return s + " (" + sign + " " + strconv.FormatFloat(target, 'g', -1, 64) + ")"
}

// digits writes x with about three digits.
func digits(x float64) string {
	for decimals, limit := 2, 10.0; decimals > 0; decimals, limit = decimals-1, limit*10 {
		if x < limit {
			return strconv.FormatFloat(x, 'f', decimals, 64)
		}
	}
	return strconv.FormatFloat(x, 'f', 0, 64)
}
