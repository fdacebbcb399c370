package deflate_test

import (
	"fmt"
	"os"

	"github.com/parleyws/parley/server/bench/deflate"
)

func ExampleWays() {
	for _, w := range deflate.Ways() {
		fmt.Println(w.Name, w.WindowBits)
	}
	// Output:
	// ours 15
	// ours 13
	// ours 12
	// gws 15
	// gws 12
	// coder 15
	// klauspost, level 1 15
	// klauspost, level 6 15
	// compress/flate, level 1 15
	// compress/flate, level 6 15
}

func ExampleWay() {
	w := deflate.Ways()[0]
	e, err := w.Open(true, deflate.NewScratch())
	if err != nil {
		fmt.Println(err)
		return
	}
	c, d := e.Compressor(), e.Decompressor()
	chat := deflate.NewChat(0)
	for range 100 {
		message := chat.Append(nil, 512)
		wire, compressed := c.Compress(message)
		if !compressed {
			continue
		}
		if got, err := d.Decompress(wire); err != nil || string(got) != string(message) {
			fmt.Println(err)
		}
	}
	// Output:
}

func ExampleCases() {
	for _, c := range deflate.Cases() {
		fmt.Println(c.Name())
	}
	// Output:
	// bytes=64/takeover=true
	// bytes=128/takeover=true
	// bytes=1024/takeover=true
	// bytes=16384/takeover=true
	// bytes=64/takeover=false
	// bytes=128/takeover=false
	// bytes=1024/takeover=false
	// bytes=16384/takeover=false
}

func ExampleMeasure() {
	c := deflate.Cases()[0]
	res, err := deflate.Measure(&c, deflate.Ways()[:2], 3, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, row := range res.Rows {
		fmt.Println(row.Way, row.WindowBits, len(row.Compress.Rounds), row.Ratio > 0)
	}
	// Output:
	// ours 15 3 true
	// ours 13 3 true
}

func ExampleChat() {
	chat := deflate.NewChat(7)
	fmt.Printf("%s\n", chat.Append(nil, 64))
	fmt.Printf("%s\n", chat.Append(nil, 128))
	// Output:
	// {"id":981418564,"u":"gevo","m":"to tifet zinuhe vo kos wa bu n"}
	// {"id":981418565,"ts":1795000488202,"room":"r0","user":"visru","text":"tozugofo re vi to nezeho vu wa ha seke wa ve vo wa to bu"}
}

func ExampleWriteMarkdown() {
	deflate.WriteMarkdown(os.Stdout, []deflate.Result{{
		Bytes:    64,
		Takeover: true,
		Rows: []deflate.Row{
			{
				Way: "ours", WindowBits: 12, Shared: 24, Ratio: 0.5,
				Compress: deflate.Side{Kept: 4200, Nanoseconds: 812.4},
				Inflate:  deflate.Side{Kept: 5500, Nanoseconds: 268},
			},
			{
				Way: "theirs", WindowBits: 15, Shared: 28 << 20, Ratio: 1.094,
				Compress: deflate.Side{Kept: 1200 << 10, Nanoseconds: 4200},
				Inflate:  deflate.Side{Kept: 38 << 10, Nanoseconds: 1999},
			},
		},
	}})
	// Output:
	// ## messages of 64 B, context taken over
	//
	// | way | window | kept to compress | kept to inflate | shared | compress | inflate | wire : message |
	// |---|---:|---:|---:|---:|---:|---:|---:|
	// | ours | 12 bits | 4.1 KiB | 5.37 KiB | 24 B | 812 ns | 268 ns | 0.500 |
	// | theirs | 15 bits | 1.17 MiB | 38 KiB | 28 MiB | 4200 ns | 1999 ns | 1.094 |
}
