package message_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/parleyws/parley/conn/message"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
)

// Frames of a message that goes on, as rows.
const (
	first   = "02 m01 K(41) "
	more    = "00 m01 K(41) "
	last    = "80 m01 K(41) "
	nothing = "00 m00 K "
)

// fragmentCases are about how many frames a message may have: the defaults are
// 16384, of which 64 in a row may be empty.
func fragmentCases() []decoderCase {
	const tooMany, tooEmpty = "1008 MaxFrames 16384", "1008 MaxFrames 64"
	rep := strings.Repeat
	return []decoderCase{
		{name: "F1 16384 frames, RFC 6455 5.4", row: first + rep(more, 16382) + last, want: []string{show(2, repeat("A", 16384))}},
		{name: "F1 row 153 16385 frames, RFC 6455 5.4", row: first + rep(more, 16383) + last, open: rep("A", 16384), fail: tooMany},
		{name: "F1 the frames of each message count for themselves, RFC 6455 5.4", settings: settings{maxFrames: 3},
			row: rep(first+more+last, 3), want: []string{`binary "AAA"`, `binary "AAA"`, `binary "AAA"`}},
		{name: "F1 one frame more than an own limit of 3, RFC 6455 5.4", settings: settings{maxFrames: 3},
			row: first + more + more + last, open: "AAA", fail: "1008 MaxFrames 3"},
		{name: "F1 an own limit of 1, RFC 6455 5.4", settings: settings{maxFrames: 1},
			row: "82 m01 K(41) " + first + last, want: []string{`binary "A"`}, open: "A", fail: "1008 MaxFrames 1"},
		{name: "F1 no limit, RFC 6455 5.4", settings: settings{maxFrames: -1},
			row: first + rep(more, 16384) + last, want: []string{show(2, repeat("A", 16386))}},

		{name: "F2 64 empty frames in a row, RFC 6455 5.4", row: "02 m00 K " + rep(nothing, 63) + last, want: []string{`binary "A"`}},
		{name: "F2 64 empty frames and an empty last one, RFC 6455 5.4", row: "02 m00 K " + rep(nothing, 63) + "80 m00 K", want: []string{`binary ""`}},
		{name: "F2 65 empty frames in a row, RFC 6455 5.4", row: "02 m00 K " + rep(nothing, 64) + last, fail: tooEmpty},
		{name: "F2 65 empty frames without a limit, RFC 6455 5.4", settings: settings{maxFrames: -1},
			row: "02 m00 K " + rep(nothing, 64) + last, want: []string{`binary "A"`}},
		{name: "F2 65 empty frames of a compressed message, RFC 6455 5.4", settings: settings{inflate: &deflate.Direction{}},
			row: "42 m00 K " + rep(nothing, 64) + last, fail: tooEmpty},
		{name: "F2 pings between empty frames change nothing, RFC 6455 5.4",
			row:  "02 m00 K " + rep(nothing, 63) + "89 m00 K " + nothing + last,
			want: []string{`ping ""`}, fail: tooEmpty},
		{name: "F2 the empty frames of each message count for themselves, RFC 6455 5.4",
			row:  "02 m00 K " + rep(nothing, 63) + "80 m00 K 02 m00 K " + rep(nothing, 63) + "80 m00 K",
			want: []string{`binary ""`, `binary ""`}},

		{name: "F3 empty and other frames in turn, 16384, RFC 6455 5.4", row: "02 m00 K " + rep(more+nothing, 8191) + last,
			want: []string{show(2, repeat("A", 8192))}},
		{name: "F3 empty and other frames in turn, 16385, RFC 6455 5.4", row: "02 m00 K " + rep(more+nothing, 8192),
			open: rep("A", 8192), fail: tooMany},

		{name: "F7 pings between fragments are not counted, RFC 6455 5.4", settings: settings{maxFrames: 3},
			row:  first + "89 m00 K 89 m00 K 89 m00 K " + more + "89 m00 K " + last,
			want: []string{`ping ""`, `ping ""`, `ping ""`, `ping ""`, `binary "AAA"`}},
		{name: "F7 pings between fragments reset nothing, RFC 6455 5.4", settings: settings{maxFrames: 3},
			row:  first + more + more + "89 m00 K " + more,
			want: []string{`ping ""`}, open: "AAA", fail: "1008 MaxFrames 3"},
	}
}

