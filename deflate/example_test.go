package deflate_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"

	"github.com/parleyws/parley/deflate"
)

// What a client offers, what a server makes of it, and what the client makes
// of the answer.
func Example_negotiation() {
	offer := deflate.Offer{
		Params:       deflate.Params{ServerMaxWindowBits: 12},
		ClientWindow: true,
	}
	fmt.Println("offer: ", header(offer.All()))

	received, err := deflate.ParseOffer(offer.All())
	if err != nil {
		fmt.Println("decline:", err)
		return
	}
	agreed, ok := received.Accept(deflate.Params{ClientMaxWindowBits: 10, ClientNoContextTakeover: true})
	if !ok {
		fmt.Println("decline")
		return
	}
	fmt.Println("answer:", header(agreed.All()))

	response, err := deflate.ParseResponse(agreed.All())
	if err == nil {
		err = offer.Verify(response)
	}
	fmt.Println("verify:", err)
	fmt.Printf("from the server: %+v\n", response.FromServer())
	fmt.Printf("from the client: %+v\n", response.FromClient())
	// Output:
	// offer:  permessage-deflate; server_max_window_bits=12; client_max_window_bits
	// answer: permessage-deflate; client_no_context_takeover; server_max_window_bits=12; client_max_window_bits=10
	// verify: <nil>
	// from the server: {WindowBits:12 ContextTakeover:true}
	// from the client: {WindowBits:10 ContextTakeover:false}
}

// header writes an element of the Sec-WebSocket-Extensions header field.
func header(params iter.Seq2[string, string]) string {
	s := deflate.Name
	for name, value := range params {
		s += "; " + name
		if value != "" {
			s += "=" + value
		}
	}
	return s
}

func ExampleParseOffer() {
	_, err := deflate.ParseOffer(maps.All(map[string]string{"server_max_window_bits": "7"}))
	fmt.Println(err)
	var pe *deflate.ParameterError
	fmt.Println(errors.As(err, &pe), pe.Section)
	// Output:
	// websocket: permessage-deflate: parameter "server_max_window_bits" with value "7" is no decimal number from 8 to 15 without leading zeros (RFC 7692 7.1.2.1)
	// true RFC 7692 7.1.2.1
}

func ExampleOffer_Verify() {
	offer := deflate.Offer{} // does not name client_max_window_bits
	fmt.Println(offer.Verify(deflate.Params{ClientMaxWindowBits: 10}))
	// Output:
	// websocket: permessage-deflate: parameter "client_max_window_bits" with value "10" was not offered (RFC 7692 7.1.2.2)
}

func ExampleCompressor() {
	c, err := deflate.NewCompressor(deflate.Direction{ContextTakeover: true}, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Free()
	quote := []byte("Whan that Aprille with his shoures soote, the droghte of March hath perced to the roote, " +
		"and bathed every veyne in swich licour of which vertu engendred is the flour; " +
		"whan Zephirus eek with his sweete breeth inspired hath in every holt and heeth the tendre croppes")
	first, ok := c.Append(nil, quote)
	fmt.Println("smaller:", ok, len(first) < len(quote))
	second, ok := c.Append(nil, quote)
	fmt.Println("again:  ", ok, len(second) < 20)
	_, ok = c.Append(nil, []byte("Hi"))
	fmt.Println("too small to shrink:", ok)
	// Output:
	// smaller: true true
	// again:   true true
	// too small to shrink: false
}

// A message in pieces: what is in one fragment can be read at once.
func ExampleCompressor_AppendPiece() {
	c, err := deflate.NewCompressor(deflate.Direction{}, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Free()
	d := deflate.NewDecompressor(deflate.Direction{})
	defer d.Free()
	for i, piece := range []string{"Hello, ", "world", ""} {
		last := i == 2
		fragment, err := c.AppendPiece(nil, []byte(piece), last)
		if err != nil {
			fmt.Println(err)
			return
		}
		d.Feed(fragment, last)
		for {
			chunk, err := d.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				fmt.Println(err)
				return
			}
			fmt.Printf("%q\n", chunk)
		}
	}
	// Output:
	// "Hello, "
	// "world"
}

// A message that is compressed but not sent must be forgotten.
func ExampleCompressor_Forget() {
	c, err := deflate.NewCompressor(deflate.Direction{ContextTakeover: true}, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Free()
	message := bytes.Repeat([]byte("Hello, world. "), 20)
	if _, ok := c.Append(nil, message); !ok {
		fmt.Println("not smaller")
	}
	fmt.Println("holds", c.Retained() > 0)
	c.Forget()
	fmt.Println("holds", c.Retained() > 0)
	// Output:
	// holds true
	// holds false
}

// One limit may be shared by all connections of a process.
func ExampleLimit() {
	limit := deflate.NewLimit(4)
	c, err := deflate.NewCompressor(deflate.Direction{}, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Free()
	compress := func(ctx context.Context, message []byte) ([]byte, bool, error) {
		if err := limit.Acquire(ctx); err != nil {
			return nil, false, err
		}
		defer limit.Release()
		payload, ok := c.Append(nil, message)
		return payload, ok, nil
	}
	_, ok, err := compress(context.Background(), bytes.Repeat([]byte("Hello"), 100))
	fmt.Println(ok, err)

	ended, cancel := context.WithCancel(context.Background())
	cancel()
	_, _, err = compress(ended, []byte("Hello"))
	fmt.Println(err)
	// Output:
	// true <nil>
	// websocket: waiting for a turn to compress: context canceled
}

// A server that wants no more than 1 KiB of window for what a client sends, and
// a client that offers one alternative without and one with.
func ExampleTerms_Answer() {
	terms := deflate.Terms{
		Params:           deflate.Params{ClientMaxWindowBits: 10},
		NeedClientWindow: true,
	}
	offers := []deflate.Offer{
		{Params: deflate.Params{ServerMaxWindowBits: 12}},
		{ClientWindow: true},
	}
	agreed, ok := terms.Answer(func(yield func(iter.Seq2[string, string]) bool) {
		for _, offer := range offers {
			if !yield(offer.All()) {
				return
			}
		}
	})
	fmt.Println(header(agreed.All()), ok)
	// Output:
	// permessage-deflate; client_max_window_bits=10 true
}

// A whole message at once, up to a limit.
func ExampleDecompressor_Append() {
	d := deflate.NewDecompressor(deflate.Direction{ContextTakeover: true})
	defer d.Free()

	message, err := d.Append(nil, []byte{0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00}, 1<<20)
	fmt.Printf("%s, %v\n", message, err)
	message, err = d.Append(message[:0], []byte{0xf2, 0x00, 0x11, 0x00, 0x00}, 1<<20) // refers to the first
	fmt.Printf("%s, %v\n", message, err)
	_, err = d.Append(nil, []byte{0xf2, 0x00, 0x11, 0x00, 0x00}, 4)
	fmt.Println(err)
	// Output:
	// Hello, <nil>
	// Hello, <nil>
	// websocket: message is too big once inflated
}

// A message in pieces, each inflated as it comes.
func ExampleDecompressor_Next() {
	d := deflate.NewDecompressor(deflate.Direction{})
	defer d.Free()
	for _, piece := range []struct {
		payload []byte
		last    bool
	}{
		{[]byte{0xf2, 0x48, 0xcd}, false},
		{[]byte{0xc9, 0xc9, 0x07, 0x00}, true},
	} {
		d.Feed(piece.payload, piece.last)
		for {
			chunk, err := d.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				fmt.Println(err)
				return
			}
			fmt.Printf("%q\n", chunk)
		}
	}
	// Output:
	// "He"
	// "llo"
}
