//go:build race

package message_test

// raceDetector: under it a sync.Pool forgets at random, so nothing can be said
// of what compression allocates. And it is slow, and has nothing to find where
// there is one goroutine: a test that goes through very many inputs takes fewer.
const raceDetector = true
