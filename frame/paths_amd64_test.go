//go:build !purego

package frame

// EachPath calls do for each way that the package has of doing its work on this
// processor: with AVX2, if it has that, and as if it had none. It changes a
// variable of the package, so nothing else may run meanwhile.
func EachPath(do func(path string)) {
	defer func(avx2 bool) { hasAVX2 = avx2 }(hasAVX2)
	if hasAVX2 {
		do("with AVX2")
	}
	hasAVX2 = false
	do("plain Go")
}
