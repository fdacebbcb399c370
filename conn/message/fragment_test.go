package message_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/parleyws/parley/conn/message"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
)

// appendPieceBy is AppendFragment or AppendUncompressedFragment.
type appendPieceBy func(e *message.Encoder, dst []byte, op frame.Opcode, piece []byte, last bool) ([]byte, error)

var (
	byFragment     appendPieceBy = (*message.Encoder).AppendFragment
	byUncompressed appendPieceBy = (*message.Encoder).AppendUncompressedFragment
)

// sentFrame is a frame as it goes on the wire, unmasked.
type sentFrame struct {
	b0      byte // FIN, the reserved bits and the opcode
	payload []byte
}

// framesOfWire takes lawful frames apart. It stands on no code under test.
func framesOfWire(t *testing.T, sent []byte) (frames []sentFrame) {
	t.Helper()
	for len(sent) > 0 {
		n, head := int(sent[1]&0x7F), 2
		switch n {
		case 126:
			n, head = int(sent[2])<<8|int(sent[3]), 4
		case 127:
			n, head = int(sent[6])<<24|int(sent[7])<<16|int(sent[8])<<8|int(sent[9]), 10
		}
		var key [4]byte
		if sent[1]&0x80 != 0 {
			key = [4]byte(sent[head:])
			head += 4
		}
		if len(sent) < head+n {
			t.Fatalf("a frame of %d bytes has %d", n, len(sent)-head)
		}
		f := sentFrame{sent[0], bytes.Clone(sent[head : head+n])}
		for i := range f.payload {
			f.payload[i] ^= key[i%4]
		}
		frames = append(frames, f)
		sent = sent[head+n:]
	}
	return frames
}

// Row 113, RFC 7692 section 6.1: the first fragment decides for the whole
// message, whoever appends the others, and it alone has RSV1 set.
func TestFirstFragmentDecidesForTheWholeMessageRow113(t *testing.T) {
	const f, u = 'f', 'u' // by AppendFragment, by AppendUncompressedFragment
	for _, c := range []struct {
		calls  string
		agreed bool // on compression
		b0     []byte
	}{
		{"ff", true, []byte{0x41, 0x80}},
		{"fff", true, []byte{0x41, 0x00, 0x80}},
		{"fuf", true, []byte{0x41, 0x00, 0x80}},
		{"fuu", true, []byte{0x41, 0x00, 0x80}},
		{"uu", true, []byte{0x01, 0x80}},
		{"ufu", true, []byte{0x01, 0x00, 0x80}},
		{"uff", true, []byte{0x01, 0x00, 0x80}},
		{"fuf", false, []byte{0x01, 0x00, 0x80}},
		{"uff", false, []byte{0x01, 0x00, 0x80}},
	} {
		for _, fromClient := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, agreed %v, client %v", c.calls, c.agreed, fromClient), func(t *testing.T) {
				e := &message.Encoder{FromClient: fromClient}
				s := settings{}
				if c.agreed {
					s.inflate = &deflate.Direction{ContextTakeover: true}
					e.Deflate = compressor(t, *s.inflate, 0)
				}
				defer e.Free()
				compressed := c.b0[0]&0x40 != 0
				piece := repeat("piece ", 100)
				d := s.decoder(fromClient)
				defer d.Free()
				// Twice: the next message is decided about anew.
				for range 2 {
					for i, call := range c.calls {
						by := byFragment
						if call == u {
							by = byUncompressed
						}
						last := i == len(c.calls)-1
						sent, err := by(e, nil, frame.Text, piece, last)
						if err != nil {
							t.Fatal(err)
						}
						frames := framesOfWire(t, sent)
						if len(frames) != 1 || frames[0].b0 != c.b0[i] {
							t.Fatalf("call %d: %d frames, the first begins with %02x, want one with %02x", i, len(frames), frames[0].b0, c.b0[i])
						}
						if is := !bytes.Equal(frames[0].payload, piece); is != compressed {
							t.Errorf("call %d: compressed %v, want %v", i, is, compressed)
						}
						// Whoever gets the frame can have the piece at once.
						var got []byte
						for ev, err := range d.Feed(sent) {
							if err != nil {
								t.Fatal(err)
							}
							got = append(got, ev.Payload...)
						}
						if !bytes.Equal(got, piece) {
							t.Errorf("call %d: %q arrived, want %q", i, got, piece)
						}
					}
				}
			})
		}
	}
}

