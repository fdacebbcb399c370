//go:build race

package interop

// The server is built as the tests are: it then ends with status 66 if it had a
// data race, and every test wants status 0.
func init() { buildFlags = append(buildFlags, "-race") }
