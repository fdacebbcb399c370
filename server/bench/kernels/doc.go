// Package kernels holds the innermost loops of this project beside those of
// other libraries: frame headers, masking, UTF-8 validation and masking keys.
//
// A [Contest] is one kernel on one input, with all who take part. [All] lists
// them, [Contest.Agree] shows that they do the same work, and [Measure] times
// them in turns, so that a drift of the machine falls on all alike. The same
// contests are ordinary Go benchmarks in this package's tests.
//
// Some of the others' loops are not exported. They are reached by linkname, which
// the linker allows for packages outside the standard library; a version that
// renames one fails to link.
package kernels
