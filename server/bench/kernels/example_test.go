package kernels_test

import (
	"fmt"
	"os"
	"time"

	"github.com/parleyws/parley/server/bench/kernels"
)

func ExampleMask() {
	for _, c := range kernels.Mask() {
		if err := c.Agree(); err != nil {
			fmt.Println(err)
		}
	}
	first := kernels.Mask()[0]
	fmt.Println(first.Name())
	for _, x := range first.Contestants {
		fmt.Println(x.Name)
	}
	// Output:
	// mask/bytes=5
	// ours
	// gws
	// coder
	// gobwas
	// gorilla
	// crypto/subtle
	// copy
}

func ExampleMeasure() {
	c := kernels.NewKey()[0]
	res, err := kernels.Measure(&c, 5, time.Microsecond)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, t := range res.Times {
		fmt.Println(t.Name, len(t.Rounds), t.Nanoseconds > 0)
	}
	// Output:
	// ours 5 true
	// crypto/rand 5 true
}

func ExampleWriteMarkdown() {
	kernels.WriteMarkdown(os.Stdout, []kernels.Result{{
		Kernel: "mask",
		Input:  []kernels.Field{{Name: "bytes", Value: "64"}},
		Bytes:  64,
		Times: []kernels.Time{
			{Name: "ours", Nanoseconds: 5, GBps: 12.8, AtMost: 4},
			{Name: "theirs", Nanoseconds: 8, GBps: 8, Allocs: 1},
		},
		Ratios: []kernels.Ratio{{Of: "ours", Against: "theirs", Times: 1.6, AtLeast: 1.5}},
	}})
	// Output:
	// ## mask
	//
	// | bytes | ours | theirs | ours : theirs |
	// |---|---:|---:|---:|
	// | 64 | **5.00 ns** (≤ 4), 12.8 GB/s | 8.00 ns, 8.00 GB/s, 1 alloc | 1.60 (≥ 1.5) |
	//
	// 1 of 2 targets met.
}
