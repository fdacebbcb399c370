//go:build !purego

package utf8check

// EachPath calls do for each way that the package has of doing its work on this
// processor: with the instructions that it has, and as if it had no AVX2. It
// changes a variable of the package, so nothing else may run meanwhile.
func EachPath(do func(path string)) {
	do("as the processor is")
	defer func(has bool) { hasAVX2 = has }(hasAVX2)
	hasAVX2 = false
	do("without AVX2")
}
