package deflate

import (
	"io"
	"testing"
)

// What a receiver pays for a MiB that makes nothing (Z6).
func BenchmarkHostile(b *testing.B) {
	for _, s := range streamsThatMakeNothing {
		b.Run(s.name, func(b *testing.B) {
			payload := repeatBits(s.bits, 1<<20)
			d := NewDecompressor(Direction{})
			defer d.Free()
			d.Feed(nil, false)
			b.SetBytes(int64(len(payload)))
			for b.Loop() {
				d.Feed(payload, false)
				if out, err := d.Next(); err != io.EOF {
					b.Fatal(out, err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/MiB")
		})
	}
}
