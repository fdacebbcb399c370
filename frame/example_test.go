package frame_test

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/parleyws/parley/frame"
)

func ExampleAppendFrame() {
	wire := frame.AppendFrame(nil, frame.Header{Fin: true, Opcode: frame.Text}, []byte("Hello"))
	fmt.Printf("% x\n", wire)

	h := frame.Header{Fin: true, Opcode: frame.Text, Masked: true, Key: frame.Key{0x37, 0xfa, 0x21, 0x3d}}
	wire = frame.AppendFrame(nil, h, []byte("Hello"))
	fmt.Printf("% x\n", wire)
	// Output:
	// 81 05 48 65 6c 6c 6f
	// 81 85 37 fa 21 3d 7f 9f 4d 51 58
}

func ExampleAppendHeader() {
	h := frame.Header{Fin: true, Opcode: frame.Binary, Length: 65536}
	fmt.Printf("% x\n", frame.AppendHeader(nil, h))
	// Output:
	// 82 7f 00 00 00 00 00 01 00 00
}

func ExampleParseHeader() {
	wire := []byte("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58")
	h, n, err := frame.ParseHeader(wire)
	if err != nil {
		fmt.Println(err)
		return
	}
	payload := wire[n:][:h.Length]
	frame.Mask(payload, h.Key, 0)
	fmt.Printf("%v, fin %v: %s\n", h.Opcode, h.Fin, payload)
	// Output:
	// text, fin true: Hello
}

// Bytes come when they come: io.ErrUnexpectedEOF asks for more.
func ExampleParseHeader_incomplete() {
	wire := []byte("\x82\x7e\x01\x00")
	for have := range len(wire) + 1 {
		h, _, err := frame.ParseHeader(wire[:have])
		switch {
		case err == io.ErrUnexpectedEOF:
			fmt.Println(have, "bytes: more, please")
		case err != nil:
			fmt.Println(err)
		default:
			fmt.Println(have, "bytes:", h.Opcode, "of", h.Length)
		}
	}
	// Output:
	// 0 bytes: more, please
	// 1 bytes: more, please
	// 2 bytes: more, please
	// 3 bytes: more, please
	// 4 bytes: binary of 256
}

func ExampleHeader() {
	ping := frame.Header{Fin: true, Opcode: frame.Ping, Length: 5}
	pong := ping
	pong.Opcode = frame.Pong
	fmt.Println(ping.Opcode.IsControl(), pong.Opcode, pong.Length)
	// Output:
	// true pong 5
}

// One header serves for all frames, and is never copied.
func ExampleHeader_Parse() {
	wire := []byte("\x81\x05Hello" + "\x89\x00" + "\x03\x00")
	var h frame.Header
	var c frame.Checker
	for len(wire) > 0 {
		n, err := h.Parse(wire)
		if err == nil {
			err = h.Check(&c)
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%v: %q\n", h.Opcode, wire[n:][:h.Length])
		wire = wire[n:][h.Length:]
	}
	// Output:
	// text: "Hello"
	// ping: ""
	// websocket: opcode is reserved (RFC 6455 5.2)
}

func ExampleHeader_AppendFrame() {
	h := frame.Header{Opcode: frame.Text}
	wire := h.AppendFrame(nil, []byte("Hel"))
	h.Fin, h.Opcode = true, frame.Continuation
	wire = h.AppendFrame(wire, []byte("lo"))
	fmt.Printf("% x\n", wire)
	// Output:
	// 01 03 48 65 6c 80 02 6c 6f
}

func ExampleRSV() {
	h, _, err := frame.ParseHeader([]byte("\xc1\x07"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("compressed:", h.RSV&frame.RSV1 != 0)
	// Output:
	// compressed: true
}

func ExampleOpcode() {
	for _, o := range []frame.Opcode{frame.Text, frame.Close, 0x3} {
		fmt.Printf("%v: control %v, reserved %v\n", o, o.IsControl(), o.IsReserved())
	}
	// Output:
	// text: control false, reserved false
	// close: control true, reserved false
	// opcode 0x3: control false, reserved true
}

// A payload can be unmasked in pieces, as it comes.
func ExampleMask() {
	key := frame.Key{0x37, 0xfa, 0x21, 0x3d}
	pos := 0
	for _, piece := range []string{"\x7f\x9f", "\x4d\x51\x58"} {
		b := []byte(piece)
		pos = frame.Mask(b, key, pos)
		fmt.Printf("%s", b)
	}
	fmt.Println()
	// Output:
	// Hello
}

func ExampleNewKey() {
	payload := []byte("Hello")
	h := frame.Header{Fin: true, Opcode: frame.Text, Masked: true, Key: frame.NewKey()}
	wire := frame.AppendFrame(nil, h, payload)
	fmt.Println(len(wire), string(payload))
	// Output:
	// 11 Hello
}

func ExampleKey() {
	h, _, err := frame.ParseHeader([]byte("\x81\x80\x37\xfa\x21\x3d"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("% x\n", h.Key)
	// Output:
	// 37 fa 21 3d
}

func ExampleChecker() {
	c := frame.Checker{FromClient: true}
	for _, h := range []frame.Header{
		{Opcode: frame.Text, Masked: true},              // the first fragment
		{Fin: true, Opcode: frame.Ping, Masked: true},   // may stand between fragments
		{Fin: true, Opcode: frame.Binary, Masked: true}, // but a message may not
	} {
		fmt.Println(h.Opcode, c.Check(h))
	}
	// Output:
	// text <nil>
	// ping <nil>
	// binary websocket: new message before the last one is finished (RFC 6455 5.4)
}

func ExampleError() {
	c := frame.Checker{FromClient: true}
	err := c.Check(frame.Header{Fin: true, Opcode: frame.Text})
	var breach *frame.Error
	if errors.As(err, &breach) {
		fmt.Println(breach.Section)
		fmt.Printf("%q\n", frame.AppendClose(nil, breach.Code, breach.Reason))
	}
	// Output:
	// RFC 6455 5.1
	// "\x03\xeaframe from the client is not masked"
}

func ExampleAppendClose() {
	fmt.Printf("%q\n", frame.AppendClose(nil, frame.GoingAway, "bye"))
	fmt.Println(len(frame.AppendClose(nil, frame.GoingAway, strings.Repeat("long ", 100))))
	// Output:
	// "\x03\xe9bye"
	// 125
}

func ExampleParseClose() {
	for _, payload := range []string{"\x03\xe9bye", "", "\x03\xee"} {
		code, reason, err := frame.ParseClose([]byte(payload))
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Printf("%v %q\n", code, reason)
	}
	// Output:
	// 1001 going away "bye"
	// 1005 no status received ""
	// websocket: close code may not stand in a close frame (RFC 6455 7.4)
}

func ExampleCloseCode() {
	for _, c := range []frame.CloseCode{frame.NormalClosure, frame.AbnormalClosure, 4000} {
		fmt.Printf("%v: on the wire %v\n", c, c.OnWire())
	}
	// Output:
	// 1000 normal closure: on the wire true
	// 1006 abnormal closure: on the wire false
	// 4000: on the wire true
}

func ExampleReader() {
	r := frame.NewReader(strings.NewReader("\x01\x03Hel" + "\x89\x00" + "\x80\x02lo"))
	for {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		payload, err := io.ReadAll(r)
		fmt.Printf("%v, fin %v: %q, %v\n", h.Opcode, h.Fin, payload, err)
	}
	// Output:
	// text, fin false: "Hel", <nil>
	// ping, fin true: "", <nil>
	// continuation, fin true: "lo", <nil>
}
