//go:build !purego

package utf8check

// EachPath calls do for each way that the package has of doing its work on this
// processor: with the instructions that it has, as if it had no GFNI, and as if
// it had no AVX2 either. It changes variables of the package, so nothing else
// may run meanwhile.
func EachPath(do func(path string)) {
	defer func(gfni, avx2 bool) { hasGFNI, hasAVX2 = gfni, avx2 }(hasGFNI, hasAVX2)
	if hasGFNI {
		do("with GFNI")
	}
	hasGFNI = false
	if hasAVX2 {
		do("with AVX2")
	}
	hasAVX2 = false
	do("plain Go")
}
