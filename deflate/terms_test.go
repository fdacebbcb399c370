package deflate

import (
	"bytes"
	"errors"
	"iter"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// alternatives yields the offers of s, as in "server_max_window_bits=10, , x":
// the parameters of each.
func alternatives(s string) iter.Seq[iter.Seq2[string, string]] {
	return func(yield func(iter.Seq2[string, string]) bool) {
		for offer := range strings.SplitSeq(s, ",") {
			if !yield(list(offer)) {
				return
			}
		}
	}
}

// The rows are those of the project's comparison with the ws module, Z10 is an
// attack of its list.
func TestTheFirstOfferThatCanBeMetIsAnswered(t *testing.T) {
	for _, c := range []struct {
		name   string
		terms  Terms
		offers string
		answer string // "none" if there is no agreement
	}{
		// Server side of the options.
		{"row 29: a server without context says so", Terms{Params: Params{ServerNoContextTakeover: true}}, "", "server_no_context_takeover"},
		{"row 29: and if it is asked to", Terms{Params: Params{ServerNoContextTakeover: true}}, "server_no_context_takeover", "server_no_context_takeover"},
		{"row 29: a server follows its peer", Terms{}, "server_no_context_takeover", "server_no_context_takeover"},
		{"row 29: a server that insists declines", Terms{NeedServerContext: true}, "server_no_context_takeover", "none"},
		{"row 29: and takes the next", Terms{NeedServerContext: true}, "server_no_context_takeover, client_no_context_takeover", "client_no_context_takeover"},
		{"row 29: insisting asks for nothing", Terms{NeedServerContext: true}, "", ""},
		{"row 30: a server may take the client's context away", Terms{Params: Params{ClientNoContextTakeover: true}}, "", "client_no_context_takeover"},
		{"row 30: a client's hint is answered", Terms{}, "client_no_context_takeover", "client_no_context_takeover"},
		{"row 31: the server's own window", Terms{Params: Params{ServerMaxWindowBits: 11}}, "", "server_max_window_bits=11"},
		{"row 31: the smaller window, the server's", Terms{Params: Params{ServerMaxWindowBits: 11}}, "server_max_window_bits=12", "server_max_window_bits=11"},
		{"row 31: the smaller window, the client's", Terms{Params: Params{ServerMaxWindowBits: 11}}, "server_max_window_bits=8", "server_max_window_bits=8"},
		{"row 31: a server that insists on its window declines", Terms{Params: Params{ServerMaxWindowBits: 11}, NeedServerWindow: true}, "server_max_window_bits=10", "none"},
		{"row 31: but not what leaves it", Terms{Params: Params{ServerMaxWindowBits: 11}, NeedServerWindow: true}, "server_max_window_bits=11", "server_max_window_bits=11"},
		{"row 31: insisting on the largest", Terms{NeedServerWindow: true}, "server_max_window_bits=14, server_max_window_bits=15", "server_max_window_bits=15"},
		{"row 31: insisting asks for nothing", Terms{NeedServerWindow: true}, "", ""},
		{"row 32: only if the client offers it", Terms{Params: Params{ClientMaxWindowBits: 9}}, "", ""},
		{"row 32: it does", Terms{Params: Params{ClientMaxWindowBits: 9}}, "client_max_window_bits", "client_max_window_bits=9"},
		{"row 32: it is smaller", Terms{Params: Params{ClientMaxWindowBits: 9}}, "client_max_window_bits=8", "client_max_window_bits=8"},
		{"row 32: a server that insists declines", Terms{Params: Params{ClientMaxWindowBits: 9}, NeedClientWindow: true}, "", "none"},
		{"row 32: and takes the next", Terms{Params: Params{ClientMaxWindowBits: 9}, NeedClientWindow: true}, ", client_max_window_bits=12", "client_max_window_bits=9"},
		{"row 32: insisting on the largest is no condition", Terms{NeedClientWindow: true}, "", ""},
		{"row 32: nor is this", Terms{Params: Params{ClientMaxWindowBits: 15}, NeedClientWindow: true}, "", ""},

		// Offers.
		{"row 52: unknown parameter", Terms{}, "x, server_max_window_bits=9", "server_max_window_bits=9"},
		{"row 52: wrong value", Terms{}, "server_max_window_bits=a, server_max_window_bits=9", "server_max_window_bits=9"},
		{"row 52: value on a flag", Terms{}, "client_no_context_takeover=1, server_max_window_bits=9", "server_max_window_bits=9"},
		{"row 52: repeated parameter", Terms{}, "client_max_window_bits; client_max_window_bits, server_max_window_bits=9", "server_max_window_bits=9"},
		{"row 52: 7 bits", Terms{}, "server_max_window_bits=7, client_max_window_bits=7, server_max_window_bits=9", "server_max_window_bits=9"},
		{"row 52: 16 bits", Terms{}, "server_max_window_bits=16, client_max_window_bits=16, server_max_window_bits=9", "server_max_window_bits=9"},
		{"row 52: no value", Terms{}, "server_max_window_bits, server_max_window_bits=9", "server_max_window_bits=9"},
		{"row 53: none left", Terms{}, "x, y, server_max_window_bits=7", "none"},
		{"row 55: a number as a program would write it", Terms{}, "server_max_window_bits=1e1, server_max_window_bits=010, server_max_window_bits=0xA, server_max_window_bits=10", "server_max_window_bits=10"},
		{"row 56: the first of many", Terms{}, "server_max_window_bits=12, server_max_window_bits=9, ", "server_max_window_bits=12"},
		{"row 57: the client's bits only if there is something to say", Terms{}, "client_max_window_bits", ""},
		{"row 57: offered with a value", Terms{}, "client_max_window_bits=10", "client_max_window_bits=10"},

		{"Z10: 8 bits", Terms{}, "server_max_window_bits=8; client_max_window_bits=8", "server_max_window_bits=8; client_max_window_bits=8"},
		{"Z10: 9 bits", Terms{}, "server_max_window_bits=9; client_max_window_bits=9", "server_max_window_bits=9; client_max_window_bits=9"},
		{"Z10: 15 bits", Terms{}, "server_max_window_bits=15; client_max_window_bits=15", "server_max_window_bits=15; client_max_window_bits=15"},
		{"Z10: leading zero", Terms{}, "server_max_window_bits=08", "none"},
		{"Z10: sign", Terms{}, "server_max_window_bits=+9", "none"},
		{"Z10: fraction", Terms{}, "server_max_window_bits=9.0", "none"},
		{"Z10: upper case", Terms{}, "SERVER_MAX_WINDOW_BITS=9", "none"},
		{"Z10: all four", Terms{}, "client_max_window_bits=9; client_no_context_takeover; server_max_window_bits=10; server_no_context_takeover",
			"server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; client_max_window_bits=9"},
		{"Z10: 2000 offers, the last of them good", Terms{}, strings.Repeat("server_max_window_bits=7,", 1999) + "server_max_window_bits=9", "server_max_window_bits=9"},
		{"Z10: 2000 times the same parameter", Terms{}, strings.Repeat("client_max_window_bits;", 2000), "none"},
		{"Z10: 2000 parameters", Terms{}, strings.Repeat("x;", 2000), "none"},

		{"terms out of range", Terms{Params: Params{ServerMaxWindowBits: 16}}, ", client_max_window_bits", "none"},
	} {
		got := "none"
		if agreed, ok := c.terms.Answer(alternatives(c.offers)); ok {
			got = format(agreed.All())
		}
		if got != c.answer {
			t.Errorf("%s: %.80q is answered %q, want %q", c.name, c.offers, got, c.answer)
		}
	}
	if _, ok := (Terms{}).Answer(func(func(iter.Seq2[string, string]) bool) {}); ok {
		t.Error("no offer is answered")
	}
}

// Z11, and what undici and others have fallen over: a response that is wrong in
// itself, or not what was offered.
func TestZ11AClientRefusesAWrongResponse(t *testing.T) {
	for _, c := range []struct{ offer, response, at string }{
		{"", "client_max_window_bits=10", clientMaxWindowBits},
		{"client_max_window_bits", "client_max_window_bits", clientMaxWindowBits},
		{"client_max_window_bits", "client_max_window_bits=7", clientMaxWindowBits},
		{"client_max_window_bits", "client_max_window_bits=16", clientMaxWindowBits},
		{"client_max_window_bits", "client_max_window_bits=1000", clientMaxWindowBits},
		{"client_max_window_bits", "client_max_window_bits=0", clientMaxWindowBits},
		{"client_max_window_bits=9", "client_max_window_bits=10", clientMaxWindowBits},
		{"", "server_max_window_bits=1000", serverMaxWindowBits},
		{"", "server_max_window_bits=0", serverMaxWindowBits},
		{"", "server_max_window_bits=", serverMaxWindowBits},
		{"", "server_max_window_bits=7", serverMaxWindowBits},
		{"", "server_max_window_bits=16", serverMaxWindowBits},
		{"server_max_window_bits=9", "server_max_window_bits=10", serverMaxWindowBits},
		{"server_max_window_bits=9", "", serverMaxWindowBits},
		{"server_no_context_takeover", "", serverNoContextTakeover},
		{"", "server_no_context_takeover=1", serverNoContextTakeover},
		{"", "client_no_context_takeover; client_no_context_takeover", clientNoContextTakeover},
		{"", "x", "x"},
	} {
		offer, err := ParseOffer(list(c.offer))
		if err != nil {
			t.Fatal(err)
		}
		agreed, err := ParseResponse(list(c.response))
		if err == nil {
			err = offer.Verify(agreed)
		}
		var pe *ParameterError
		if !errors.As(err, &pe) || pe.Name != c.at {
			t.Errorf("offered %q, got %q: %v, want %s at fault", c.offer, c.response, err, c.at)
		}
	}
}

var anyTerms = rapid.Custom(func(t *rapid.T) Terms {
	return Terms{
		Params:            anyParams.Draw(t, "params"),
		NeedServerContext: rapid.Bool().Draw(t, "need server context"),
		NeedServerWindow:  rapid.Bool().Draw(t, "need server window"),
		NeedClientWindow:  rapid.Bool().Draw(t, "need client window"),
	}
})

// Whatever is offered and wanted, what is agreed is what the client verifies,
// what the server's terms say, and what both keep to in the bytes.
func TestWhatIsAgreedHoldsForBothAndInTheBytes(t *testing.T) {
	message := append(noise(3000, 1), noise(3000, 1)...) // matches at a distance of 3000
	message = append(message, noise(300, 2)...)
	message = append(message, noise(300, 2)...) // and of 300
	rapid.Check(t, func(t *rapid.T) {
		terms := anyTerms.Draw(t, "terms")
		var offers []Offer
		for range rapid.IntRange(1, 3).Draw(t, "offers") {
			offers = append(offers, Offer{Params: anyParams.Draw(t, "offer"), ClientWindow: rapid.Bool().Draw(t, "client window")})
		}
		i := -1
		agreed, ok := terms.Answer(func(yield func(iter.Seq2[string, string]) bool) {
			for i = range offers {
				if !yield(offers[i].All()) {
					return
				}
			}
		})
		for _, passedOver := range offers[:i] {
			if _, ok := terms.Accept(passedOver); ok {
				t.Fatalf("passed over %+v", passedOver)
			}
		}
		if !ok {
			return
		}
		response, err := ParseResponse(agreed.All())
		if err != nil || response != agreed {
			t.Fatal(response, err)
		}
		if err := offers[i].Verify(response); err != nil {
			t.Fatal(err)
		}
		server, client := agreed.FromServer(), agreed.FromClient()
		switch {
		case server.WindowBits > windowOrLargest(offers[i].ServerMaxWindowBits), server.WindowBits > windowOrLargest(terms.ServerMaxWindowBits),
			client.WindowBits > windowOrLargest(offers[i].ClientMaxWindowBits),
			terms.ServerNoContextTakeover && server.ContextTakeover, offers[i].ServerNoContextTakeover && server.ContextTakeover,
			terms.ClientNoContextTakeover && client.ContextTakeover,
			terms.NeedServerContext && !terms.ServerNoContextTakeover && !server.ContextTakeover,
			terms.NeedServerWindow && server.WindowBits < windowOrLargest(terms.ServerMaxWindowBits),
			terms.NeedClientWindow && client.WindowBits > windowOrLargest(terms.ClientMaxWindowBits):
			t.Fatalf("offer %+v, terms %+v: agreed to %+v", offers[i], terms, agreed)
		}
		for _, direction := range []Direction{server, client} {
			c, err := NewCompressor(direction, rapid.SampledFrom([]int{1, 6, 9}).Draw(t, "level"))
			if err != nil {
				t.Fatal(err)
			}
			var seen []byte
			for range 2 {
				payload, ok := c.Append(nil, message)
				if !ok {
					continue
				}
				got, longest, err := strictInflate(seen, payload, 1<<direction.WindowBits)
				if err != nil || !bytes.Equal(got, message) {
					t.Fatalf("%+v: %d bytes, %v, distances up to %d", direction, len(got), err, longest)
				}
				if direction.ContextTakeover {
					seen = append(seen, message...)
				}
			}
			c.Free()
		}
	})
}

// Row 33: a message below the threshold is sent as it is, and is not referred
// to by the next, which the receiver could not resolve.
func TestRow33AMessageThatIsNotCompressedStaysOutOfTheWindow(t *testing.T) {
	c, err := NewCompressor(Direction{ContextTakeover: true}, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Free()
	d := NewDecompressor(Direction{ContextTakeover: true})
	defer d.Free()
	for i := range 20 {
		message := chat(i, 300)
		if i%3 == 1 {
			continue // neither side's codec sees it
		}
		payload, ok := c.Append(nil, message)
		if !ok {
			t.Fatal("not smaller")
		}
		if got, err := d.Append(nil, payload, -1); err != nil || !bytes.Equal(got, message) {
			t.Fatalf("message %d: %d bytes, %v", i, len(got), err)
		}
	}
}

// Row 39, RFC 7692 7.2.3.4 and 7.2.3.5: a message may hold streams that end,
// and what follows, in the message or after it, refers back across their ends.
func TestRow39TheWindowSurvivesBFINAL(t *testing.T) {
	for _, c := range []struct {
		name     string
		payloads []string
		messages []string
	}{
		{"a stream that ends, 7.2.3.4", []string{"f348cdc9c9070000", "f200110000"}, []string{"Hello", "Hello"}},
		{"without the octet of the empty block", []string{"f348cdc9c90700", "f200110000"}, []string{"Hello", "Hello"}},
		{"two streams, the second refers to the first", []string{"f348cdc9c90700 f200110000"}, []string{"HelloHello"}},
		{"two streams that end", []string{"f348cdc9c90700 f300110000", "f200110000"}, []string{"HelloHello", "Hello"}},
		{"two blocks, 7.2.3.5", []string{"f24805000000ffffcac9c90700", "f200110000"}, []string{"Hello", "Hello"}},
	} {
		for piece := 1; piece < 9; piece++ {
			d := NewDecompressor(Direction{ContextTakeover: true})
			for i, payload := range c.payloads {
				got, err := inflatePieces(d, cutAll(unhex(t, payload), piece))
				if err != nil || string(got) != c.messages[i] {
					t.Errorf("%s, in pieces of %d: %q, %v, want %q", c.name, piece, got, err, c.messages[i])
				}
			}
			d.Free()
		}
	}
}
