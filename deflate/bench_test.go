package deflate

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// chat returns n bytes of messages as chat rooms have them, the i-th on: JSON
// with numbers that rise, names that come back and words that do as in speech.
func chat(i, n int) []byte {
	r := rand.New(rand.NewPCG(uint64(i), 7))
	zipf := rand.NewZipf(r, 1.1, 4, uint64(len(chatWords)-1))
	b := make([]byte, 0, n+400)
	for ; len(b) < n; i++ {
		b = fmt.Appendf(b, `{"op":0,"s":%d,"t":"MESSAGE_CREATE","d":{"id":"%d","ts":%d,"channel":"%s","author":{"id":%d,"name":"%s"},"content":"`,
			193401+i, 1180193401000000+uint64(i)*7919, 1795400000000+int64(i)*831, chatWords[i%5], 1000+i*i%97, chatWords[i*i%97])
		for w := range 3 + r.IntN(14) {
			if w > 0 {
				b = append(b, ' ')
			}
			b = append(b, chatWords[zipf.Uint64()]...)
		}
		b = append(b, `"}}`...)
	}
	return b[:n]
}

// chatWords are 2000 words of no language.
var chatWords = func() []string {
	r := rand.New(rand.NewPCG(1, 1))
	words := make([]string, 2000)
	for i := range words {
		for range 1 + r.IntN(4) {
			words[i] += string("bcdfghklmnprstvw"[r.IntN(16)]) + string("aeiouy"[r.IntN(6)])
		}
		if r.IntN(2) == 0 {
			words[i] += string("nrstl"[r.IntN(5)])
		}
	}
	return words
}()

var benchmarkDirections = []Direction{{15, false}, {15, true}, {13, true}, {10, true}}

func BenchmarkCompress(b *testing.B) {
	for _, d := range benchmarkDirections {
		for _, size := range []int{64, 128, 1 << 10, 16 << 10} {
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
