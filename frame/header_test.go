package frame_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/parleyws/parley/frame"
)

// leftovers are headers that a frame before this one has left behind.
var leftovers = []frame.Header{
	{},
	{Fin: true, RSV: 0xFF, Opcode: 0xFF, Masked: true, Key: frame.Key{9, 9, 9, 9}, Length: -1},
}

func TestHeadersStandOnTheWireAsTheRFCDrawsThem(t *testing.T) {
	key := frame.Key{1, 2, 3, 4}
	for _, c := range []struct {
		name    string
		h       frame.Header
		wire    string
		section string
	}{
		{"nothing set", frame.Header{}, "\x00\x00", "RFC 6455 5.2"},
		{"fin", frame.Header{Fin: true}, "\x80\x00", "RFC 6455 5.2"},
		{"RSV1", frame.Header{RSV: frame.RSV1}, "\x40\x00", "RFC 6455 5.2"},
		{"RSV2", frame.Header{RSV: frame.RSV2}, "\x20\x00", "RFC 6455 5.2"},
		{"RSV3", frame.Header{RSV: frame.RSV3}, "\x10\x00", "RFC 6455 5.2"},
		{"text", frame.Header{Fin: true, Opcode: frame.Text}, "\x81\x00", "RFC 6455 5.6"},
		{"reserved opcode", frame.Header{Opcode: 0xF}, "\x0f\x00", "RFC 6455 5.2"},
		{"everything set", frame.Header{Fin: true, RSV: frame.RSV1 | frame.RSV2 | frame.RSV3, Opcode: 0xF, Masked: true, Key: key, Length: 125}, "\xff\xfd\x01\x02\x03\x04", "RFC 6455 5.2"},
		{"length 125", frame.Header{Length: 125}, "\x00\x7d", "RFC 6455 5.2"},
		{"length 126", frame.Header{Length: 126}, "\x00\x7e\x00\x7e", "RFC 6455 5.2"},
		{"length 127", frame.Header{Length: 127}, "\x00\x7e\x00\x7f", "RFC 6455 5.2"},
		{"length 258", frame.Header{Length: 258}, "\x00\x7e\x01\x02", "RFC 6455 5.2"},
		{"length 65535", frame.Header{Length: 65535}, "\x00\x7e\xff\xff", "RFC 6455 5.2"},
		{"length 65536", frame.Header{Length: 65536}, "\x00\x7f\x00\x00\x00\x00\x00\x01\x00\x00", "RFC 6455 5.2"},
		{"length of eight bytes", frame.Header{Length: 0x0102030405060708}, "\x00\x7f\x01\x02\x03\x04\x05\x06\x07\x08", "RFC 6455 5.2"},
		{"length 2^63-1", frame.Header{Length: math.MaxInt64}, "\x00\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", "RFC 6455 5.2"},
		{"key after 16 bits of length", frame.Header{Masked: true, Key: key, Length: 126}, "\x00\xfe\x00\x7e\x01\x02\x03\x04", "RFC 6455 5.3"},
		{"key after the most that 16 bits hold", frame.Header{Masked: true, Key: key, Length: 65535}, "\x00\xfe\xff\xff\x01\x02\x03\x04", "RFC 6455 5.3"},
		{"key after 64 bits of length", frame.Header{Masked: true, Key: key, Length: 65536}, "\x00\xff\x00\x00\x00\x00\x00\x01\x00\x00\x01\x02\x03\x04", "RFC 6455 5.3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := string(frame.AppendHeader(nil, c.h)); got != c.wire {
				t.Errorf("%s: AppendHeader gives % X, want % X", c.section, got, c.wire)
			}
			if got := string(c.h.Append(nil)); got != c.wire {
				t.Errorf("%s: Append gives % X, want % X", c.section, got, c.wire)
			}
			got, n, err := frame.ParseHeader([]byte(c.wire + "payload"))
			if err != nil || n != len(c.wire) || got != c.h {
				t.Errorf("%s: ParseHeader gives %+v, %d, %v", c.section, got, n, err)
			}
			for _, got := range leftovers {
				n, err := got.Parse([]byte(c.wire + "payload"))
				if err != nil || n != len(c.wire) || got != c.h {
					t.Errorf("%s: Parse gives %+v, %d, %v", c.section, got, n, err)
				}
			}
		})
	}
}

