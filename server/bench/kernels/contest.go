package kernels

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Contest is one kernel on one input. Its contestants share the input's memory,
// so a Contest is for one goroutine at a time.
type Contest struct {
	Kernel      string  // such as "mask"
	Input       []Field // what tells this input from the kernel's others
	Bytes       int     // handled by one operation; 0 if throughput says nothing
	Contestants []Contestant
	Duels       []Duel // the ratios to tell
}

// Field is one property of an input.
type Field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Contestant is one library's way to do the work.
type Contestant struct {
	Name string
	// Loop repeats the operation as long as b.Loop tells it to. It calls the
	// kernel directly: a call through a function value would weigh on the
	// short inputs.
	Loop func(b *testing.B)
	// Once does the operation and returns what it came to, to compare with what
	// the others say. It is nil for what does other work and only marks a
	// limit, and where results are random.
	Once func() string
	// AtMost is the target for one operation in nanoseconds, 0 for none.
	AtMost float64
}

// Duel compares the speed of two contestants, by name.
type Duel struct {
	Of, Against string
	// AtLeast is the target for how many times as fast as Against Of is, 0 for
	// none.
	AtLeast float64
}

// All returns the contests of all kernels. Each call makes new ones.
func All() []Contest {
	return slices.Concat(ParseHeader(), AppendHeader(), Mask(), Valid(), NewKey(), RawUpgrade(), HTTPUpgrade())
}

// Name returns the kernel and the input, as in "mask/bytes=64".
func (c *Contest) Name() string {
	var s strings.Builder
	s.WriteString(c.Kernel)
	for _, f := range c.Input {
		s.WriteString("/" + f.Name + "=" + f.Value)
	}
	return s.String()
}

// Agree returns an error unless all contestants whose results can be compared
// come to the same.
func (c *Contest) Agree() error {
	first := -1
	var want string
	for i, x := range c.Contestants {
		if x.Once == nil {
			continue
		}
		got := x.Once()
		if first < 0 {
			first, want = i, got
		} else if got != want {
			return fmt.Errorf("websocket: %s: %s comes to %.60q, %s to %.60q",
				c.Name(), x.Name, got, c.Contestants[first].Name, want)
		}
	}
	return nil
}

// Bench runs contestant i as a Go benchmark.
func (c *Contest) Bench(b *testing.B, i int) {
	b.ReportAllocs()
	b.SetBytes(int64(c.Bytes))
	c.Contestants[i].Loop(b)
}
