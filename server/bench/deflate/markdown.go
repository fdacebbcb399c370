package deflate

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// WriteMarkdown writes results as tables, one for each.
func WriteMarkdown(w io.Writer, results []Result) error {
	var s strings.Builder
	for _, r := range results {
		context := "context not taken over"
		if r.Takeover {
			context = "context taken over"
		}
		fmt.Fprintf(&s, "\n## messages of %s, %s\n\n", bytesCell(float64(r.Bytes)), context)
		s.WriteString("| way | window | kept to compress | kept to inflate | shared | compress | inflate | wire : message |\n")
		s.WriteString("|---|---:|---:|---:|---:|---:|---:|---:|\n")
		for _, row := range r.Rows {
			fmt.Fprintf(&s, "| %s | %d bits | %s | %s | %s | %s ns | %s ns | %.3f |\n", row.Way, row.WindowBits,
				bytesCell(row.Compress.Kept), bytesCell(row.Inflate.Kept), bytesCell(row.Shared),
				digits(row.Compress.Nanoseconds), digits(row.Inflate.Nanoseconds), row.Ratio)
		}
	}
	_, err := io.WriteString(w, s.String())
	return err
}

// bytesCell writes a number of bytes. What is less than one is noise.
func bytesCell(n float64) string {
	switch {
	case n < 1:
		return "0"
	case n < 1<<10:
		return strconv.FormatFloat(n, 'f', 0, 64) + " B"
	case n < 1<<20:
		return digits(n/(1<<10)) + " KiB"
	}
	return digits(n/(1<<20)) + " MiB"
}

// digits writes x with about three digits, and without a fraction that is nothing.
func digits(x float64) string {
	decimals := 0
	for limit := 100.0; decimals < 2 && x < limit; limit /= 10 {
		decimals++
	}
	text := strconv.FormatFloat(x, 'f', decimals, 64)
	if decimals > 0 {
		text = strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
	}
	return text
}
