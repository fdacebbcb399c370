// A program that needs nothing of Parley but package frame.
package main

import (
	"fmt"
	"os"

	"github.com/parleyws/parley/frame"
)

func main() {
	hello := frame.Header{Fin: true, Opcode: frame.Text, Masked: true, Key: frame.NewKey()}
	wire := frame.AppendFrame(nil, hello, []byte("hello"))

	h, n, err := frame.ParseHeader(wire)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	checker := frame.Checker{FromClient: true}
	if err := checker.Check(h); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	payload := wire[n:]
	frame.Mask(payload, h.Key, 0)
	fmt.Printf("%v %s\n", h.Opcode, payload)
}
