package handshake

import (
	"crypto/sha1"
	"encoding/base64"
	"math/bits"
	"strings"
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

func TestEveryByteOfAKeyCounts(t *testing.T) {
	// RFC 4648 3.5 and 4, byte by byte, against a decoder.
	for i := range len(sampleKey) {
		for c := range 256 {
			key := sampleKey[:i] + string([]byte{byte(c)}) + sampleKey[i+1:]
			raw, err := base64.StdEncoding.Strict().DecodeString(key) // which passes over line breaks
			if got, want := validKey(key), err == nil && len(raw) == 16 && c != '\r' && c != '\n'; got != want {
				t.Errorf("validKey(%q) = %v; it decodes to %q, %v", key, got, raw, err)
			}
		}
	}
}

func TestAKeyIsHashedAsItStands(t *testing.T) {
	// RFC 6455 4.2.2 item 5.4; also one that is none, of any length.
	for n := range 200 {
		key := strings.Repeat("k", n)
		sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
		if got, want := AcceptKey(key), base64.StdEncoding.EncodeToString(sum[:]); got != want {
			t.Errorf("AcceptKey(%q) = %q, want %q", key, got, want)
		}
	}
}

func TestKeysAreFreshAndRandom(t *testing.T) {
	// C6: no repeats in 10^5 keys, and every bit set half of the time.
	const n = 100_000
	seen := make(map[string]bool, n)
	var ones [8 * nonceLen]int
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
	// The standard deviation of one bit is 158; ten of them never happen by
	// chance.
	var places [8]int // in a byte
	for i, got := range ones {
		places[i%8] += got
		if got < n/2-1580 || got > n/2+1580 {
			t.Errorf("bit %d was set in %d of %d keys", i, got, n)
		}
	}
	// 50 % and 0.3 % more or less is seven of them for 1.6 million bits.
	for i, got := range places {
		if all := n * nonceLen; got < all*497/1000 || got > all*503/1000 {
			t.Errorf("bit %d of a byte was set in %d of %d", i, got, all)
		}
	}
}
