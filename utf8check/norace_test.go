//go:build !race

package utf8check_test

// stride is 1: an exhaustive test tries every text.
const stride = 1