// limitCases are about how long a message may be.
func limitCases() []decoderCase {
	const tooBig = "1009 MaxMessage 10"
	ten := settings{maxMessage: 10}
	tenInflated := settings{maxMessage: 10, inflate: &deflate.Direction{}}
	ten9, ten10, ten11 := repeat("x", 9), repeat("x", 10), repeat("x", 11)
	million := repeat("x", 1<<20)
	return []decoderCase{
		{name: "L6 limit-1 in one frame, RFC 6455 10.4", settings: ten, row: "81 m09 K(78*9)", want: []string{show(1, ten9)}},
		{name: "L6 limit in one frame, RFC 6455 10.4", settings: ten, row: "81 m0a K(78*10)", want: []string{show(1, ten10)}},
		{name: "L6 row 150 limit+1 in one frame, RFC 6455 10.4", settings: ten, row: "81 m0b K(78*11)", fail: tooBig},
		{name: "L6 limit-1 in two frames, RFC 6455 10.4", settings: ten, row: "01 m05 K(78*5) 80 m04 K(78*4)", want: []string{show(1, ten9)}},
		{name: "L6 limit in two frames, RFC 6455 10.4", settings: ten, row: "01 m05 K(78*5) 80 m05 K(78*5)", want: []string{show(1, ten10)}},
		{name: "L6 row 150 limit+1 in two frames, RFC 6455 10.4", settings: ten, row: "01 m05 K(78*5) 80 m06 K(78*6)", open: "xxxxx", fail: tooBig},
		{name: "L6 limit and an empty last frame, RFC 6455 10.4", settings: ten, row: "01 m0a K(78*10) 80 m00 K", want: []string{show(1, ten10)}},
		{name: "L6 all but one and a last frame of one, RFC 6455 10.4", settings: ten, row: "01 m09 K(78*9) 80 m01 K(78)", want: []string{show(1, ten10)}},
		{name: "L6 limit and a last frame of one, RFC 6455 10.4", settings: ten, row: "01 m0a K(78*10) 80 m01 K(78)", open: string(ten10), fail: tooBig},

		{name: "L6 limit-1 compressed, RFC 7692 7.2.3.3", settings: tenInflated, row: "c1 m0f K(000900f6ff 78*9 00)", want: []string{show(1, ten9)}},
		{name: "L6 limit compressed, RFC 7692 7.2.3.3", settings: tenInflated, row: "c1 m10 K(000a00f5ff 78*10 00)", want: []string{show(1, ten10)}},
		{name: "L6 row 150 limit+1 compressed, RFC 7692 7.2.3.3", settings: tenInflated, row: "c1 m11 K(000b00f4ff 78*11 00)", open: string(ten10), fail: tooBig},
		{name: "L6 limit compressed in two frames, RFC 7692 7.2.3.3", settings: tenInflated,
			row: "41 m08 K(000a00f5ff 78*3) 80 m08 K(78*7 00)", want: []string{show(1, ten10)}},
		{name: "L6 limit+1 compressed in two frames, RFC 7692 7.2.3.3", settings: tenInflated,
			row: "41 m08 K(000b00f4ff 78*3) 80 m09 K(78*8 00)", open: string(ten10), fail: tooBig},
		{name: "L6 limit compressed and an empty last frame, RFC 7692 7.2.3.3", settings: tenInflated,
			row: "41 m10 K(000a00f5ff 78*10 00) 80 m00 K", want: []string{show(1, ten10)}},

		{name: "L6 the default limit is 1 MiB, RFC 6455 10.4", row: "82 m7f 0000000000100000 K(78*1048576)", want: []string{show(2, million)}},
		{name: "L6 the default limit is for two frames too, RFC 6455 10.4", row: "02 m7f 00000000000fffff K(78*1048575) 80 m02 K(78*2)",
			open: string(million[1:]), fail: "1009 MaxMessage 1048576"},
		{name: "L6 row 150 1 MiB and one, from the header alone, RFC 6455 10.4", row: "82 m7f 0000000000100001 K", fail: "1009 MaxMessage 1048576"},
		{name: "L7 1 MiB and one without a limit, RFC 6455 10.4", settings: settings{maxMessage: -1},
			row: "82 m7f 0000000000100001 K(78*1048577)", want: []string{show(2, append(million, 'x'))}},
		{name: "L7 11 bytes compressed without a limit, RFC 6455 10.4", settings: settings{maxMessage: -1, inflate: &deflate.Direction{}},
			row: "c1 m11 K(000b00f4ff 78*11 00)", want: []string{show(1, ten11)}},

		{name: "L6 each message has the limit for itself, RFC 6455 10.4", settings: ten, row: "82 m0a K(78*10) 02 m0a K(78*10) 80 m00 K 82 m0a K(78*10)",
			want: []string{show(2, ten10), show(2, ten10), show(2, ten10)}},
		{name: "control frames are not under the limit of messages, RFC 6455 5.5", settings: ten, row: "02 m0a K(78*10) 89 m0b K(78*11) 80 m00 K",
			want: []string{show(9, ten11), show(2, ten10)}},
		{name: "what is wrong with a text before the limit is told first, RFC 6455 8.1", settings: tenInflated,
			row: "c1 m11 K(000b00f4ff 78 ff 78*9 00)", open: "x", fail: "1007 RFC 6455 8.1"},
		{name: "what is wrong with a text after the limit is not told, RFC 6455 8.1", settings: tenInflated,
			row: "c1 m11 K(000b00f4ff 78*10 ff 00)", open: string(ten10), fail: tooBig},
		{name: "a rune may be unfinished at the limit, RFC 6455 8.1", settings: tenInflated,
			row: "c1 m11 K(000b00f4ff 78*9 c3a9 00)", open: "xxxxxxxxx\xc3", fail: tooBig},
	}
}

