package testdata_test

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/parleyws/parley/testdata"
)

func ExampleFrames() {
	cases, err := testdata.Frames()
	if err != nil {
		fmt.Println(err)
		return
	}
	i := slices.IndexFunc(cases, func(c testdata.FrameCase) bool {
		return c.Name == "example: masked text"
	})
	c := cases[i]
	fmt.Printf("%s: % X from the %s\n", c.Section, c.Wire(), c.From)
	for _, f := range c.Accept {
		fmt.Printf("opcode %d, payload %q\n", f.Opcode, f.Arrived())
	}
	// Output:
	// RFC 6455 5.7: 81 85 37 FA 21 3D 7F 9F 4D 51 58 from the client
	// opcode 1, payload "Hello"
}

func ExampleCloses() {
	cases, err := testdata.Closes()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range cases {
		if len(c.Payload) == 1 && c.Error != nil {
			fmt.Printf("% X breaks %s: close with %d\n", c.Payload, c.Error.Section, c.Error.Code)
		}
	}
	// Output:
	// 00 breaks RFC 6455 5.5.1: close with 1002
	// 03 breaks RFC 6455 5.5.1: close with 1002
	// FF breaks RFC 6455 5.5.1: close with 1002
}

func ExampleUTF8() {
	cases, err := testdata.UTF8()
	if err != nil {
		fmt.Println(err)
		return
	}
	wrong := 0
	for _, c := range cases {
		if utf8.Valid(c.Bytes) != (c.Verdict == testdata.Valid) {
			wrong++
		}
	}
	fmt.Println("unicode/utf8 is wrong", wrong, "times")
	// Output:
	// unicode/utf8 is wrong 0 times
}
