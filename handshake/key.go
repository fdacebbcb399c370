package handshake

import (
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
)

// guid is what a server hashes a key with, to prove that it speaks WebSocket
// and did not just echo (RFC 6455 1.3).
const guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

const (
	nonceLen = 16 // bytes of a key, before base64
	keyLen   = 24 // their base64
)

// NewKey returns a fresh Sec-WebSocket-Key: 16 random bytes in base64. Each
// request needs its own (RFC 6455 4.1).
func NewKey() string {
	var nonce [nonceLen]byte
	rand.Read(nonce[:]) // crypto/rand.Read never fails
	return base64.StdEncoding.EncodeToString(nonce[:])
}

// AcceptKey returns the Sec-WebSocket-Accept that answers key (RFC 6455
// 4.2.2, item 5.4). It hashes key as it stands.
func AcceptKey(key string) string {
	return string(appendAcceptKey(nil, key))
}

func appendAcceptKey(dst []byte, key string) []byte {
	var proof [keyLen + len(guid)]byte // all of it, but for keys that are none
	sum := sha1.Sum(append(append(proof[:0], key...), guid...))
	return base64.StdEncoding.AppendEncode(dst, sum[:])
}

// isBase64Byte is the alphabet of base64, RFC 4648 4.
var isBase64Byte = func() (t [256]bool) {
	for _, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" {
		t[c] = true
	}
	return t
}()

// validKey reports whether key is the base64 of 16 bytes, in the one form that
// an encoder writes (RFC 4648 3.5): the last of its 22 characters stands for
// 2 bits, and the 4 below them are zero.
func validKey(key string) bool {
	if len(key) != keyLen || key[22:] != "==" {
		return false
	}
	for i := range 22 {
		if !isBase64Byte[key[i]] {
			return false
		}
	}
	last := key[21]
	return last == 'A' || last == 'Q' || last == 'g' || last == 'w'
}
