//go:build race

package deflate

// lessUnderRace makes the race detector's runs, which take ten times as long,
// repeat things less often.
const lessUnderRace = 10