// RFC 7692 section 7.2.1: the fragments are one message, as others inflate it;
// the tail 00 00 FF FF is cut off the last of them only.
func TestCompressedFragmentsTogetherAreTheMessageZ14(t *testing.T) {
	noise := randomBytes(70_000)
	var window []byte
	e := &message.Encoder{Deflate: compressor(t, deflate.Direction{ContextTakeover: true}, 6)}
	defer e.Free()
	for i, pieces := range [][][]byte{
		{repeat("one ", 300), repeat("two ", 300), repeat("one ", 300)},
		{repeat("one ", 300), noise, repeat("two ", 300)},
		{noise[:100], noise[:100], nil},
		{repeat("two ", 300), repeat("a", 200_000)},
	} {
		var sent []byte
		for j, piece := range pieces {
			var err error
			if sent, err = e.AppendFragment(sent, frame.Binary, piece, j == len(pieces)-1); err != nil {
				t.Fatal(err)
			}
		}
		var payload []byte
		frames := framesOfWire(t, sent)
		for j, f := range frames {
			want := byte(0x00)
			if j == 0 {
				want = 0x42
			}
			if j == len(frames)-1 {
				want |= 0x80
			}
			if f.b0 != want || len(f.payload) == 0 {
				t.Errorf("message %d, frame %d: %02x with %d bytes, want %02x", i, j, f.b0, len(f.payload), want)
			}
			payload = append(payload, f.payload...)
		}
		if bytes.HasSuffix(payload, []byte{0, 0, 0xFF, 0xFF}) {
			t.Errorf("message %d has the tail", i)
		}
		want := slices.Concat(pieces...)
		got, err := inflated(payload, window)
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("message %d: the standard library inflates it to %d bytes, %v, want %d", i, len(got), err, len(want))
		}
		if len(payload) > len(want)/2+len(noise) {
			t.Errorf("message %d: %d bytes were made of %d", i, len(payload), len(want))
		}
		window = append(window, want...)
		window = window[max(0, len(window)-32<<10):]
	}
}

// Row 114, RFC 7692 section 7.2.3.6: an empty message in compressed fragments
// is the single byte 00. A frame that says nothing is not sent, and the last is
// never empty: there are receivers that drop it.
func TestNothingIsAppendedForEmptyPieceOfCompressedMessageRow114(t *testing.T) {
	for _, c := range []struct {
		name   string
		pieces []string
		row    string
	}{
		{"nothing at all", []string{"", ""}, "c1 m01 K(00)"},
		{"nothing, three times", []string{"", "", ""}, "c1 m01 K(00)"},
		{"an empty first piece", []string{"", "a", "b"}, "41 m06 K(000100feff61) 80 m07 K(000100feff62 00)"},
		{"an empty piece between", []string{"a", "", "b"}, "41 m06 K(000100feff61) 80 m07 K(000100feff62 00)"},
		{"an empty last piece", []string{"a", ""}, "41 m06 K(000100feff61) 80 m01 K(00)"},
		{"only the last is not empty", []string{"", "a"}, "c1 m07 K(000100feff61 00)"},
	} {
		for _, fromClient := range []bool{false, true} {
			for _, takeover := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, client %v, takeover %v", c.name, fromClient, takeover), func(t *testing.T) {
					e := &message.Encoder{FromClient: fromClient, NewKey: func() frame.Key { return testKey },
						Deflate: compressor(t, deflate.Direction{ContextTakeover: takeover}, 0)}
					defer e.Free()
					// Twice: nothing is left of the message.
					for range 2 {
						var sent []byte
						for i, piece := range c.pieces {
							before, last := len(sent), i == len(c.pieces)-1
							var err error
							if sent, err = e.AppendFragment(sent, frame.Text, []byte(piece), last); err != nil {
								t.Fatal(err)
							}
							if nothing := len(sent) == before; nothing != (piece == "" && !last) {
								t.Errorf("piece %d: %d bytes", i, len(sent)-before)
							}
						}
						if want := wire(t, fromClient, c.row); !bytes.Equal(sent, want) {
							t.Fatalf("got % x, want % x", sent, want)
						}
						e.Deflate.Forget() // or the next is shorter
					}
				})
			}
		}
	}
}

// A frame without payload is what is asked for where nothing is compressed.
func TestEmptyPieceOfUncompressedMessageIsEmptyFrame(t *testing.T) {
	e := &message.Encoder{Deflate: compressor(t, deflate.Direction{}, 0)}
	defer e.Free()
	var sent []byte
	for i := range 3 {
		var err error
		if sent, err = e.AppendUncompressedFragment(sent, frame.Text, nil, i == 2); err != nil {
			t.Fatal(err)
		}
	}
	if want := wire(t, false, "01 m00 00 m00 80 m00"); !bytes.Equal(sent, want) {
		t.Errorf("got % x, want % x", sent, want)
	}
}

