package fuzz_test

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
	"github.com/parleyws/parley/handshake"
)

// FuzzNegotiation: whatever a client offers and a server would like, they agree,
// in the text of their header fields, on something that binds both, and then
// understand each other's messages (RFC 7692 5.1, 7.1 and 7.2).
func FuzzNegotiation(f *testing.F) {
	const (
		greeting = "\x00\x01\x01\x20\x05Hello" // a text of 288 bytes and more from the client
		reply    = "\x01\x01\x01\x20\x05Hello"
		ping     = "\x08\x00\x00\x00\x00" // and an empty message
		pieces   = "\x03\x00\x10\x00\x07windows"
		far      = "\x05\x00\x7F\xFF\x20repeated at more than 256 bytes." // and noise between, 32 KiB of it
		farther  = "\x04\x00\x9F\xFF\x20repeated at more than 256 bytes."
	)
	// Flags, then the server's window and the client's: 0 is not named, 1 is 8 bits.
	f.Add([]byte{0, 0, 0}, []byte{0, 0, 0}, []byte(greeting+greeting+reply+reply), uint64(0))
	f.Add([]byte{0, 1, 0}, []byte{0, 0, 0}, []byte(far+far+reply+ping), uint64(8))
	f.Add([]byte{4, 0, 0}, []byte{0, 0, 2}, []byte(farther+greeting+farther), uint64(5))
	f.Add([]byte{7, 8, 8}, []byte{0, 3, 4}, []byte(far+farther+pieces+far+farther), uint64(3))
	f.Add([]byte{1, 2, 0}, []byte{2, 0, 3}, []byte(pieces+reply+pieces+reply+ping+greeting), uint64(4))
	f.Add([]byte{4, 0, 5}, []byte{3, 6, 2}, []byte(ping+greeting+ping+farther+greeting), uint64(6))
	f.Fuzz(func(t *testing.T, offered, wanted, script []byte, seed uint64) {
		offer := chooseOffer((*choices)(&offered))
		want := chooseParams((*choices)(&wanted))
		agreed := negotiate(t, offer, want, seed%2 == 1)
		levels := []int{0, 1, -1, -2, 6, 7, 9}
		level := levels[int(seed%uint64(len(levels)))]
		client := newEndpoint(t, true, agreed, level)
		server := newEndpoint(t, false, agreed, level)
		talk(t, client, server, script, rand.New(rand.NewPCG(seed, 0)))
	})
}

// chooseParams chooses parameters that are lawful for a server to want.
func chooseParams(c *choices) deflate.Params {
	flags := c.next()
	return deflate.Params{
		ServerNoContextTakeover: flags&1 != 0,
		ClientNoContextTakeover: flags&2 != 0,
		ServerMaxWindowBits:     chooseWindow(c),
		ClientMaxWindowBits:     chooseWindow(c),
	}
}

// chooseWindow returns 8 to 15, or 0 for none that is named.
func chooseWindow(c *choices) int {
	if bits := c.next() % 9; bits > 0 {
		return 7 + int(bits)
	}
	return 0
}

func chooseOffer(c *choices) deflate.Offer {
	window := len(*c) > 0 && (*c)[0]&4 != 0
	o := deflate.Offer{Params: chooseParams(c), ClientWindow: window}
	o.ClientWindow = o.ClientWindow || o.ClientMaxWindowBits != 0
	return o
}

// negotiate has a client offer and a server that wants something answer. If
// alternatives, the client offers other things before that which the server
// does not know or must decline.
func negotiate(t *testing.T, offer deflate.Offer, want deflate.Params, alternatives bool) deflate.Params {
	t.Helper()
	field := handshake.NewExtension(deflate.Name, offer.All()).String()
	if alternatives {
		field = "x-other; a=1, permessage-deflate; server_max_window_bits=16, " + field
	}
	agreed := answer(t, offer, want, field)
	for _, law := range []struct {
		holds bool
		law   string
	}{
		{agreed.ServerNoContextTakeover || !offer.ServerNoContextTakeover && !want.ServerNoContextTakeover, "RFC 7692 7.1.1.1"},
		{agreed.ClientNoContextTakeover || !want.ClientNoContextTakeover, "RFC 7692 7.1.1.2"},
		{agreed.FromServer().WindowBits <= largest(offer.ServerMaxWindowBits, want.ServerMaxWindowBits), "RFC 7692 7.1.2.1"},
		{!offer.ClientWindow || agreed.FromClient().WindowBits <= largest(offer.ClientMaxWindowBits, want.ClientMaxWindowBits), "RFC 7692 7.1.2.2"},
	} {
		if !law.holds {
			t.Fatalf("%s: offered %q, wanted %+v, agreed %+v", law.law, field, want, agreed)
		}
	}

	back := handshake.NewExtension(deflate.Name, agreed.All()).String()
	exts, err := handshake.ParseExtensions([]string{back})
	if err != nil || len(exts) != 1 || exts[0].Name != deflate.Name {
		t.Fatalf("the answer %q: %v, %v", back, exts, err)
	}
	read, err := deflate.ParseResponse(exts[0].Params())
	if err != nil || read != agreed {
		t.Fatalf("the answer %q is read as %+v, %v", back, read, err)
	}
	if err := offer.Verify(read); err != nil {
		t.Fatalf("offered %q, answered %q: %v", field, back, err)
	}
	return read
}

