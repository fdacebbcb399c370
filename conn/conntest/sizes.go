package conntest

import "math/rand/v2"

// Sizes yields one size in bytes after another. It is called with the pipe
// locked, by one goroutine at a time, and must not call the pipe.
type Sizes func() int

// Each is always n.
func Each(n int) Sizes { return func() int { return n } }

// Cycle is the sizes in turn, over and over. There must be one.
func Cycle(sizes ...int) Sizes {
	i := 0
	return func() int {
		n := sizes[i]
		i = (i + 1) % len(sizes)
		return n
	}
}

// Random is sizes from low to high, both included, in an order that the seed
// decides.
func Random(seed uint64, low, high int) Sizes {
	r := rand.New(rand.NewPCG(seed, 0))
	return func() int { return low + r.IntN(high-low+1) }
}

// sizes remembers the size that was drawn until it is spent, so that a call
// which moved nothing costs none.
type sizes struct {
	draw  Sizes // nil for no bound
	drawn bool
	size  int
}

func (s *sizes) set() bool { return s.draw != nil }

// next returns the next size, at most n.
func (s *sizes) next(n int) int {
	if s.draw == nil {
		return n
	}
	if !s.drawn {
		s.size, s.drawn = max(0, s.draw()), true
	}
	return min(n, s.size)
}

func (s *sizes) spend() { s.drawn = false }
