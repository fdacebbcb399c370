package message_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/parleyws/parley/conn/message"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
)

// Connections outnumber everything else: what each message allocates, the
// collector pays for.
func TestMessageThatIsNotCompressedCostsNoAllocationG18(t *testing.T) {
	for _, fromClient := range []bool{true, false} {
		for _, size := range []int{0, 32, 1 << 10, 64 << 10} {
			t.Run(fmt.Sprintf("client %v, %d bytes", fromClient, size), func(t *testing.T) {
				e := &message.Encoder{FromClient: fromClient}
				d := settings{}.decoder(fromClient)
				payload := benchmarkText(size)
				buf := make([]byte, 0, size+1024)
				var err error
				var got int
				encode := testing.AllocsPerRun(100, func() {
					if buf, err = e.AppendMessage(buf[:0], frame.Text, payload); err != nil {
						t.Fatal(err)
					}
				})
				// Each run decodes a message of its own, in two pieces, with a
				// ping in two pieces after it.
				decode := testing.AllocsPerRun(100, func() {
					if buf, err = e.AppendMessage(buf[:0], frame.Text, payload); err != nil {
						t.Fatal(err)
					}
					if buf, err = e.AppendControl(buf, frame.Ping, payload[:min(size, 32)]); err != nil {
						t.Fatal(err)
					}
					got = 0
					for _, p := range [2][]byte{buf[:size/2], buf[size/2:]} {
						for {
							ev, n, err := d.Next(p)
							if err != nil {
								t.Fatal(err)
							}
							if p = p[n:]; ev.Opcode == 0 {
								break
							}
							got += len(ev.Payload)
						}
					}
				})
				if encode != 0 || decode != 0 {
					t.Errorf("%v allocations to encode, %v to encode and decode", encode, decode)
				}
				if want := size + min(size, 32); got != want {
					t.Errorf("%d bytes arrived, want %d", got, want)
				}
			})
		}
	}
}

// counts are what comes of decoding.
type counts struct {
	allocations float64 // of the whole process
	err         error
	payload     int // bytes
	events      int
	calls       int // of Next
}

// stray is how many allocations may be those of others, such as the runtime.
const stray = 20

// count has d decode sent, in reads of size bytes, as often as turns says.
func count(d *message.Decoder, sent []byte, size, turns int) (c counts) {
	buf := bytes.Clone(sent)
	warm := false
	c.allocations = testing.AllocsPerRun(1, func() {
		if !warm { // AllocsPerRun runs what it counts once before
			warm = true
			return
		}
		for range turns {
			copy(buf, sent)
			for p := range slices.Chunk(buf, size) {
				for {
					ev, n, err := d.Next(p)
					c.calls++
					if err != nil {
						c.err = err
						return
					}
					if p = p[n:]; ev.Opcode == 0 {
						break
					}
					c.payload += len(ev.Payload)
					c.events++
				}
			}
		}
	})
	return c
}

// million is what the laws speak of.
func million() int {
	if raceDetector {
		return 50_000
	}
	return 1_000_000
}

// G14, F1: fragments may be as small and as many as the limit lets them; a
// Decoder keeps nothing of them, however small the reads are.
func TestFragmentsCostNoMemoryG14F1(t *testing.T) {
	for _, c := range []struct {
		name    string
		max     int
		piece   string
		payload int // bytes; -1 for all
		fail    string
	}{
		{"of one byte, no limit", -1, more, -1, ""},
		{"that are empty, no limit", -1, nothing, 0, ""},
		{"of one byte", 0, more, 16383, "1008 MaxFrames 16384"},
		{"that are empty", 0, nothing, 0, "1008 MaxFrames 64"},
		{"of one byte, limit of 20000", 20_000, more, 19_999, "1008 MaxFrames 20000"},
	} {
		for _, fromClient := range []bool{true, false} {
			for _, size := range []int{4096, 1} {
				t.Run(fmt.Sprintf("a million %s, client %v, reads of %d", c.name, fromClient, size), func(t *testing.T) {
					d := settings{maxFrames: c.max}.decoder(fromClient)
					if err := feed(d, wire(t, fromClient, "02 m00 K")); err != nil {
						t.Fatal(err)
					}
					thousand := repeat(string(wire(t, fromClient, c.piece)), 1000)
					turns := million() / 1000
					if size == 1 && !raceDetector {
						turns /= 10
					}
					got := count(d, thousand, size, turns)
					fail, want := "", c.payload
					if want < 0 {
						want = turns * 1000
					}
					if got.err != nil {
						fail = verdict(t, got.err)
					}
					if fail != c.fail || got.payload != want {
						t.Errorf("%q after %d bytes, want %q after %d", fail, got.payload, c.fail, want)
					}
					if got.allocations > stray {
						t.Errorf("%v allocations", got.allocations)
					}
				})
			}
		}
	}
}