// The peer of a browser in the field sees nothing but the code; the operator
// sees the error, and must learn which option to turn.
func TestLimitErrorNamesTheOptionAndItsValue(t *testing.T) {
	for _, c := range []struct {
		name string
		settings
		row  string
		want message.LimitError
		text string
	}{
		{"message, by its header", settings{maxMessage: 10}, "82 m0b K",
			message.LimitError{Code: frame.MessageTooBig, Option: "MaxMessage", Limit: 10, What: "bytes in a message"},
			"websocket: bytes in a message over the limit of 10 (option MaxMessage)"},
		{"message, inflated", settings{maxMessage: 4, inflate: &deflate.Direction{}}, "c2 m07 K(f248cdc9c90700)",
			message.LimitError{Code: frame.MessageTooBig, Option: "MaxMessage", Limit: 4, What: "bytes in a message"},
			"websocket: bytes in a message over the limit of 4 (option MaxMessage)"},
		{"message, by default", settings{}, "82 m7f 0000000000100001 K",
			message.LimitError{Code: frame.MessageTooBig, Option: "MaxMessage", Limit: message.DefaultMaxMessage, What: "bytes in a message"},
			"websocket: bytes in a message over the limit of 1048576 (option MaxMessage)"},
		{"frames", settings{maxFrames: 2}, "02 m00 K 00 m00 K 80 m00 K",
			message.LimitError{Code: frame.PolicyViolation, Option: "MaxFrames", Limit: 2, What: "frames in a message"},
			"websocket: frames in a message over the limit of 2 (option MaxFrames)"},
		{"empty frames", settings{}, "02 m00 K " + strings.Repeat(nothing, 64),
			message.LimitError{Code: frame.PolicyViolation, Option: "MaxFrames", Limit: 64, What: "empty frames in a row"},
			"websocket: empty frames in a row over the limit of 64 (option MaxFrames)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got *message.LimitError
			for ev, err := range c.decoder(true).Feed(wire(t, true, c.row)) {
				if err != nil && !errors.As(err, &got) {
					t.Fatalf("%+v, %v", ev, err)
				}
			}
			if got == nil || *got != c.want {
				t.Fatalf("got %+v, want %+v", got, c.want)
			}
			if got.Error() != c.text {
				t.Errorf("got %q, want %q", got, c.text)
			}
		})
	}
}

// L6: the law behind the cases, for every kind of message.
func TestLimitIsExactForEveryKindOfMessageL6(t *testing.T) {
	kinds := map[string]func(size int) string{
		"one frame": func(n int) string { return fmt.Sprintf("82 m7e %04x K(61*%d)", n, n) },
		"two frames": func(n int) string {
			return fmt.Sprintf("02 m7e %04x K(61*%d) 80 m01 K(61)", n-1, n-1)
		},
		"compressed": func(n int) string {
			return fmt.Sprintf("c2 m7e %04x K(00 %s %s 61*%d 00)", n+6, swapped(n), swapped(^n&0xFFFF), n)
		},
		"compressed in two frames": func(n int) string {
			return fmt.Sprintf("42 m05 K(00 %s %s) 80 m7e %04x K(61*%d 00)", swapped(n), swapped(^n&0xFFFF), n+1, n)
		},
	}
	limits := []int{128, 1000, 32 << 10, 60_000}
	if raceDetector {
		limits = limits[:2]
	}
	for kind, row := range kinds {
		for _, limit := range limits {
			for size := limit - 1; size <= limit+1; size++ {
				t.Run(fmt.Sprintf("%s of %d, limit %d", kind, size, limit), func(t *testing.T) {
					s := settings{maxMessage: int64(limit), inflate: &deflate.Direction{}}
					want := outcome{arrived: []string{show(2, repeat("a", size))}}
					if size > limit {
						want = outcome{open: repeat("a", limit), fail: fmt.Sprintf("1009 MaxMessage %d", limit)}
					}
					sent := wire(t, true, row(size))
					for _, n := range []int{len(sent), 1, 7, 1000} {
						if diff := difference(want, decode(t, s.decoder(true), chunks(sent, n))); diff != "" {
							t.Errorf("in pieces of %d: %s", n, diff)
						}
					}
				})
			}
		}
	}
}

