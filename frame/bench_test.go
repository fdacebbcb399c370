package frame_test

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"github.com/parleyws/parley/frame"
)

// sizes of payloads, in bytes: on both sides of where the length grows, and two
// large ones.
var sizes = []int{16, 125, 126, 4 << 10, 64 << 10}

func benchmarkSizes(b *testing.B, bench func(b *testing.B, h frame.Header, payload []byte)) {
	for _, size := range sizes {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			h := frame.Header{Fin: true, Opcode: frame.Binary, Masked: true, Key: frame.Key{1, 2, 3, 4}, Length: int64(size)}
			b.ReportAllocs()
			bench(b, h, make([]byte, size))
		})
	}
}

// read is what benchmarks have read of headers, so that they do it.
var read int64

func BenchmarkParseHeader(b *testing.B) {
	benchmarkSizes(b, func(b *testing.B, h frame.Header, _ []byte) {
		wire := h.Append(nil)
		for b.Loop() {
			h, n, _ := frame.ParseHeader(wire)
			read += h.Length + int64(n)
		}
	})
}

func BenchmarkParseInPlace(b *testing.B) {
	benchmarkSizes(b, func(b *testing.B, h frame.Header, _ []byte) {
		wire := h.Append(nil)
		for b.Loop() {
			n, _ := h.Parse(wire)
			read += h.Length + int64(n)
		}
	})
}

// The header is filled in and appended at once, as who sends frames does.
func BenchmarkAppendHeader(b *testing.B) {
	benchmarkSizes(b, func(b *testing.B, h frame.Header, payload []byte) {
		dst := make([]byte, 0, frame.MaxHeaderLen)
		for b.Loop() {
			h.Length = int64(len(payload))
			frame.AppendHeader(dst, h)
		}
	})
}

func BenchmarkAppendInPlace(b *testing.B) {
	benchmarkSizes(b, func(b *testing.B, h frame.Header, payload []byte) {
		dst := make([]byte, 0, frame.MaxHeaderLen)
		for b.Loop() {
			h.Length = int64(len(payload))
			h.Append(dst)
		}
	})
}

func BenchmarkAppendFrame(b *testing.B) {
	benchmarkSizes(b, func(b *testing.B, h frame.Header, payload []byte) {
		dst := make([]byte, 0, frame.MaxHeaderLen+len(payload))
		b.SetBytes(int64(len(payload)))
		for b.Loop() {
			frame.AppendFrame(dst, h, payload)
		}
	})
}

func BenchmarkMask(b *testing.B) {
	benchmarkSizes(b, func(b *testing.B, h frame.Header, payload []byte) {
		b.SetBytes(int64(len(payload)))
		for b.Loop() {
			frame.Mask(payload, h.Key, 0)
		}
	})
}

// The bound of all masking: what it takes to move as many bytes.
func BenchmarkCopy(b *testing.B) {
	benchmarkSizes(b, func(b *testing.B, _ frame.Header, payload []byte) {
		dst := make([]byte, len(payload))
		b.SetBytes(int64(len(payload)))
		for b.Loop() {
			copy(dst, payload)
		}
	})
}

func BenchmarkReader(b *testing.B) {
	benchmarkSizes(b, func(b *testing.B, h frame.Header, payload []byte) {
		stream := &endless{wire: frame.AppendFrame(nil, h, payload)}
		r := frame.NewReader(stream)
		b.SetBytes(int64(len(payload)))
		for b.Loop() {
			if _, err := r.Next(); err != nil {
				b.Fatal(err)
			}
			if _, err := io.ReadFull(r, payload); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// endless is a stream of one frame, again and again.
type endless struct {
	wire []byte
	rest bytes.Reader
}

func (r *endless) Read(p []byte) (int, error) {
	if r.rest.Len() == 0 {
		r.rest.Reset(r.wire)
	}
	return r.rest.Read(p)
}

func BenchmarkCheck(b *testing.B) {
	c := frame.Checker{FromClient: true}
	h := frame.Header{Fin: true, Opcode: frame.Text, Masked: true}
	b.ReportAllocs()
	for b.Loop() {
		if err := c.Check(h); err != nil {
			b.Fatal(err)
		}
	}
}

// What a header costs that is parsed, judged and read.
func BenchmarkParseAndCheck(b *testing.B) {
	benchmarkSizes(b, func(b *testing.B, h frame.Header, _ []byte) {
		wire := h.Append(nil)
		c := frame.Checker{FromClient: true}
		for b.Loop() {
			h, n, err := frame.ParseHeader(wire)
			if err == nil {
				err = c.Check(h)
			}
			if err != nil {
				b.Fatal(err)
			}
			read += h.Length + int64(n)
		}
	})
}

func BenchmarkParseAndCheckInPlace(b *testing.B) {
	benchmarkSizes(b, func(b *testing.B, h frame.Header, _ []byte) {
		wire := h.Append(nil)
		c := frame.Checker{FromClient: true}
		for b.Loop() {
			n, err := h.Parse(wire)
			if err == nil {
				err = h.Check(&c)
			}
			if err != nil {
				b.Fatal(err)
			}
			read += h.Length + int64(n)
		}
	})
}

func BenchmarkNewKey(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		frame.NewKey()
	}
}

func BenchmarkParseClose(b *testing.B) {
	payload := frame.AppendClose(nil, frame.GoingAway, "")
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := frame.ParseClose(payload); err != nil {
			b.Fatal(err)
		}
	}
}
