//go:build race

package interop

// Two hundred thousand messages through compressors that watch each of their
// bytes take minutes, and nothing of the matrix is shared between goroutines.
func init() { messagesPerRow = 25 }