// swapped writes a number as DEFLATE has it, RFC 1951 section 3.2.4.
func swapped(n int) string { return fmt.Sprintf("%02x%02x", n&0xFF, n>>8) }

// The wire has a limit of its own, 64 KiB more than the message: what inflates
// to nothing must come to an end too.
func TestCompressedFormIsJudgedFromTheHeaderZ6(t *testing.T) {
	s := settings{maxMessage: 10, inflate: &deflate.Direction{}}
	for _, c := range []struct {
		name string
		row  string
		fail string
	}{
		{"as long as may be", "c2 m7f 000000000001000a K", ""},
		{"a byte longer", "c2 m7f 000000000001000b K", "1009 MaxMessage 10"},
		{"as long as may be, in two frames", "42 m01 K(00) 80 m7f 0000000000010009 K", ""},
		{"a byte longer, in two frames", "42 m01 K(00) 80 m7f 000000000001000a K", "1009 MaxMessage 10"},
		{"not compressed, the limit is the message's", "82 m7e 000b K", "1002 RFC 6455 5.2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := decode(t, s.decoder(true), [][]byte{wire(t, true, c.row)})
			if got.fail != c.fail || len(got.open) > 0 {
				t.Errorf("got %+v, want %q", got, c.fail)
			}
		})
	}
}

// Limits may change on the way: a message that was to be read whole is streamed
// after all, or the other way round.
func TestLimitsMayBeChangedBetweenCallsOfNext(t *testing.T) {
	maxMessage := func(n int64) func(*message.Decoder) {
		return func(d *message.Decoder) { d.MaxMessage = n }
	}
	maxFrames := func(n int) func(*message.Decoder) {
		return func(d *message.Decoder) { d.MaxFrames = n }
	}
	ten, three := settings{maxMessage: 10}, settings{maxFrames: 3}
	tenInflated := settings{maxMessage: 10, inflate: &deflate.Direction{}}
	for _, c := range []struct {
		name string
		settings
		before string
		change func(*message.Decoder)
		after  string
		outcome
	}{
		{"raised between frames", ten, "02 m0a K(78*10)", maxMessage(11), "80 m01 K(78)", outcome{arrived: []string{show(2, repeat("x", 11))}}},
		{"lifted between frames", ten, "02 m0a K(78*10)", maxMessage(-1), "80 m7e 0100 K(78*256)", outcome{arrived: []string{show(2, repeat("x", 266))}}},
		{"lifted between messages", ten, "82 m0a K(78*10)", maxMessage(-1), "82 m0b K(78*11)", outcome{arrived: []string{show(2, repeat("x", 10)), show(2, repeat("x", 11))}}},
		{"lifted inside a compressed message", tenInflated, "42 m08 K(000b00f4ff 78*3)", maxMessage(-1), "80 m09 K(78*8 00)", outcome{arrived: []string{show(2, repeat("x", 11))}}},
		{"lifted for the compressed form", tenInflated, "42 m01 K(00)", maxMessage(-1), "00 m7f 0000000000020000 K", outcome{}},
		{"lowered to what there is", settings{}, "02 m0a K(78*10)", maxMessage(10), "80 m00 K", outcome{arrived: []string{show(2, repeat("x", 10))}}},
		{"lowered to less than with the next frame", settings{}, "02 m0a K(78*10)", maxMessage(10), "80 m01 K(78)",
			outcome{open: repeat("x", 10), fail: "1009 MaxMessage 10"}},
		{"lowered below what there is", settings{}, "02 m0a K(78*10)", maxMessage(9), "80 m01 K(78)",
			outcome{open: repeat("x", 10), fail: "1009 MaxMessage 9"}},
		{"lowered below what there is, and an empty frame", settings{}, "02 m0a K(78*10)", maxMessage(9), "80 m00 K",
			outcome{open: repeat("x", 10), fail: "1009 MaxMessage 9"}},
		{"lowered below what there is of a frame", settings{}, "82 m14 K(78*10)", maxMessage(9), "",
			outcome{open: repeat("x", 10)}},
		{"lowered below what there is of a compressed message", settings{inflate: &deflate.Direction{}},
			"42 m0f K(000b00f4ff 78*10)", maxMessage(9), "80 m02 K(78 00)", outcome{open: repeat("x", 10), fail: "1009 MaxMessage 9"}},
		{"lowered between messages", settings{}, "82 m0b K(78*11)", maxMessage(10), "82 m0b K(78*11)",
			outcome{arrived: []string{show(2, repeat("x", 11))}, fail: "1009 MaxMessage 10"}},
		{"frames raised", three, first + more + more, maxFrames(4), last, outcome{arrived: []string{`binary "AAAA"`}}},
		{"frames lifted", three, first + more + more, maxFrames(-1), strings.Repeat(nothing, 70) + last, outcome{arrived: []string{`binary "AAAA"`}}},
		{"frames lowered", settings{}, first + more + more, maxFrames(2), last, outcome{open: []byte("AAA"), fail: "1008 MaxFrames 2"}},
	} {
		for _, fromClient := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, client %v", c.name, fromClient), func(t *testing.T) {
				before, after := wire(t, fromClient, c.before), wire(t, fromClient, c.after)
				for _, n := range []int{1, 3, len(before) + len(after)} {
					d := c.decoder(fromClient)
					l := &listener{t: t}
					take := func(p []byte) {
						for ev, err := range d.Feed(bytes.Clone(p)) {
							if err != nil {
								l.out.fail = verdict(t, err)
								return
							}
							l.take(ev)
						}
					}
					for _, p := range chunks(before, n) {
						take(p)
					}
					if l.out.fail != "" {
						t.Fatalf("%s before the change", l.out.fail)
					}
					c.change(d)
					for _, p := range chunks(after, n) {
						if l.out.fail == "" {
							take(p)
						}
					}
					d.Free()
					if diff := difference(c.outcome, l.out); diff != "" {
						t.Errorf("in pieces of %d: %s", n, diff)
					}
				}
			})
		}
	}
}

