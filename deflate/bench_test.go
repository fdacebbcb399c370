package deflate

import (
	"fmt"
	"testing"
)

// chat returns about n bytes of messages as chat rooms have them, the i-th.
func chat(i, n int) []byte {
	words := []string{"hello", "world", "the", "meeting", "is", "at", "noon", "who", "brings", "coffee", "see", "you", "there"}
	var b []byte
	for len(b) < n {
		b = fmt.Appendf(b, `{"type":"message","id":%d,"room":"lobby","from":"user%d","text":"%s %s %s"}`,
			193401+i, i*7%40, words[i%13], words[i*i%13], words[i*3%13])
		i++
	}
	return b[:n]
}

var benchmarkDirections = []Direction{{15, false}, {15, true}, {12, true}}

func BenchmarkCompress(b *testing.B) {
	for _, d := range benchmarkDirections {
		for _, size := range []int{128, 1 << 10, 16 << 10} {
			b.Run(fmt.Sprintf("bits=%d/takeover=%t/%d", d.WindowBits, d.ContextTakeover, size), func(b *testing.B) {
				c, err := NewCompressor(d, 0)
				if err != nil {
					b.Fatal(err)
				}
				defer c.Free()
				messages := make([][]byte, 64)
				for i := range messages {
					messages[i] = chat(i*(size/64+1), size)
				}
				var dst []byte
				i, in, out := 0, 0, 0
				b.ReportAllocs()
				b.SetBytes(int64(size))
				for b.Loop() {
					message := messages[i%64]
					i++
					payload, ok := c.Append(dst[:0], message)
					if !ok {
						payload = message
					} else {
						dst = payload
					}
					in += len(message)
					out += len(payload)
				}
				b.ReportMetric(float64(in)/float64(out), "ratio")
			})
		}
	}
}

func BenchmarkInflate(b *testing.B) {
	for _, d := range benchmarkDirections {
		for _, size := range []int{128, 1 << 10, 16 << 10} {
			for _, pieces := range []bool{false, true} {
				b.Run(fmt.Sprintf("bits=%d/takeover=%t/%d/pieces=%t", d.WindowBits, d.ContextTakeover, size, pieces), func(b *testing.B) {
					benchmarkInflate(b, d, size, pieces)
				})
			}
		}
	}
}

func benchmarkInflate(b *testing.B, d Direction, size int, pieces bool) {
	c, err := NewCompressor(d, 9)
	if err != nil {
		b.Fatal(err)
	}
	defer c.Free()
	// The first message fills the window with itself, so that each time round
	// matches find what they refer to.
	messages := make([][]byte, 64)
	first, ok := c.Append(nil, chat(0, 64<<10))
	if !ok {
		b.Fatal("not smaller")
	}
	messages[0] = first
	for i := 1; i < 64; i++ {
		if messages[i], ok = c.Append(nil, chat(i*(size/64+1), size)); !ok {
			// The stored form, so that the inflater has something to do.
			messages[i] = append(stored(chat(i*(size/64+1), size)), 0)
			c.window.add(chat(i*(size/64+1), size))
		}
	}
	z := NewDecompressor(d)
	defer z.Free()
	var dst []byte
	i := 0
	b.ReportAllocs()
	b.SetBytes(int64(size))
	for b.Loop() {
		if i%64 == 0 {
			b.StopTimer()
			if dst, err = z.Append(dst[:0], messages[0], -1); err != nil {
				b.Fatal(err)
			}
			i++
			b.StartTimer()
		}
		payload := messages[i%64]
		i++
		if !pieces {
			if dst, err = z.Append(dst[:0], payload, 1<<20); err != nil {
				b.Fatal(err)
			}
			continue
		}
		half := len(payload) / 2
		z.Feed(payload[:half], false)
		for _, err = z.Next(); err == nil; _, err = z.Next() {
		}
		z.Feed(payload[half:], true)
		for _, err = z.Next(); err == nil; _, err = z.Next() {
		}
	}
}
