package echo

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/parleyws/parley/server/bench/internal/report"
)

// WriteMarkdown writes results of the same peers as two tables: how fast they are,
// and the ratios. A target stands in parentheses beside what was measured; one that
// is missed makes it bold.
func WriteMarkdown(w io.Writer, results []Result) error {
	if len(results) == 0 {
		return nil
	}
	var s strings.Builder
	var score report.Score
	s.WriteString("\n## echo: thousands of messages in a second, server's processor time for one\n\n")
	writeHead(&s, len(results[0].Rates), func(i int) string { return results[0].Rates[i].Name })
	for _, r := range results {
		writeCase(&s, r.Case)
		for _, x := range r.Rates {
			s.WriteString("| " + x.cell() + " ")
		}
		s.WriteString("|\n")
	}
	if len(results[0].Ratios) > 0 {
		s.WriteString("\n## echo: how many times as fast, by messages in a second and by processor time\n\n")
		writeHead(&s, len(results[0].Ratios), func(i int) string {
			return results[0].Ratios[i].Of + " : " + results[0].Ratios[i].Against
		})
		for _, r := range results {
			writeCase(&s, r.Case)
			for _, x := range r.Ratios {
				s.WriteString("| " + x.cell() + " ")
				score.Count(x.AtLeast, x.Met())
			}
			s.WriteString("|\n")
		}
	}
	fmt.Fprintf(&s, "\n%v\n", &score)
	_, err := io.WriteString(w, s.String())
	return err
}

// writeHead begins a table with a column for what each case has, and n more.
func writeHead(s *strings.Builder, n int, name func(int) string) {
	s.WriteString("| bytes | text | connections | in flight ")
	for i := range n {
		s.WriteString("| " + name(i) + " ")
	}
	s.WriteString("|\n|---:|---|---:|---:" + strings.Repeat("|---:", n) + "|\n")
}

func writeCase(s *strings.Builder, c Case) {
	text := c.Text
	if text == "" {
		text = "–"
	}
	fmt.Fprintf(s, "| %d | %s | %d | %d ", c.Size, text, c.Connections, c.InFlight)
}

func (r Rate) cell() string {
	s := report.Digits(r.PerSecond/1e3) + ", " + report.Digits(r.CPU/1e3) + " µs"
	if r.Busy < 0.9 {
		// Then the clients, or others, are the limit.
		s += ", " + strconv.Itoa(int(r.Busy*100)) + " % busy"
	}
	return s
}

func (r Ratio) cell() string {
	s := report.Digits(r.Times)
	if r.AtLeast > 0 {
		s = report.Beside(s, "≥", r.AtLeast, r.Met())
	}
	return s + ", " + report.Digits(r.CPU)
}