// Z14: what is given whole leaves as one frame, whichever method it is given to.
func TestPieceThatIsFirstAndLastIsWholeMessageZ14(t *testing.T) {
	for _, payload := range [][]byte{nil, []byte("Hello"), repeat("a", 511), repeat("a", 512), repeat("ab", 40_000)} {
		t.Run(fmt.Sprintf("%d bytes", len(payload)), func(t *testing.T) {
			encoder := func() *message.Encoder {
				return &message.Encoder{Deflate: compressor(t, deflate.Direction{}, 0)}
			}
			whole, _ := encoder().AppendMessage(nil, frame.Text, payload)
			plain, _ := encoder().AppendUncompressed(nil, frame.Text, payload)
			if compressed := whole[0] == 0xC1; compressed != (len(payload) >= 512) {
				t.Fatalf("first byte %02x", whole[0])
			}
			if got, err := encoder().AppendFragment(nil, frame.Text, payload, true); err != nil || !bytes.Equal(got, whole) {
				t.Errorf("by AppendFragment: %d bytes, %v, want %d", len(got), err, len(whole))
			}
			if got, err := encoder().AppendUncompressedFragment(nil, frame.Text, payload, true); err != nil || !bytes.Equal(got, plain) {
				t.Errorf("by AppendUncompressedFragment: %d bytes, %v, want %d", len(got), err, len(plain))
			}
		})
	}
}

// Noise grows when it is compressed, over the lengths where a header does.
func TestFragmentThatGrowsHasRoomForItsHeader(t *testing.T) {
	noise := randomBytes(200_000)
	var sizes []int
	for _, around := range []int{125, 1<<16 - 1, 1 << 17, len(noise) - 10} {
		for n := around - 9; n <= around+9; n++ {
			sizes = append(sizes, n)
		}
	}
	if raceDetector {
		sizes = sizes[:19]
	}
	direction := deflate.Direction{}
	for _, fromClient := range []bool{false, true} {
		for _, n := range sizes {
			for _, last := range []bool{false, true} {
				e := &message.Encoder{FromClient: fromClient, Deflate: compressor(t, direction, 0)}
				sent, err := e.AppendFragment(nil, frame.Binary, []byte("first"), false)
				if err != nil {
					t.Fatal(err)
				}
				if sent, err = e.AppendFragment(sent, frame.Binary, noise[:n], last); err != nil {
					t.Fatal(err)
				}
				if frames := framesOfWire(t, sent); len(frames) != 2 || len(frames[1].payload) <= n {
					t.Fatalf("%d bytes, last %v: they did not grow", n, last)
				}
				want := append([]byte("first"), noise[:n]...)
				o := outcome{open: want}
				if last {
					o = outcome{arrived: []string{show(frame.Binary, want)}}
				}
				got := decode(t, settings{inflate: &direction}.decoder(fromClient), [][]byte{sent})
				if diff := difference(o, got); diff != "" {
					t.Errorf("%d bytes, last %v, client %v: %s", n, last, fromClient, diff)
				}
				e.Free()
			}
		}
	}
}

