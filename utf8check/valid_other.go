//go:build !amd64 || purego

package utf8check

func valid(p []byte) bool { return validGeneric(p) }
