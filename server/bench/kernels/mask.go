package kernels

import (
	"bytes"
	"crypto/subtle"
	"encoding/binary"
	"strconv"
	"testing"

	"github.com/gobwas/ws"

	"github.com/parleyws/parley/frame"
)

// maskSizes are those of the payloads, in bytes.
var maskSizes = []int{5, 16, 31, 64, 125, 256, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 1 << 20}

// Mask returns the contests at masking a payload in place, RFC 6455 section 5.3.
// Payloads of up to 1 KiB take turns: who masks the same one again and again waits
// for the bytes that it has just stored, as nobody does in life.
//
// Two take part that no WebSocket library uses: crypto/subtle with a key as long
// as the payload, made beforehand, and a copy to a second buffer, which marks
// what moving as many bytes costs.
func Mask() []Contest {
	var contests []Contest
	for _, size := range maskSizes {
		payloads := place(turns(size), size, behindHeader)
		for n, p := range payloads {
			for i := range p {
				p[i] = byte(i*i*7 + i>>3 + n)
			}
		}
		contests = append(contests, mask(payloads))
	}
	return contests
}

// mask returns the contest at payloads, as many as a power of two, all of one size.
func mask(payloads [][]byte) Contest {
	p := payloads[0]
	last := len(payloads) - 1
	key := frame.Key{0x37, 0xfa, 0x21, 0x3d}
	keyBytes := bytes.Clone(key[:])
	word := binary.LittleEndian.Uint32(keyBytes)
	long := place(1, len(p), behindHeader)[0]
	copy(long, bytes.Repeat(keyBytes, len(p)/4+1))
	copies := place(len(payloads), len(p), behindHeader)
	c := Contest{
		Kernel: "mask",
		Input:  []Field{{"bytes", strconv.Itoa(len(p))}},
		Bytes:  len(p),
		Contestants: []Contestant{
			{
				Name: "ours",
				Loop: func(b *testing.B) {
					i := 0
					for b.Loop() {
						frame.Mask(payloads[i&last], key, 0)
						i++
					}
				},
				Once: masked(p, func(p []byte) { frame.Mask(p, key, 0) }),
			},
			{
				Name: "gws",
				Loop: func(b *testing.B) {
					i := 0
					for b.Loop() {
						gwsMask(payloads[i&last], keyBytes)
						i++
					}
				},
				Once: masked(p, func(p []byte) { gwsMask(p, keyBytes) }),
			},
			{
				Name: "coder",
				Loop: func(b *testing.B) {
					i := 0
					for b.Loop() {
						coderMask(payloads[i&last], word)
						i++
					}
				},
				Once: masked(p, func(p []byte) { coderMask(p, word) }),
			},
			{
				Name: "gobwas",
				Loop: func(b *testing.B) {
					i := 0
					for b.Loop() {
						ws.Cipher(payloads[i&last], key, 0)
						i++
					}
				},
				Once: masked(p, func(p []byte) { ws.Cipher(p, key, 0) }),
			},
			{
				Name: "gorilla",
				Loop: func(b *testing.B) {
					i := 0
					for b.Loop() {
						gorillaMask(key, 0, payloads[i&last])
						i++
					}
				},
				Once: masked(p, func(p []byte) { gorillaMask(key, 0, p) }),
			},
			{
				Name: "crypto/subtle",
				Loop: func(b *testing.B) {
					i := 0
					for b.Loop() {
						p := payloads[i&last]
						subtle.XORBytes(p, p, long)
						i++
					}
				},
				Once: masked(p, func(p []byte) { subtle.XORBytes(p, p, long) }),
			},
			{
				Name: "copy",
				Loop: func(b *testing.B) {
					i := 0
					for b.Loop() {
						copy(copies[i&last], payloads[i&last])
						i++
					}
				},
			},
		},
	}
	library, limit := 0.0, 0.0 // targets
	if len(p) == 64 {
		c.Contestants[0].AtMost = 4
	}
	if len(p) >= 1<<10 {
		library = 1.8
	}
	if len(p) <= 64<<10 {
		limit = 0.65
	}
	c.Duels = []Duel{
		{"ours", "gws", library},
		{"ours", "coder", library},
		{"ours", "gobwas", 0},
		{"ours", "gorilla", 0},
		{"ours", "crypto/subtle", 0},
		{"ours", "copy", limit},
	}
	return c
}

// masked returns a func that returns a copy of p which mask has masked.
func masked(p []byte, mask func(p []byte)) func() string {
	return func() string {
		q := bytes.Clone(p)
		mask(q)
		return string(q)
	}
}
