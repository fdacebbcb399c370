package fuzz_test

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/parleyws/parley/fuzz"
	"github.com/parleyws/parley/testdata"
)

// Whoever converts with the standard library and looks for the replacement
// character refuses a text that holds one.
func ExampleCheckText() {
	valid := func(text []byte) bool {
		for _, r := range string(text) {
			if r == utf8.RuneError {
				return false
			}
		}
		return true
	}
	for _, fault := range fuzz.CheckText(valid) {
		fmt.Println(fault)
	}
	fmt.Println("utf8.Valid:", len(fuzz.CheckText(utf8.Valid)), "faults")
	// Output:
	// replacement character (RFC 3629 3): refused, but it is UTF-8
	// utf8.Valid: 0 faults
}

// A parser that takes any code. Its error knows no close code, so it is asked
// for none.
func ExampleCheckClosePayloads() {
	parse := func(payload []byte) (int, string, error) {
		switch {
		case len(payload) == 0:
			return 1005, "", nil
		case len(payload) == 1:
			return 0, "", errors.New("half a code")
		case !utf8.Valid(payload[2:]):
			return 0, "", errors.New("reason is not UTF-8")
		}
		return int(payload[0])<<8 | int(payload[1]), string(payload[2:]), nil
	}
	fmt.Println(fuzz.CheckClosePayloads(parse)[0])
	// Output:
	// code 0 (RFC 6455 7.4.2): not refused, but it breaks RFC 6455 7.4: close with 1002
}

// A decoder that knows whole, short frames of servers only, and refuses the rest.
func ExampleCheckFrames() {
	decode := func(fromClient bool, extensions []int, wire []byte) (accepted []testdata.Frame, err error) {
		for len(wire) > 0 {
			if len(wire) < 2 || len(wire) < 2+int(wire[1]) {
				return accepted, errors.New("too long for me")
			}
			n := int(wire[1])
			accepted = append(accepted, testdata.Frame{
				Fin:     wire[0]&0x80 != 0,
				Opcode:  int(wire[0] & 0x0F),
				Length:  int64(n),
				Payload: wire[2 : 2+n],
			})
			wire = wire[2+n:]
		}
		return accepted, nil
	}
	fmt.Println(fuzz.CheckFrames(decode)[0])
	// Output:
	// example: masked text (RFC 6455 5.7): refused (too long for me), but it is lawful
}

func ExampleWithCloseCode() {
	parse := func(payload []byte) (int, string, error) {
		return 0, "", fuzz.WithCloseCode(errors.New("nothing is good enough"), 1007)
	}
	for _, fault := range fuzz.CheckClosePayloads(parse) {
		if fault.Case == "code 1006" {
			fmt.Println(fault.Problem)
		}
	}
	// Output:
	// refused with 1007 (nothing is good enough), but it breaks RFC 6455 7.4: close with 1002
}

func ExampleFault() {
	// Half of a surrogate pair, which UTF-16 needs, is no UTF-8.
	valid := func(text []byte) bool {
		return utf8.Valid(text) || string(text) == "\xED\xA0\x80"
	}
	for _, fault := range fuzz.CheckText(valid) {
		fmt.Println(fault.Case)
		fmt.Println(fault.Section)
		fmt.Println(fault.Problem)
	}
	// Output:
	// surrogate U+D800
	// RFC 3629 3
	// accepted, but byte 1 cannot stand there
}
