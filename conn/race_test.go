//go:build race

package conn_test

// raceDetector: under it a sync.Pool forgets at random, so nothing can be said
// of allocations.
const raceDetector = true
