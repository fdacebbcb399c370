//go:build !purego

package frame

import (
	"bytes"
	"math/bits"
	"testing"
)

// From 32 bytes maskAVX2 must be right, although maskBytes gives it only those
// lengths at which it is the faster.
func TestMaskAVX2MasksFrom32BytesAtAnyAddress(t *testing.T) {
	if !hasAVX2 {
		t.Skip("this processor has no AVX2")
	}
	const key, canary = 0x3d21fa37, 0xA5
	got, want := make([]byte, 800), make([]byte, 800)
	for n := 32; n <= 700; n++ {
		for offset := range 33 {
			for i := range got {
				got[i], want[i] = canary, canary
			}
			for i := range n {
				got[offset+i] = byte(i * 7)
				want[offset+i] = byte(i*7) ^ byte(bits.RotateLeft32(key, -8*i))
			}
			maskAVX2(&got[offset], n, key)
			if !bytes.Equal(got, want) {
				t.Fatalf("%d bytes at %d: % X, want % X", n, offset, got, want)
			}
		}
	}
}
