package message_test

import (
	"bytes"
	"testing"

	"github.com/parleyws/parley/conn/message"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
)

func TestNextUsesOneEventOfBytesAtATime(t *testing.T) {
	const row = "89 m01 K(70) 81 m02 K(4869) 88 m02 K(03e8) 0102"
	sent := wire(t, true, row)
	d := settings{}.decoder(true)
	p := sent
	for i, want := range []struct {
		opcode  frame.Opcode
		payload string
		n       int
	}{
		{frame.Ping, "p", 7},
		{frame.Text, "Hi", 8},
		{frame.Close, "\x03\xe8", 8},
		{0, "", 2}, // what comes after a close is used, and nothing more
		{0, "", 0},
	} {
		ev, n, err := d.Next(p)
		if err != nil || ev.Opcode != want.opcode || string(ev.Payload) != want.payload || n != want.n {
			t.Fatalf("call %d: %+v, %d, %v, want %+v", i, ev, n, err, want)
		}
		p = p[n:]
	}
}

// What is not compressed is not copied: the payload is where it came.
func TestPayloadIsUnmaskedWhereItLies(t *testing.T) {
	sent := wire(t, true, "82 m05 K(48656c6c6f) 89 m02 K(4869)")
	d := settings{}.decoder(true)
	ev, n, err := d.Next(sent)
	if err != nil || &ev.Payload[0] != &sent[6] {
		t.Fatalf("%+v, %v is not in the input", ev, err)
	}
	if ev, _, err = d.Next(sent[n:]); err != nil || &ev.Payload[0] != &sent[n+6] {
		t.Fatalf("%+v, %v is not in the input", ev, err)
	}
	if want := wire(t, false, "48656c6c6f"); !bytes.Equal(sent[6:11], want) {
		t.Errorf("the input holds % x, want % x", sent[6:11], want)
	}
}

// The caller may overwrite its buffer between two pieces of a ping.
func TestPingInPiecesIsKeptByTheDecoder(t *testing.T) {
	d := settings{}.decoder(true)
	sent := wire(t, true, "89 m05 K(48656c6c6f)")
	buf := make([]byte, 1)
	var got []byte
	for _, b := range sent {
		buf[0] = b
		ev, _, err := d.Next(buf)
		if err != nil {
			t.Fatal(err)
		}
		buf[0] = canary
		got = append(got, ev.Payload...)
	}
	if string(got) != "Hello" {
		t.Errorf("got %q", got)
	}
}

// A frame in progress is handed on as it comes, and need not fit any buffer.
func TestMessageIsHandedOnAsItComes(t *testing.T) {
	for name, c := range map[string]struct {
		settings
		head  string
		piece string
	}{
		"plain":      {settings{}, "82 m7e 2710 K", "41*100"},
		"compressed": {settings{inflate: &deflate.Direction{}}, "c2 m7e 2710 K(000027ffd8)", "41*100"},
	} {
		t.Run(name, func(t *testing.T) {
			d := c.decoder(false)
			if err := feed(d, wire(t, false, c.head)); err != nil {
				t.Fatal(err)
			}
			for i := range 99 {
				ev, n, err := d.Next(wire(t, false, c.piece))
				if err != nil || n != 100 || ev.Last || len(ev.Payload) != 100 {
					t.Fatalf("piece %d: %d bytes of payload, last %v, %d used, %v", i, len(ev.Payload), ev.Last, n, err)
				}
				if ev, n, err = d.Next(nil); ev.Opcode != 0 || n != 0 || err != nil {
					t.Fatalf("piece %d: %+v, %d, %v after it", i, ev, n, err)
				}
			}
		})
	}
}

// More may come out of a piece of input than a Decoder inflates at a time.
func TestPieceIsLentUntilAllOfItIsInflated(t *testing.T) {
	want := bytes.Repeat([]byte("0123456789abcdef"), 10_000)
	sent := frameOf(0xC2, deflated(t, 9, want)[0])
	sent = append(sent, 0x89, 0x00)
	d := settings{inflate: &deflate.Direction{}}.decoder(false)
	var got []byte
	calls := 0
	for p := sent; ; calls++ {
		ev, n, err := d.Next(p)
		if err != nil {
			t.Fatal(err)
		}
		p = p[n:]
		if ev.Opcode == frame.Ping {
			break
		}
		got = append(got, ev.Payload...)
	}
	if !bytes.Equal(got, want) || calls < 2 {
		t.Errorf("%d bytes in %d calls, want %d bytes", len(got), calls, len(want))
	}
}

