//go:build !amd64 || purego

package frame

// EachPath calls do for each way that the package has of doing its work: here
// there is one.
func EachPath(do func(path string)) { do("plain Go") }
