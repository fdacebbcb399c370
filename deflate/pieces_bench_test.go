package deflate

import (
	"fmt"
	"testing"
)

func BenchmarkPieces(b *testing.B) {
	message := chat(0, 64<<10)
	for _, direction := range []Direction{{15, false}, {15, true}} {
		for _, size := range []int{100, 1 << 10, 4 << 10, 16 << 10, 64 << 10} {
			b.Run(fmt.Sprintf("takeover=%t/%d", direction.ContextTakeover, size), func(b *testing.B) {
				c, err := NewCompressor(direction, 0)
				if err != nil {
					b.Fatal(err)
				}
				defer c.Free()
				var payload []byte
				b.ReportAllocs()
				b.SetBytes(int64(len(message)))
				for b.Loop() {
					payload = payload[:0]
					for i := 0; i < len(message); i += size {
						end := min(i+size, len(message))
						if payload, err = c.AppendPiece(payload, message[i:end], end == len(message)); err != nil {
							b.Fatal(err)
						}
					}
				}
				b.ReportMetric(float64(len(message))/float64(len(payload)), "ratio")
			})
		}
	}
}
