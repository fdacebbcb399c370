package message_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/parleyws/parley/conn/message"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
)

var benchmarkSizes = []int{32, 1 << 10, 64 << 10}

// benchmarkText is what can be compressed, as most text can.
func benchmarkText(size int) []byte {
	return bytes.Repeat([]byte(`{"id":17,"name":"Parley","tags":["a","b"]} `), size/43+1)[:size]
}

// The frames have the masking key 00000000, so that they can be unmasked again
// and again where they are; it is as much work as any other.
func BenchmarkNext(b *testing.B) {
	for _, opcode := range []frame.Opcode{frame.Binary, frame.Text} {
		for _, size := range benchmarkSizes {
			b.Run(fmt.Sprintf("%v/%d", opcode, size), func(b *testing.B) {
				benchmarkNext(b, settings{}, frame.Header{Opcode: opcode}, benchmarkText(size), size)
			})
		}
	}
}

func BenchmarkNextCompressed(b *testing.B) {
	for _, takeover := range []bool{true, false} {
		b.Run(fmt.Sprintf("takeover %v/1024", takeover), func(b *testing.B) {
			s := settings{inflate: &deflate.Direction{ContextTakeover: takeover}}
			payload := deflated(b, 6, benchmarkText(1<<10))[0]
			benchmarkNext(b, s, frame.Header{Opcode: frame.Text, RSV: frame.RSV1}, payload, 1<<10)
		})
	}
}

// benchmarkNext decodes one frame over and over; size is that of its message.
func benchmarkNext(b *testing.B, s settings, h frame.Header, payload []byte, size int) {
	h.Fin, h.Masked = true, true
	sent := frame.AppendFrame(nil, h, payload)
	d := s.decoder(true)
	defer d.Free()
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		for p := sent; ; {
			ev, n, err := d.Next(p)
			if err != nil {
				b.Fatal(err)
			}
			if ev.Last {
				break
			}
			p = p[n:]
		}
	}
}

func BenchmarkAppendMessage(b *testing.B) {
	for role, fromClient := range map[string]bool{"server": false, "client": true} {
		for _, size := range benchmarkSizes {
			b.Run(fmt.Sprintf("%s/%d", role, size), func(b *testing.B) {
				benchmarkAppend(b, &message.Encoder{FromClient: fromClient}, size)
			})
		}
	}
}

func BenchmarkAppendMessageCompressed(b *testing.B) {
	for _, takeover := range []bool{true, false} {
		b.Run(fmt.Sprintf("takeover %v/1024", takeover), func(b *testing.B) {
			e := &message.Encoder{Deflate: compressor(b, deflate.Direction{ContextTakeover: takeover}, 0)}
			benchmarkAppend(b, e, 1<<10)
		})
	}
}

func benchmarkAppend(b *testing.B, e *message.Encoder, size int) {
	payload := benchmarkText(size)
	buf := make([]byte, 0, size+1024)
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := e.AppendMessage(buf, frame.Text, payload); err != nil {
			b.Fatal(err)
		}
	}
}

// A fragment is flushed, so that it costs as much as a message does.
func BenchmarkAppendFragmentCompressed(b *testing.B) {
	for _, takeover := range []bool{true, false} {
		b.Run(fmt.Sprintf("takeover %v/4096", takeover), func(b *testing.B) {
			e := &message.Encoder{Deflate: compressor(b, deflate.Direction{ContextTakeover: takeover}, 0)}
			defer e.Free()
			piece := benchmarkText(4096)
			buf := make([]byte, 0, 8192)
			b.SetBytes(4096)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := e.AppendFragment(buf, frame.Text, piece, false); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
