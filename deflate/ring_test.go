package deflate

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"
)

// Whatever is written to a ring, what is read back from a distance is what a
// slice that keeps everything has there.
func TestARingReadsBackWhatWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := ring{size: rapid.IntRange(1, 1500).Draw(t, "size")}
		var all []byte
		for next := byte(1); len(all) < 5000; {
			r.makeRoom()
			room := len(r.bytes) - r.pos
			if room < 1 || len(r.bytes) > r.size {
				t.Fatalf("%d bytes of %d, room for %d", len(r.bytes), r.size, room)
			}
			n := min(room, rapid.IntRange(1, 300).Draw(t, "length"))
			dist := rapid.IntRange(1, r.size).Draw(t, "distance")
			if r.reaches(dist) != (dist <= len(all)) {
				t.Fatalf("after %d bytes a distance of %d is in reach: %t", len(all), dist, r.reaches(dist))
			}
			start := r.pos
			if r.reaches(dist) && rapid.Bool().Draw(t, "copy") {
				r.copyBack(n, dist)
				for range n {
					all = append(all, all[len(all)-dist])
				}
			} else {
				for i := range n {
					r.bytes[r.pos] = next
					r.pos++
					all = append(all, next)
					next += byte(1 + i)
				}
			}
			if got := r.bytes[start:r.pos]; !bytes.Equal(got, all[len(all)-n:]) {
				t.Fatalf("after %d bytes, %d from a distance of %d: got %x", len(all)-n, n, dist, got)
			}
		}
	})
}