// largest returns the largest window that both allow; 0 is any.
func largest(a, b int) int {
	bits := 15
	for _, limit := range []int{a, b} {
		if limit != 0 {
			bits = min(bits, limit)
		}
	}
	return bits
}

// answer reads what the client sent and takes the first offer that it can.
func answer(t *testing.T, offer deflate.Offer, want deflate.Params, field string) deflate.Params {
	t.Helper()
	exts, err := handshake.ParseExtensions([]string{field})
	if err != nil {
		t.Fatalf("the offer %q: %v", field, err)
	}
	for _, ext := range exts {
		if ext.Name != deflate.Name {
			continue
		}
		read, err := deflate.ParseOffer(ext.Params())
		if err != nil {
			continue
		}
		if read != offer {
			t.Fatalf("the offer %q of %+v is read as %+v", field, offer, read)
		}
		agreed, ok := read.Accept(want)
		if !ok {
			t.Fatalf("the offer %q is declined by a server that wants %+v", field, want)
		}
		return agreed
	}
	t.Fatalf("no offer of %q is taken", field)
	return deflate.Params{}
}

// talk has both endpoints send what script says, and compares it with what
// arrives. Each message is a byte of flags (1: the server sends, 2: in fragments,
// 4: a lot of noise, 8: a ping before), one more for the kind (1: text), two for
// its size, one for how many bytes follow; from those it is made.
func talk(t *testing.T, client, server *endpoint, script choices, random *rand.Rand) {
	t.Helper()
	var toClient, toServer []byte
	var forClient, forServer []arrival
	for range 12 {
		if len(script) == 0 {
			break
		}
		flags := script.next()
		m := chooseMessage(&script, flags&4 != 0, random)
		from, wire, sent := client, &toServer, &forServer
		if flags&1 != 0 {
			from, wire, sent = server, &toClient, &forClient
		}
		if flags&8 != 0 {
			*wire = must(t)(from.out.AppendControl(*wire, frame.Ping, []byte{flags}))
			*sent = append(*sent, arrival{frame.Ping, []byte{flags}})
		}
		if flags&2 != 0 {
			half := random.IntN(len(m.payload) + 1)
			*wire = must(t)(from.out.AppendFragment(*wire, m.opcode, m.payload[:half], false))
			*wire = must(t)(from.out.AppendFragment(*wire, m.opcode, m.payload[half:], true))
		} else {
			*wire = must(t)(from.out.AppendMessage(*wire, m.opcode, m.payload))
		}
		*sent = append(*sent, m)
	}
	cut := cuts(random)
	compare(t, "from the client", server.receive(t, toServer, cut), forServer)
	compare(t, "from the server", client.receive(t, toClient, cut), forClient)
}

// chooseMessage makes up to 40 KiB of a few bytes, so that there is something to
// find in the window, near and far.
func chooseMessage(c *choices, noise bool, random *rand.Rand) arrival {
	m := arrival{opcode: frame.Binary}
	if c.coin() {
		m.opcode = frame.Text
	}
	size := c.below(40 << 10)
	part := c.take(int(c.next()))
	for len(part) > 0 && len(m.payload) < size {
		m.payload = append(m.payload, part...)
		if noise {
			for range random.IntN(300) {
				m.payload = append(m.payload, byte(random.Uint32()))
			}
		}
	}
	if m.opcode == frame.Text {
		m.payload = []byte(strings.ToValidUTF8(string(m.payload), "ü"))
	}
	return m
}

// cuts returns a function that says how many of the bytes to take next: one at
// a time now and then, else up to all of them.
func cuts(random *rand.Rand) func(room int) int {
	tiny := random.IntN(4) == 0
	return func(room int) int {
		if tiny || random.IntN(4) == 0 {
			return min(room, 1+random.IntN(3))
		}
		return 1 + random.IntN(room)
	}
}

func compare(t *testing.T, where string, got, want []arrival) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d messages arrived, %d were sent", where, len(got), len(want))
	}
	for i := range want {
		if got[i].opcode != want[i].opcode || !bytes.Equal(got[i].payload, want[i].payload) {
			t.Fatalf("%s: message %d: %s of %d bytes arrived, %s of %d bytes was sent, or they differ", where, i,
				got[i].opcode, len(got[i].payload), want[i].opcode, len(want[i].payload))
		}
	}
}

// must returns what an Encoder has appended, and fails t if it would not.
func must(t *testing.T) func(wire []byte, err error) []byte {
	return func(wire []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return wire
	}
}
