//go:build !linux

package stamp

import "time"

var start = time.Now()

// Now returns the time since some moment in the past, of this process alone: nothing
// is measured here.
func Now() time.Duration { return time.Since(start) }