// What is not part of the wire does not leak into it.
func TestAppendHeaderKeepsFieldsApart(t *testing.T) {
	for _, c := range []struct {
		name string
		h    frame.Header
		wire string
	}{
		{"opcode of more than four bits", frame.Header{Opcode: 0xF1}, "\x01\x00"},
		{"reserved bits of more than three", frame.Header{RSV: 0xFF}, "\x70\x00"},
		{"key of a frame that is not masked", frame.Header{Key: frame.Key{1, 2, 3, 4}}, "\x00\x00"},
		{"length below zero", frame.Header{Length: -1}, "\x00\x7f\xff\xff\xff\xff\xff\xff\xff\xff"},
		{"least length", frame.Header{Length: math.MinInt64}, "\x00\x7f\x80\x00\x00\x00\x00\x00\x00\x00"},
	} {
		if got := string(frame.AppendHeader(nil, c.h)); got != c.wire {
			t.Errorf("%s: % X, want % X", c.name, got, c.wire)
		}
	}
}

func TestAppendKeepsWhatStandsBefore(t *testing.T) {
	h := frame.Header{Fin: true, Opcode: frame.Text, Masked: true, Key: frame.Key{0x37, 0xfa, 0x21, 0x3d}}
	payload := []byte("Hello")
	got := frame.AppendFrame([]byte("before"), h, payload)
	if want := "before\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"; string(got) != want {
		t.Errorf("% X, want % X", got, want)
	}
	if string(payload) != "Hello" {
		t.Errorf("AppendFrame masked the caller's payload: % X", payload)
	}
	h.Length = 99 // AppendFrame knows better
	if got := frame.AppendFrame(nil, h, nil); string(got) != "\x81\x80\x37\xfa\x21\x3d" {
		t.Errorf("% X", got)
	}
}

// Who moves a payload down to its header relies on it. An append that was short
// of room is a copy.
func TestAppendWritesNothingBehindTheHeader(t *testing.T) {
	for _, length := range []int64{0, 125, 126, 65535, 65536, math.MaxInt64} {
		for _, masked := range []bool{false, true} {
			h := frame.Header{Length: length, Masked: masked, Key: frame.Key{1, 2, 3, 4}}
			want := frame.AppendHeader(nil, h)
			for room := range 2 * frame.MaxHeaderLen {
				stock := bytes.Repeat([]byte{canary}, 2*frame.MaxHeaderLen)
				for _, got := range [][]byte{h.Append(stock[:0:room]), frame.AppendHeader(stock[:0:room], h)} {
					if !bytes.Equal(got, want) {
						t.Errorf("room for %d bytes: % X, want % X", room, got, want)
					}
				}
				written := 0
				if room >= len(want) {
					written = len(want)
				}
				if behind := stock[written:]; bytes.Count(behind, []byte{canary}) != len(behind) {
					t.Errorf("% X, room for %d bytes: wrote % X", want, room, stock)
				}
			}
		}
	}
}

func TestL1TopBitOfTheLengthIsRefused(t *testing.T) {
	lengths := []uint64{1 << 63, 1<<63 + 1, 1<<63 + 4, 1<<63 + 13, 1<<63 + 1<<62}
	for i := uint64(1); i <= 15; i++ {
		lengths = append(lengths, -i)
	}
	for _, length := range lengths {
		for _, more := range []string{"", "\x00\x00\x00\x00", "\x00\x00\x00\x00A"} {
			for _, second := range []byte{0x7f, 0xff} {
				wire := binary.BigEndian.AppendUint64([]byte{0x82, second}, length)
				refused(t, append(wire, more...), "payload length has its top bit set")
			}
		}
	}
}

func TestL2HugeLengthCostsNothing(t *testing.T) {
	for _, length := range []int64{1 << 31, 1 << 32, 1 << 40, 1 << 53, math.MaxInt64} {
		wire := binary.BigEndian.AppendUint64([]byte{0x82, 0xff}, uint64(length))
		wire = append(wire, 0, 0, 0, 0)
		var h frame.Header
		var n int
		var err error
		allocs := testing.AllocsPerRun(100, func() { h, n, err = frame.ParseHeader(wire) })
		if err != nil || n != 14 || h.Length != length || allocs != 0 {
			t.Errorf("%+v, %d, %v, %v allocations", h, n, err, allocs)
		}
	}
}

func TestL4LengthThatIsNotInItsShortestFormIsRefused(t *testing.T) {
	const reason = "payload length is not in its shortest form"
	for _, key := range []string{"", "\x00\x00\x00\x00"} {
		mask := byte(0)
		if key != "" {
			mask = 0x80
		}
		for length := range 126 {
			wire := binary.BigEndian.AppendUint16([]byte{0x82, 126 | mask}, uint16(length))
			refused(t, append(wire, key...), reason)
		}
		for length := range 65536 {
			wire := binary.BigEndian.AppendUint64([]byte{0x82, 127 | mask}, uint64(length))
			refused(t, append(wire, key...), reason)
		}
	}
}

