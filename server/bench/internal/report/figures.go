package report

import (
	"slices"
	"strconv"
)

// Median returns the middle of values, of which there is at least one, or the mean
// of the two in the middle.
func Median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// Digits writes x with about three digits.
func Digits(x float64) string {
	for decimals, limit := 2, 10.0; decimals > 0; decimals, limit = decimals-1, limit*10 {
		if x < limit {
			return strconv.FormatFloat(x, 'f', decimals, 64)
		}
	}
	return strconv.FormatFloat(x, 'f', 0, 64)
}