// A frame that was begun under a larger limit fails with the byte that is over
// the new one, whatever else is wrong behind it.
func TestLoweredLimitHoldsForTheFrameInProgress(t *testing.T) {
	for _, c := range []struct {
		name, before string
		limit        int64
		after        string
	}{
		{"over it already", "82 m14 (78*10)", 9, "78"},
		{"over it with its last bytes", "82 m14 (78*10)", 15, "78*10"},
		{"a text, with a rune across the limit", "81 m0a (78*5)", 6, "c3a9 78*3"},
		{"a text, with what is none behind the limit", "81 m0a (78*5)", 6, "78 ff*4"},
	} {
		t.Run(c.name, func(t *testing.T) {
			after := wire(t, false, c.after)
			for _, n := range []int{1, len(after)} {
				d := settings{}.decoder(false)
				if err := feed(d, wire(t, false, c.before)); err != nil {
					t.Fatal(err)
				}
				d.MaxMessage = c.limit
				var err error
				for _, p := range chunks(after, n) {
					if err == nil {
						err = feed(d, bytes.Clone(p))
					}
				}
				if want := fmt.Sprintf("1009 MaxMessage %d", c.limit); err == nil || verdict(t, err) != want {
					t.Errorf("in pieces of %d: %v, want %s", n, err, want)
				}
			}
		})
	}
}

func TestEventsOfRefusedMessageStayWithinTheLimitRow155(t *testing.T) {
	// 258 times the same byte in few bits, RFC 1951 section 3.2.5: one byte of
	// input can carry the message far over its limit.
	payload := deflated(t, 9, bytes.Repeat([]byte("a"), 100_000))[0]
	for limit := int64(1); limit < 3000; limit = limit*3/2 + 1 {
		for _, n := range []int{1, 2, len(payload)} {
			d := settings{maxMessage: limit, inflate: &deflate.Direction{}}.decoder(false)
			got := decode(t, d, chunks(frameOf(0xC2, payload), n))
			if int64(len(got.open)) > limit || got.fail != fmt.Sprintf("1009 MaxMessage %d", limit) {
				t.Errorf("limit %d, in pieces of %d: %d bytes, %q", limit, n, len(got.open), got.fail)
			}
		}
	}
}