// refused fails t unless ParseHeader refuses wire, RFC 6455 section 5.2.
func refused(t *testing.T, wire []byte, reason string) {
	t.Helper()
	h, n, err := frame.ParseHeader(wire)
	var e *frame.Error
	if !errors.As(err, &e) || e.Code != frame.ProtocolError || e.Section != "RFC 6455 5.2" || e.Reason != reason {
		t.Errorf("% X: %v, want %q", wire, err, reason)
	}
	if h != (frame.Header{}) || n != 0 {
		t.Errorf("% X: %+v, %d beside the error", wire, h, n)
	}
	staysAsItWas(t, wire, err)
}

// staysAsItWas fails t unless Parse returns err, the same that ParseHeader
// does, and leaves the header alone.
func staysAsItWas(t interface{ Fatalf(string, ...any) }, wire []byte, err error) {
	for _, before := range leftovers {
		after := before
		if n, got := after.Parse(wire); got != err || n != 0 || after != before {
			t.Fatalf("% X: Parse gives %d, %v; want %v; and makes %+v of %+v", wire, n, got, err, after, before)
		}
	}
}

// The same on every machine, whatever the size of int.
func TestL5LengthAbove32BitsStaysWhole(t *testing.T) {
	for _, c := range []struct {
		wire   string
		length int64
	}{
		{"\x82\x7f\x00\x00\x00\x01\x00\x00\x00\x05", 1<<32 + 5},
		{"\x82\x7f\x00\x00\x00\x00\x80\x00\x00\x00", 1 << 31},
		{"\x82\x7f\x00\x00\x00\x00\xff\xff\xff\xff", 1<<32 - 1},
		{"\x82\x7f\x00\x20\x00\x00\x00\x00\x00\x00", 1 << 53},
	} {
		h, n, err := frame.ParseHeader([]byte(c.wire))
		if err != nil || n != 10 || h.Length != c.length {
			t.Errorf("% X: length %d, %d, %v; want %d", c.wire, h.Length, n, err, c.length)
		}
	}
}

// A header that is cut is asked for again, and one that is refused is refused
// as soon as its length is whole, whatever follows.
func TestL8AnyCutOfAHeaderGivesTheSameAnswer(t *testing.T) {
	for _, c := range vectors[frameCase](t, "frames.json") {
		t.Run(c.Name, func(t *testing.T) {
			wire := c.wire()
			for _, f := range c.Accept { // to the frame that counts
				_, n, err := frame.ParseHeader(wire)
				if err != nil {
					t.Fatal(err)
				}
				holdsUnderAnyCut(t, wire)
				wire = wire[n+len(f.Payload)+f.Zeros:]
			}
			holdsUnderAnyCut(t, wire)
		})
	}
}

// holdsUnderAnyCut fails t unless ParseHeader asks for more until the byte that
// decides, and from then on always answers the same.
func holdsUnderAnyCut(t interface{ Fatalf(string, ...any) }, wire []byte) {
	wire = wire[:min(len(wire), frame.MaxHeaderLen+1)]
	want, wantN, wantErr := frame.ParseHeader(wire)
	decides := headerLen(wire)
	if wantErr == nil && decides != wantN {
		t.Fatalf("% X: %d bytes of header, want %d", wire, wantN, decides)
	}
	if wantErr != nil && wantErr != io.ErrUnexpectedEOF && decides > len(wire) {
		decides = len(wire) // the key is not there, nor is it needed
	}
	for cut := range wire {
		h, n, err := frame.ParseHeader(wire[:cut])
		if err != nil {
			staysAsItWas(t, wire[:cut], err)
		}
		if cut < decides && err == io.ErrUnexpectedEOF && h == (frame.Header{}) && n == 0 {
			continue
		}
		if h != want || n != wantN || err != wantErr || err == nil && cut < decides {
			t.Fatalf("% X cut to % X: %+v, %d, %v; whole: %+v, %d, %v", wire, wire[:cut], h, n, err, want, wantN, wantErr)
		}
	}
}

// headerLen says how long the header at the start of wire is, in the plainest
// way, if wire has its first two bytes.
func headerLen(wire []byte) int {
	n := 2
	if len(wire) < 2 {
		return n
	}
	switch wire[1] & 0x7f {
	case 126:
		n += 2
	case 127:
		n += 8
	}
	if wire[1]&0x80 != 0 {
		n += 4
	}
	return n
}