// F6: in 16384 pieces a message costs no more memory than in one, and one call
// a piece: what has come of it is not touched again.
func TestMessageInManyPiecesCostsTheSameF6(t *testing.T) {
	const size, pieces, read = 1 << 20, 16384, 4096
	payload := randomBytes(size)
	want := outcome{arrived: []string{show(frame.Binary, payload)}}
	for _, fromClient := range []bool{true, false} {
		for _, n := range []int{size, size / pieces} {
			sent := fragmentsOf(fromClient, 0x02, payload, n)
			if diff := difference(want, decode(t, settings{}.decoder(fromClient), chunks(sent, read))); diff != "" {
				t.Errorf("frames of %d bytes: %s", n, diff)
			}
			got := count(settings{}.decoder(fromClient), sent, read, 1)
			// One says that the read is used up, one is for each frame, and one
			// more where a read cuts it.
			most := size/n + 2*(len(sent)/read+1)
			if got.err != nil || got.payload != size || got.allocations > stray || got.calls > most {
				t.Errorf("frames of %d bytes: %+v, want at most %d calls", n, got, most)
			}
		}
	}
}

// A pong that nobody asked for is an event, and nothing is kept of it.
func TestPongsThatNobodyAskedForCostNothingK4(t *testing.T) {
	for _, fromClient := range []bool{true, false} {
		for _, read := range []int{1 << 16, 100} { // each has more than 100 bytes, so it comes in pieces
			thousand := repeat(string(wire(t, fromClient, "8a m7d K(70*125)")), 1000)
			got := count(settings{}.decoder(fromClient), thousand, read, million()/1000)
			if got.err != nil || got.events != million() || got.payload != 125*million() || got.allocations > stray {
				t.Errorf("client %v, reads of %d: %+v", fromClient, read, got)
			}
		}
	}
}

// A header that comes in pieces is put together where the Decoder is.
func TestHeadersInPiecesCostNoAllocationG18(t *testing.T) {
	for _, fromClient := range []bool{true, false} {
		row := "81 m01 K(41) 82 m7e 0080 K(42*128) 89 m05 K(48656c6c6f) 82 m7e 012c K(43*300) 01 m00 K 80 m00 K"
		sent := wire(t, fromClient, row)
		got := count(settings{}.decoder(fromClient), sent, 1, 100)
		if got.allocations > stray || got.err != nil || got.payload != 100*(1+128+5+300) {
			t.Errorf("client %v: %+v", fromClient, got)
		}
	}
}

// What compresses is lent from a pool, and compresses into the caller's buffer.
func TestFragmentsCostNoAllocation(t *testing.T) {
	if raceDetector {
		t.Skip("pools forget at random under the race detector")
	}
	payload := benchmarkText(4096)
	for name, c := range map[string]struct {
		agreed *deflate.Direction
		by     appendPieceBy
	}{
		"uncompressed":         {nil, byFragment},
		"compressed, takeover": {&deflate.Direction{ContextTakeover: true}, byFragment},
		"compressed":           {&deflate.Direction{}, byFragment},
		"never compressed":     {&deflate.Direction{}, byUncompressed},
	} {
		t.Run(name, func(t *testing.T) {
			e := &message.Encoder{FromClient: true}
			if c.agreed != nil {
				e.Deflate = compressor(t, *c.agreed, 0)
			}
			defer e.Free()
			buf := make([]byte, 0, 16<<10)
			const perRun = 100
			per := testing.AllocsPerRun(5, func() {
				for i := range perRun {
					var err error
					if buf, err = c.by(e, buf[:0], frame.Text, payload, i%4 == 3); err != nil {
						t.Fatal(err)
					}
				}
			}) / perRun
			// A collection may empty the pools now and then.
			if per > 0.1 {
				t.Errorf("%v allocations a fragment", per)
			}
		})
	}
}
