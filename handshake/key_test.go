package handshake

import (
	"encoding/base64"
	"math/bits"
	"testing"
)

func TestAcceptAnswersTheKeyOfTheRFC(t *testing.T) {
	// RFC 6455 1.3 and 4.2.2.
	if got := AcceptKey("dGhlIHNhbXBsZSBub25jZQ=="); got != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
		t.Errorf("AcceptKey = %q", got)
	}
}

func TestAKeyIsTheStrictBase64OfSixteenBytes(t *testing.T) {
	// Row 45, H5, RFC 6455 4.2.1 item 5, RFC 4648 3.5.
	for _, c := range []struct {
		name, key string
		want      bool
	}{
		{"the RFC's", "dGhlIHNhbXBsZSBub25jZQ==", true},
		{"zeros", "AAAAAAAAAAAAAAAAAAAAAA==", true},
		{"empty", "", false},
		{"short", "abc", false},
		{"15 bytes", "dGhlIHNhbXBsZSBub25j", false},
		{"18 bytes in 24 characters", "dGhlIHNhbXBsZSBub25jZQAB", false},
		{"17 bytes", "dGhlIHNhbXBsZSBub25jZQA=", false},
		{"24 characters that are no base64", "????????????????????????", false},
		{"no padding", "dGhlIHNhbXBsZSBub25jZQ", false},
		{"bits left in the last character", "dGhlIHNhbXBsZSBub25jZR==", false},
		{"URL alphabet", "_-AAAAAAAAAAAAAAAAAAAA==", false},
		{"line break inside", "dGhlIHNhbXBsZSBub25j\nQ==", false},
		{"two joined", "dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ==", false},
	} {
		if got := validKey(c.key); got != c.want {
			t.Errorf("%s: validKey(%q) = %v", c.name, c.key, got)
		}
	}
}

func TestKeysAreFreshAndRandom(t *testing.T) {
	// C6: no repeats, and every bit set half of the time.
	const n = 1 << 14
	seen := map[string]bool{}
	var ones [128]int
	for range n {
		key := NewKey()
		if !validKey(key) {
			t.Fatalf("NewKey() = %q", key)
		}
		if seen[key] {
			t.Fatalf("NewKey() = %q twice", key)
		}
		seen[key] = true
		raw, _ := base64.StdEncoding.DecodeString(key)
		for i, b := range raw {
			for ; b != 0; b &= b - 1 {
				ones[8*i+bits.TrailingZeros8(b)]++
			}
		}
	}
	// The standard deviation is 64; ten of them never happen by chance.
	for i, got := range ones {
		if got < n/2-640 || got > n/2+640 {
			t.Errorf("bit %d was set in %d of %d keys", i, got, n)
		}
	}
}