func TestEveryHeaderComesBackAsItWent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHeader(t)
		wire := frame.AppendHeader(nil, h)
		got, n, err := frame.ParseHeader(wire)
		if err != nil || n != len(wire) || got != h || n > frame.MaxHeaderLen {
			t.Fatalf("%+v went as % X and came back as %+v, %d, %v", h, wire, got, n, err)
		}
		again, got := h.Append(nil), drawHeader(t)
		if n, err := got.Parse(again); err != nil || n != len(wire) || got != h || !bytes.Equal(again, wire) {
			t.Fatalf("%+v went as % X, in place as % X, and came back as %+v, %d, %v", h, wire, again, got, n, err)
		}
		for cut := range wire {
			if got, n, err := frame.ParseHeader(wire[:cut]); err != io.ErrUnexpectedEOF || n != 0 || got != (frame.Header{}) {
				t.Fatalf("% X cut to %d bytes: %+v, %d, %v", wire, cut, got, n, err)
			}
		}
	})
}

// drawHeader draws any header that the wire can carry.
func drawHeader(t *rapid.T) frame.Header {
	h := frame.Header{
		Fin:    rapid.Bool().Draw(t, "fin"),
		RSV:    frame.RSV(rapid.IntRange(0, 7).Draw(t, "rsv")) << 4,
		Opcode: frame.Opcode(rapid.IntRange(0, 15).Draw(t, "opcode")),
		Masked: rapid.Bool().Draw(t, "masked"),
		Length: rapid.OneOf(
			rapid.Int64Range(0, 300),
			rapid.Int64Range(65000, 66000),
			rapid.Int64Range(0, math.MaxInt64),
		).Draw(t, "length"),
	}
	if h.Masked {
		h.Key = drawKey(t)
	}
	return h
}

func drawKey(t *rapid.T) frame.Key {
	return frame.Key(binary.BigEndian.AppendUint32(nil, rapid.Uint32().Draw(t, "key")))
}

func TestAppendFrameIsHeaderAndMaskedPayload(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHeader(t)
		payload := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "payload")
		before := rapid.SliceOfN(rapid.Byte(), 0, 9).Draw(t, "before")
		kept := bytes.Clone(payload)
		got := frame.AppendFrame(bytes.Clone(before), h, payload)

		h.Length = int64(len(payload))
		want := frame.AppendHeader(bytes.Clone(before), h)
		for i, b := range payload {
			if h.Masked {
				b ^= h.Key[i%4]
			}
			want = append(want, b)
		}
		if !bytes.Equal(got, want) || !bytes.Equal(payload, kept) {
			t.Fatalf("%+v: % X, want % X", h, got, want)
		}
		inPlace := h
		inPlace.Length = drawHeader(t).Length
		got = inPlace.AppendFrame(bytes.Clone(before), payload)
		if !bytes.Equal(got, want) || !bytes.Equal(payload, kept) || inPlace != h {
			t.Fatalf("%+v, in place %+v: % X, want % X", h, inPlace, got, want)
		}
	})
}

func TestParsingAndAppendingHeadersDoesNotAllocate(t *testing.T) {
	for _, length := range []int64{0, 126, 65536} {
		for _, masked := range []bool{false, true} {
			h := frame.Header{Fin: true, Opcode: frame.Binary, Masked: masked, Length: length}
			wire := frame.AppendHeader(nil, h)
			name := fmt.Sprintf("length %d, masked %v", length, masked)
			if n := testing.AllocsPerRun(100, func() { frame.ParseHeader(wire) }); n != 0 {
				t.Errorf("%s: ParseHeader: %v allocations", name, n)
			}
			if n := testing.AllocsPerRun(100, func() { frame.ParseHeader(wire[:1]) }); n != 0 {
				t.Errorf("%s: ParseHeader of a cut header: %v allocations", name, n)
			}
			dst := make([]byte, 0, frame.MaxHeaderLen)
			if n := testing.AllocsPerRun(100, func() { frame.AppendHeader(dst, h) }); n != 0 {
				t.Errorf("%s: AppendHeader: %v allocations", name, n)
			}
			if n := testing.AllocsPerRun(100, func() {
				var h frame.Header
				h.Parse(wire)
				h.Append(dst)
			}); n != 0 {
				t.Errorf("%s: in place: %v allocations", name, n)
			}
		}
	}
	topBit := []byte("\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00")
	if n := testing.AllocsPerRun(100, func() { frame.ParseHeader(topBit) }); n != 0 {
		t.Errorf("ParseHeader of a header that it refuses: %v allocations", n)
	}
	dst, payload := make([]byte, 0, 1024), make([]byte, 1000)
	h := frame.Header{Opcode: frame.Binary, Masked: true, Key: frame.Key{1, 2, 3, 4}}
	if n := testing.AllocsPerRun(100, func() { frame.AppendFrame(dst, h, payload) }); n != 0 {
		t.Errorf("AppendFrame: %v allocations", n)
	}
	if n := testing.AllocsPerRun(100, func() { h.AppendFrame(dst, payload) }); n != 0 {
		t.Errorf("AppendFrame in place: %v allocations", n)
	}
}
