//go:build !amd64 || purego

package utf8check

// EachPath calls do for each way that the package has of doing its work: here
// there is one.
func EachPath(do func(path string)) { do("plain Go") }
