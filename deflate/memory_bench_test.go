package deflate

import (
	"fmt"
	"testing"
)

// What a connection keeps between messages, in each direction.
func BenchmarkIdle(b *testing.B) {
	for bits := minWindowBits; bits <= maxWindowBits; bits++ {
		b.Run(fmt.Sprintf("bits=%d", bits), func(b *testing.B) {
			var inflating, compressing int
			for b.Loop() {
				inflating, compressing = idleBytes(b, Direction{bits, true}, 100)
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(inflating), "B/inflating")
			b.ReportMetric(float64(compressing), "B/compressing")
		})
	}
}