func TestNextOfNothingIsNothing(t *testing.T) {
	var d message.Decoder
	for _, p := range [][]byte{nil, {}, {0x89}, nil, {0x01}, {}, {'p'}, nil} {
		ev, n, err := d.Next(p)
		if n != len(p) || err != nil || (ev.Opcode != 0) != (string(p) == "p") {
			t.Errorf("% x: %+v, %d, %v", p, ev, n, err)
		}
	}
}

func TestZeroDecoderHearsServer(t *testing.T) {
	var d message.Decoder
	want := outcome{arrived: []string{`text "Hello"`}}
	if diff := difference(want, decode(t, &d, [][]byte{unhex(t, "810548656c6c6f")})); diff != "" {
		t.Error(diff)
	}
}

// Whoever breaks off and ranges again goes on where it was; nothing is
// unmasked twice.
func TestBrokenOffFeedGoesOnWithTheNextEvent(t *testing.T) {
	sent := wire(t, true, "81 m01 K(61) 89 m01 K(62) 01 m01 K(63) 80 m01 K(64)")
	d := settings{}.decoder(true)
	l := &listener{t: t}
	events := d.Feed(sent)
	for range 10 {
		for ev, err := range events {
			if err != nil {
				t.Fatal(err)
			}
			l.take(ev)
			break
		}
	}
	want := outcome{arrived: []string{`text "a"`, `ping "b"`, `text "cd"`}}
	if diff := difference(want, l.out); diff != "" {
		t.Error(diff)
	}
}

func TestBrokenOffFeedIsNotGoneOnWith(t *testing.T) {
	sent := wire(t, true, "81 m01 K(61) 89 m01 K(62)")
	d := settings{}.decoder(true)
	events := 0
	for range d.Feed(sent) {
		events++
		break
	}
	if events != 1 {
		t.Fatalf("%d events", events)
	}
	// The ping is lost, and the next frame is understood.
	want := outcome{arrived: []string{`pong ""`}}
	if diff := difference(want, decodeByFeed(t, d, [][]byte{wire(t, true, "8a m00 K")})); diff != "" {
		t.Error(diff)
	}
}

// The error comes last and once a Feed, and again with the next.
func TestFeedYieldsTheErrorLastRow138(t *testing.T) {
	d := settings{}.decoder(true)
	for i, p := range [][]byte{wire(t, true, "81 m01 K(61) 83 m00 K 81 m01 K(62)"), nil, wire(t, true, "89 m00 K")} {
		var events, failures int
		for ev, err := range d.Feed(p) {
			if failures > 0 {
				t.Fatalf("%+v, %v after the error", ev, err)
			}
			if err != nil {
				failures++
				if verdict(t, err) != "1002 RFC 6455 5.2" || ev.Opcode != 0 {
					t.Fatalf("%+v, %v", ev, err)
				}
				continue
			}
			events++
		}
		if failures != 1 || events != map[int]int{0: 1}[i] {
			t.Errorf("Feed %d: %d events, %d errors", i, events, failures)
		}
	}
}

// RFC 6455 section 7.1.7: whatever follows what is wrong is not heard, lawful as
// it may be, nor touched.
func TestNothingIsHeardAfterTheErrorRow138(t *testing.T) {
	forEachCase(t, func(t *testing.T, c decoderCase, fromClient bool, sent []byte) {
		if c.fail == "" || len(sent) > 4096 {
			return
		}
		after := wire(t, fromClient, "80 m00 K 81 m01 K(41) 89 m01 K(42) 88 m02 K(03e8)")
		for _, n := range []int{1, len(sent), len(sent) + len(after)} {
			d := c.decoder(fromClient)
			if diff := difference(c.outcome(), decode(t, d, chunks(append(sent, after...), n))); diff != "" {
				t.Errorf("in pieces of %d: %s", n, diff)
			}
		}
	})
}

// Nothing of what follows a close is even looked at, and it is left as it is.
func TestWhatFollowsCloseIsLeftAsItIsK6(t *testing.T) {
	d := settings{}.decoder(true)
	after := wire(t, true, "81 m05 K(48656c6c6f)")
	sent := append(wire(t, true, "88 m00 K"), after...)
	for _, p := range [][]byte{sent, after} {
		if err := feed(d, p); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(sent[6:], after) || !bytes.Equal(after, wire(t, true, "81 m05 K(48656c6c6f)")) {
		t.Error("it was written to")
	}
}
