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
	sum := sha1.Sum([]byte(key + guid))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// validKey reports whether key is the base64 of 16 bytes, in the one form that
// an encoder writes (RFC 4648 3.5).
func validKey(key string) bool {
	if len(key) != keyLen {
		return false
	}
	var nonce [keyLen]byte
	n, err := base64.StdEncoding.Strict().Decode(nonce[:], []byte(key))
	return err == nil && n == nonceLen
}
