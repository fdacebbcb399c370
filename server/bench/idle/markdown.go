package idle

import (
	"fmt"
	"io"
	"strings"

	"github.com/parleyws/parley/server/bench/internal/report"
)

// WriteMarkdown writes results of the same peers as a table. A target stands in
// parentheses beside what was measured; one that is missed makes it bold.
func WriteMarkdown(w io.Writer, results []Result) error {
	if len(results) == 0 {
		return nil
	}
	var s strings.Builder
	var score report.Score
	s.WriteString("\n## idle: KiB of memory for a connection, just after a message and after a rest\n\n| connections | bytes exchanged | rest ")
	for _, m := range results[0].Peers {
		s.WriteString("| " + m.Name + " ")
	}
	for _, r := range results[0].Ratios {
		s.WriteString("| " + r.Against + " : " + r.Of + " ")
	}
	s.WriteString("|\n" + strings.Repeat("|---:", 3+len(results[0].Peers)+len(results[0].Ratios)) + "|\n")
	for _, r := range results {
		fmt.Fprintf(&s, "| %d | %d | %v ", r.Connections, r.Size, r.Rest)
		for _, m := range r.Peers {
			s.WriteString("| " + m.cell() + " ")
			score.Count(m.AtMost, m.Met())
		}
		for _, x := range r.Ratios {
			s.WriteString("| " + report.Digits(x.Times) + " ")
		}
		s.WriteString("|\n")
	}
	fmt.Fprintf(&s, "\n%v\n", &score)
	_, err := io.WriteString(w, s.String())
	return err
}

func (m Memory) cell() string {
	s := report.Digits(m.Idle / 1024)
	if m.AtMost > 0 {
		s = report.Beside(s, "≤", m.AtMost/1024, m.Met())
	}
	return report.Digits(m.Fresh/1024) + ", " + s
}
