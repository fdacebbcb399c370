package frame_test

import (
	"bytes"
	"testing"

	"github.com/parleyws/parley/frame"
)

func TestMaskTouchesNoPageBesideItsBytes(t *testing.T) {
	const longest = 64 << 10
	pages := guarded(t, longest)
	lengths := []int{1000, 4<<10 - 1, 4 << 10, 4<<10 + 1, longest - 33, longest}
	for n := range 601 {
		lengths = append(lengths, n)
	}
	key := frame.Key{0x37, 0xfa, 0x21, 0x3d}
	want := make([]byte, longest)
	frame.EachPath(func(path string) {
		for _, n := range lengths {
			for pos := range 4 {
				for place, b := range map[string][]byte{"first": pages[:n], "last": pages[len(pages)-n:]} {
					want := want[:n]
					copy(want, b)
					naiveMask(want, key, pos)
					if touches(func() { frame.Mask(b, key, pos) }) {
						t.Fatalf("%s: %d bytes at %d, %s of a page: touches the page beside it", path, n, pos, place)
					}
					if !bytes.Equal(b, want) {
						t.Fatalf("%s: %d bytes at %d, %s of a page: % X, want % X", path, n, pos, place, b, want)
					}
				}
			}
		}
	})
}
