//go:build (!amd64 && !arm64) || purego

package frame

func maskBytes(b []byte, k uint32) { maskWords(b, k) }
