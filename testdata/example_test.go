package testdata_test

import (
	"fmt"
	"slices"
	"strings"
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

func ExampleHandshakes() {
	cases, err := testdata.Handshakes()
	if err != nil {
		fmt.Println(err)
		return
	}
	i := slices.IndexFunc(cases, func(c testdata.HandshakeCase) bool { return c.Name == "version: 8" })
	c := cases[i]
	fmt.Print(strings.ReplaceAll(string(c.Wire()), "\r\n", "\n"))
	fmt.Println(c.Section, "wants", c.Refuse.Status, c.Refuse.Header)
	for _, a := range c.Also {
		fmt.Printf("or %d: %s\n", a.Status, a.Why)
	}
	for _, field := range c.HTTP2Fields() {
		fmt.Println(field[0], field[1])
	}
	// Output:
	// GET / HTTP/1.1
	// Host: example.com
	// Upgrade: websocket
	// Connection: Upgrade
	// Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
	// Sec-WebSocket-Version: 8
	//
	// RFC 6455 4.4 wants 426 map[Sec-WebSocket-Version:13]
	// or 400: RFC 6455 4.2.2 leaves the status open
	// :method CONNECT
	// :protocol websocket
	// :scheme http
	// :path /
	// :authority example.com
	// sec-websocket-version 8
}

func ExampleResponses() {
	cases, err := testdata.Responses()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range cases {
		if c.Name == "an early frame" {
			fmt.Printf("%s: % X comes behind a head of %d bytes\n", c.Section, c.Rest(), len(c.Wire())-len(c.Rest()))
		}
		if c.Name == "accept: twice" {
			fmt.Printf("%s: refused as no %s\n", c.Section, c.Refuse.Stage)
		}
	}
	// Output:
	// RFC 6455 4.1: 81 02 68 69 comes behind a head of 129 bytes
	// RFC 6455 4.1: refused as no handshake
}