// Row 107, RFC 7692 section 7.2.1: the window is that of the peer, and what is
// not sent compressed is not in it, in whichever way that comes about.
func TestWhatIsSentUncompressedIsNotInTheWindowRow107(t *testing.T) {
	noise := randomBytes(2000)
	for name, plain := range map[string]func(e *message.Encoder, dst []byte) ([]byte, error){
		"by AppendUncompressed": func(e *message.Encoder, dst []byte) ([]byte, error) {
			return e.AppendUncompressed(dst, frame.Binary, noise)
		},
		"by AppendMessage, which finds nothing to gain": func(e *message.Encoder, dst []byte) ([]byte, error) {
			return e.AppendMessage(dst, frame.Binary, noise)
		},
		"in fragments": func(e *message.Encoder, dst []byte) ([]byte, error) {
			dst, err := e.AppendUncompressedFragment(dst, frame.Binary, noise[:1000], false)
			if err != nil {
				return dst, err
			}
			return e.AppendFragment(dst, frame.Binary, noise[1000:], true)
		},
	} {
		t.Run(name, func(t *testing.T) {
			direction := deflate.Direction{ContextTakeover: true}
			e := &message.Encoder{Deflate: compressor(t, direction, 6)}
			defer e.Free()
			sent, err := inTurn(nil,
				func(dst []byte) ([]byte, error) {
					return e.AppendMessage(dst, frame.Binary, repeat("before ", 100))
				},
				func(dst []byte) ([]byte, error) { return plain(e, dst) },
			)
			if err != nil {
				t.Fatal(err)
			}
			half := append(noise[:1000:1000], repeat("after ", 200)...)
			start := len(sent)
			if sent, err = e.AppendMessage(sent, frame.Binary, half); err != nil {
				t.Fatal(err)
			}
			if n := len(sent) - start; sent[start] != 0xC2 || n < 1000 || n > 1300 {
				t.Errorf("the message after it has first byte %02x and %d bytes: it refers to what was not compressed", sent[start], n)
			}
			// What came before is still referred to.
			start = len(sent)
			if sent, err = e.AppendMessage(sent, frame.Binary, half); err != nil {
				t.Fatal(err)
			}
			if n := len(sent) - start; n > 100 {
				t.Errorf("the same again has %d bytes: the window is gone", n)
			}
			want := outcome{arrived: []string{
				show(frame.Binary, repeat("before ", 100)), show(frame.Binary, noise),
				show(frame.Binary, half), show(frame.Binary, half),
			}}
			if diff := difference(want, decode(t, settings{inflate: &direction}.decoder(false), [][]byte{sent})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Row 108: a message can only be finished by its own fragments.
func TestFragmentsMustMakeMessageRow108(t *testing.T) {
	calls := map[string]func(e *message.Encoder, dst []byte) ([]byte, error){
		"a message": func(e *message.Encoder, dst []byte) ([]byte, error) {
			return e.AppendMessage(dst, frame.Text, repeat("B", 1000))
		},
		"an uncompressed message": func(e *message.Encoder, dst []byte) ([]byte, error) {
			return e.AppendUncompressed(dst, frame.Text, []byte("B"))
		},
		"a fragment of another type": func(e *message.Encoder, dst []byte) ([]byte, error) {
			return e.AppendFragment(dst, frame.Binary, []byte("B"), false)
		},
		"a last fragment of another type": func(e *message.Encoder, dst []byte) ([]byte, error) {
			return e.AppendFragment(dst, frame.Binary, []byte("B"), true)
		},
		"an empty fragment of another type": func(e *message.Encoder, dst []byte) ([]byte, error) {
			return e.AppendFragment(dst, frame.Binary, nil, false)
		},
		"an uncompressed fragment of another type": func(e *message.Encoder, dst []byte) ([]byte, error) {
			return e.AppendUncompressedFragment(dst, frame.Binary, []byte("B"), true)
		},
	}
	for kind, c := range map[string]struct {
		by    appendPieceBy
		first string
		end   string
	}{
		"inside an uncompressed message":                 {byUncompressed, "A", "80 m01 K(42)"},
		"inside a compressed message":                    {byFragment, "A", "80 m07 K(000100feff42 00)"},
		"inside a compressed message without a byte yet": {byFragment, "", "c1 m07 K(000100feff42 00)"},
	} {
		for name, call := range calls {
			t.Run(name+" "+kind, func(t *testing.T) {
				e := &message.Encoder{Deflate: compressor(t, deflate.Direction{}, 0)}
				defer e.Free()
				if _, err := c.by(e, nil, frame.Text, []byte(c.first), false); err != nil {
					t.Fatal(err)
				}
				refuses(t, message.ErrOrder, func(dst []byte) ([]byte, error) { return call(e, dst) })
				// The message can be finished still.
				got, err := e.AppendFragment(nil, frame.Text, []byte("B"), true)
				if want := wire(t, false, c.end); err != nil || !bytes.Equal(got, want) {
					t.Errorf("got % x, %v, want % x", got, err, want)
				}
			})
		}
	}
}

func TestFreedEncoderHasGivenItsCompressorBack(t *testing.T) {
	e := &message.Encoder{CompressFrom: -1, Deflate: compressor(t, deflate.Direction{}, 0)}
	e.Free()
	e.Free()
	if _, ok := e.Deflate.Append(nil, repeat("a", 100)); ok {
		t.Error("it compresses still")
	}
	(&message.Encoder{}).Free()
}

// What is in progress cannot be finished any more, and the buffer is as it was.
func TestFragmentAfterFreeIsRefused(t *testing.T) {
	e := &message.Encoder{Deflate: compressor(t, deflate.Direction{}, 0)}
	if _, err := e.AppendFragment(nil, frame.Text, repeat("a", 100), false); err != nil {
		t.Fatal(err)
	}
	e.Free()
	for _, dst := range [][]byte{nil, []byte("dst")} {
		got, err := e.AppendFragment(dst, frame.Text, repeat("a", 100), true)
		if !errors.Is(err, deflate.ErrMisused) || !bytes.Equal(got, dst) {
			t.Errorf("got %q, %v, want %q", got, err, dst)
		}
	}
}
