package message_test

import (
	"errors"
	"fmt"

	"github.com/parleyws/parley/conn/message"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
)

// A server decodes what a client sent; the bytes are an example of RFC 6455
// section 5.7, and a ping.
func ExampleDecoder() {
	d := message.Decoder{FromClient: true}
	defer d.Free()
	sent := []byte("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58" + "\x89\x80\x37\xfa\x21\x3d")
	for ev, err := range d.Feed(sent) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%v %q\n", ev.Opcode, ev.Payload)
	}
	// Output:
	// text "Hello"
	// ping ""
}

// The pieces of a message come as the network brings them. A control frame may
// come between.
func ExampleDecoder_Feed() {
	var d message.Decoder // of what a server sends
	var text []byte
	for _, read := range []string{"\x01\x04lon", "g\x89", "\x01!\x80\x05 tex", "t"} {
		for ev, err := range d.Feed([]byte(read)) {
			switch {
			case err != nil:
				fmt.Println(err)
				return
			case ev.Opcode == frame.Ping:
				fmt.Printf("ping %q\n", ev.Payload)
			default:
				text = append(text, ev.Payload...)
				if ev.Last {
					fmt.Printf("text %q\n", text)
				}
			}
		}
	}
	// Output:
	// ping "!"
	// text "long text"
}

// Next is for whoever wants to stop between two events, and keep what is not
// used yet.
func ExampleDecoder_Next() {
	var d message.Decoder // of what a server sends
	read := []byte("\x81\x03one\x81\x03two")
	ev, n, err := d.Next(read)
	fmt.Printf("%q %d %v\n", ev.Payload, n, err)

	read = read[n:]
	ev, n, err = d.Next(read)
	fmt.Printf("%q %d %v\n", ev.Payload, n, err)

	ev, n, err = d.Next(read[n:])
	fmt.Printf("more is needed: %v %d %v\n", ev.Opcode == 0, n, err)
	// Output:
	// "one" 5 <nil>
	// "two" 5 <nil>
	// more is needed: true 0 <nil>
}

// A close frame is an event like any other, and the last.
func ExampleEvent() {
	var d message.Decoder // of what a server sends
	for ev, err := range d.Feed([]byte("\x88\x05\x03\xe8bye" + "\x81\x05Hello")) {
		fmt.Println(ev.Opcode, ev.Code, ev.Reason, err)
	}
	// Output:
	// close 1000 normal closure bye <nil>
}

// A breach of the protocol tells the close code to answer with.
func ExampleDecoder_Feed_error() {
	d := message.Decoder{FromClient: true}
	for _, err := range d.Feed([]byte("\x81\x05Hello")) { // not masked
		var breach *frame.Error
		if errors.As(err, &breach) {
			fmt.Println(breach.Code)
			fmt.Println(err)
		}
	}
	// Output:
	// 1002 protocol error
	// websocket: frame from the client is not masked (RFC 6455 5.1)
}

func ExampleLimitError() {
	d := message.Decoder{MaxMessage: 4}
	for _, err := range d.Feed([]byte("\x81\x05Hello")) {
		var limit *message.LimitError
		if errors.As(err, &limit) {
			fmt.Println(limit.Code)
			fmt.Println(err)
		}
	}
	// Output:
	// 1009 message too big
	// websocket: bytes in a message over the limit of 4 (option MaxMessage)
}

// What a client encodes a server decodes.
func ExampleEncoder() {
	client := message.Encoder{FromClient: true}
	sent, err := client.AppendMessage(nil, frame.Text, []byte("Hello"))
	if err == nil {
		sent, err = client.AppendClose(sent, frame.NormalClosure, "")
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	server := message.Decoder{FromClient: true}
	for ev, err := range server.Feed(sent) {
		fmt.Printf("%v %q %v\n", ev.Opcode, ev.Payload, err)
	}
	// Output:
	// text "Hello" <nil>
	// close "\x03\xe8" <nil>
}

// A server's frames are not masked, so their bytes are always the same.
func ExampleEncoder_AppendFragment() {
	var e message.Encoder // of a server
	sent, err := e.AppendFragment(nil, frame.Text, []byte("Hel"), false)
	fmt.Printf("%x %v\n", sent, err)

	// A control frame may pass between.
	sent, err = e.AppendControl(nil, frame.Ping, nil)
	fmt.Printf("%x %v\n", sent, err)

	// Another message may not.
	_, err = e.AppendMessage(nil, frame.Binary, nil)
	fmt.Println(err)

	sent, err = e.AppendFragment(nil, frame.Text, []byte("lo"), true)
	fmt.Printf("%x %v\n", sent, err)
	// Output:
	// 010348656c <nil>
	// 8900 <nil>
	// websocket: message begun before the last one is finished
	// 80026c6f <nil>
}

// A message that is streamed is compressed if that was agreed. What comes out of
// it depends on how well that goes, but each piece can be read as it comes.
func ExampleEncoder_AppendFragment_compressed() {
	compressor, err := deflate.NewCompressor(deflate.Direction{}, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	server := message.Encoder{Deflate: compressor}
	defer server.Free()
	client := message.Decoder{Inflate: deflate.NewDecompressor(deflate.Direction{})}
	defer client.Free()

	for i, piece := range []string{"row, ", "row, row ", "your boat"} {
		sent, err := server.AppendFragment(nil, frame.Text, []byte(piece), i == 2)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%02x", sent[0])
		for ev, err := range client.Feed(sent) {
			fmt.Printf(" %q %v", ev.Payload, err)
		}
		fmt.Println()
	}
	// Output:
	// 41 "row, " <nil>
	// 00 "row, row " <nil>
	// 80 "your boat" <nil> "" <nil>
}

// What is compressed already gains nothing.
func ExampleEncoder_AppendUncompressedFragment() {
	compressor, err := deflate.NewCompressor(deflate.Direction{}, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	e := message.Encoder{Deflate: compressor}
	defer e.Free()
	sent, err := e.AppendUncompressedFragment(nil, frame.Binary, []byte("\x89PNG"), false)
	if err == nil {
		sent, err = e.AppendUncompressedFragment(sent, frame.Binary, []byte("..."), true)
	}
	fmt.Printf("%q %v\n", sent, err)
	// Output:
	// "\x02\x04\x89PNG\x80\x03..." <nil>
}

// A message that is not sent after all must not be continued, nor referred to.
func ExampleEncoder_Retract() {
	var e message.Encoder
	if _, err := e.AppendFragment(nil, frame.Text, []byte("never sent"), false); err != nil {
		fmt.Println(err)
		return
	}
	e.Retract()
	sent, err := e.AppendMessage(nil, frame.Text, []byte("sent"))
	fmt.Printf("%q %v\n", sent, err)
	// Output:
	// "\x81\x04sent" <nil>
}
