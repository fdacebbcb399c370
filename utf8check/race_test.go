//go:build race

package utf8check_test

// stride is how many of the texts of an exhaustive test go by for each that is
// tried. The race detector makes them slow, and has nothing to find in them.
const stride = 97
