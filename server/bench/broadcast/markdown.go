package broadcast

import (
	"fmt"
	"io"
	"strings"

	"github.com/parleyws/parley/server/bench/internal/report"
)

// WriteMarkdown writes results as two tables: what the readers and the server saw,
// and what those who stall change. A target stands in parentheses beside what was
// measured; one that is missed makes it bold.
func WriteMarkdown(w io.Writer, results []Result) error {
	if len(results) == 0 {
		return nil
	}
	var s strings.Builder
	var score report.Score
	s.WriteString("\n## broadcast: latency, and what became of the messages\n\n" +
		"| bytes | a second | queue | full | readers | stalled | p50 | p99 | server | delivered | lost | dropped | closed |\n" +
		"|---:|---:|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n")
	for _, r := range results {
		r.Without.row(&s, r.Case, 0)
		r.With.row(&s, r.Case, r.Stalled)
	}
	s.WriteString("\n## broadcast: with those who stall, as many times the latency, and by how many KiB the server grew\n\n" +
		"| bytes | a second | queue | full | readers | stalled | p50 | p99 | grown without | grown with |\n" +
		"|---:|---:|---:|---|---:|---:|---:|---:|---:|---:|\n")
	for _, r := range results {
		writeCase(&s, r.Case, r.Stalled)
		p99 := report.Beside(report.Digits(r.P99.Times), "≤", r.P99.AtMost, r.P99.Met())
		grown := report.Beside(report.Digits(r.Memory.With/1024), "≤", r.Memory.AtMost/1024, r.Memory.Met())
		fmt.Fprintf(&s, "| %s | %s | %s | %s |\n", report.Digits(r.P50.Times), p99, report.Digits(r.Memory.Without/1024), grown)
		score.Count(r.P99.AtMost, r.P99.Met())
		score.Count(r.Memory.AtMost, r.Memory.Met())
	}
	fmt.Fprintf(&s, "\n%v\n", &score)
	_, err := io.WriteString(w, s.String())
	return err
}

func writeCase(s *strings.Builder, c Case, stalled int) {
	fmt.Fprintf(s, "| %d | %v | %d | %s | %d | %d ", c.Size, c.PerSecond, c.Queue, c.Full, c.Subscribers-c.Stalled, stalled)
}

func (a Arm) row(s *strings.Builder, c Case, stalled int) {
	writeCase(s, c, stalled)
	fmt.Fprintf(s, "| %s ms | %s ms | %d %% busy | %.0f | %.0f | %.0f | %.0f |\n", report.Digits(a.P50/1e6), report.Digits(a.P99/1e6),
		int(a.Busy*100), a.Delivered, a.Lost, a.Dropped, a.Closed)
}
