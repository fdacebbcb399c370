package message_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/parleyws/parley/conn/message"
	"github.com/parleyws/parley/deflate"
)

// bomb returns what inflates to n MiB of zeros, about a thousandth of that: one
// MiB, flushed so that it ends at a byte, again and again.
func bomb(t testing.TB, n int) []byte {
	t.Helper()
	once := append(deflated(t, 9, make([]byte, 1<<20))[0], 0, 0, 0xFF, 0xFF)
	if len(once) > 1200 {
		t.Fatalf("no bomb: %d bytes", len(once))
	}
	return append(bytes.Repeat(once, n), 0)
}

// Z1, and Z2 where a server sends it; G17: a bomb ends with 1009 as soon as it
// is over the limit, takes no memory to speak of, and what follows of it is not
// inflated.
func TestBombEndsAtTheLimitZ1Z2G17Row155(t *testing.T) {
	sizes := []int{10, 100, 1 << 10, 10 << 10}
	if raceDetector {
		sizes = []int{10, 10 << 10}
	}
	for _, mib := range sizes {
		payload := bomb(t, mib)
		for kind, size := range map[string]int{
			"in one frame":               len(payload),
			"in fragments of 1 KiB":      1 << 10,
			"in fragments of some bytes": 13,
			"in fragments of one byte":   1,
		} {
			for _, fromClient := range []bool{true, false} {
				// It is over long before the end; the end need not be made.
				start := payload[:min(len(payload), max(size, 8<<10))]
				sent := fragmentsOf(fromClient, 0x42, start, size)
				sent = sent[:min(len(sent), 128<<10)]
				for _, limit := range []int64{1, 1000, 0, 4 << 20} {
					t.Run(fmt.Sprintf("%d MiB %s, client %v, limit %d", mib, kind, fromClient, limit), func(t *testing.T) {
						endsAtTheLimit(t, fromClient, limit, sent, len(payload), mib, size)
					})
				}
			}
		}
	}
}

// endsAtTheLimit feeds the start of a bomb of n bytes that inflate to mib MiB,
// which comes in frames of size bytes.
func endsAtTheLimit(t *testing.T, fromClient bool, limit int64, sent []byte, n, mib, size int) {
	for _, takeover := range []bool{true, false} {
		d := settings{maxMessage: limit, maxFrames: -1, inflate: &deflate.Direction{ContextTakeover: takeover}}.decoder(fromClient)
		most := limit
		if most == 0 {
			most = message.DefaultMaxMessage
		}
		var got, used int64
		var err error
		sent := bytes.Clone(sent)
		memory := allocated(func() {
			for p := range slices.Chunk(sent, 16) {
				for ev, e := range d.Feed(p) {
					got += int64(len(ev.Payload))
					err = e
				}
				if err != nil {
					return
				}
				used += int64(len(p))
			}
		})
		d.Free()
		var over *message.LimitError
		if !errors.As(err, &over) || over.Code != 1009 || over.Limit != most {
			t.Fatalf("got %v after %d bytes of %d", err, used, len(sent))
		}
		// A frame that is too long even when it is compressed is not looked into.
		byHeader := int64(min(size, n)) > most+64<<10
		if got > most || got < most-64<<10 && !byHeader || got > 0 && byHeader {
			t.Errorf("%d bytes came out, with a limit of %d", got, most)
		}
		// The bomb is the same all along, so it ends where the limit is in
		// proportion, and 1.1 KiB are for where the MiB ends. Each frame has a
		// header of 8 bytes at most; the first may have 14.
		bound := int64(n)*most/(int64(mib)<<20) + 1100
		if bound += bound/int64(size)*8 + 32; used > bound {
			t.Errorf("%d bytes were taken, want at most %d", used, bound)
		}
		if raceDetector {
			continue
		}
		if memory > uint64(min(most, 128<<10))+128<<10 {
			t.Errorf("%d bytes were allocated", memory)
		}
	}
}

// Z3: bombs just under the limit are messages like others, and however many of
// them come, on however many connections, no memory is for them.
func TestBombsUnderTheLimitCostNoMemoryZ3(t *testing.T) {
	once := bomb(t, 1)
	for _, fromClient := range []bool{true, false} {
		sent := frameFrom(fromClient, 0xC2, once)
		const connections, messages = 20, 3
		var decoders []*message.Decoder
		for range connections {
			decoders = append(decoders, settings{inflate: &deflate.Direction{ContextTakeover: true}}.decoder(fromClient))
		}
		buf := make([]byte, len(sent))
		arrived := 0
		memory := allocated(func() {
			for range messages {
				for _, d := range decoders {
					copy(buf, sent)
					got := 0
					for ev, err := range d.Feed(buf) {
						if err != nil {
							t.Fatal(err)
						}
						if got += len(ev.Payload); ev.Last {
							arrived++
						}
					}
					if got != 1<<20 {
						t.Fatalf("%d bytes arrived", got)
					}
				}
			}
		})
		for _, d := range decoders {
			d.Free()
		}
		if arrived != connections*messages {
			t.Errorf("%d messages arrived", arrived)
		}
		// A window each, which grows to 32 KiB by doubling, and what the pool lends.
		if !raceDetector && memory > connections*(64<<10)+128<<10 {
			t.Errorf("%d bytes were allocated", memory)
		}
	}
}

// Z6: what inflates to nothing makes no work to speak of either: a byte of input
// is gone through once.
func TestBlocksOfNothingAreTakenAsTheyComeZ6(t *testing.T) {
	for name, block := range map[string]string{
		"stored":  "000000ffff",
		"dynamic": emptyDynamicBlocks,
	} {
		t.Run(name, func(t *testing.T) {
			payload := repeat(string(unhex(t, block)), 64<<10/len(unhex(t, block)))
			for _, fromClient := range []bool{true, false} {
				d := settings{maxMessage: 10, inflate: &deflate.Direction{}}.decoder(fromClient)
				defer d.Free()
				sent := fragmentsOf(fromClient, 0x42, append(payload, payload...), 1000)
				calls, used := 0, 0
				var err error
				for used < len(sent) && err == nil {
					var n int
					var ev message.Event
					ev, n, err = d.Next(sent[used:])
					used += n
					calls++
					if ev.Opcode != 0 {
						t.Fatalf("%+v came of nothing", ev)
					}
				}
				if err == nil || verdict(t, err) != "1009 MaxMessage 10" {
					t.Fatalf("got %v", err)
				}
				if headers := 8 * 66; used > 64<<10+10+headers || calls > 1 {
					t.Errorf("%d bytes in %d calls", used, calls)
				}
			}
		})
	}
}
