package frame_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"github.com/parleyws/parley/frame"
)

// streams are the ways in which a stream may hand out its bytes.
var streams = []struct {
	name string
	wrap func(io.Reader) io.Reader
}{
	{"all at once", func(r io.Reader) io.Reader { return r }},
	{"byte by byte", iotest.OneByteReader},
	{"in halves", iotest.HalfReader},
	{"the end with the last bytes", iotest.DataErrReader},
	{"byte by byte, the end with the last", func(r io.Reader) io.Reader { return iotest.DataErrReader(iotest.OneByteReader(r)) }},
}

// rooms are sizes of the slice that payloads are read into: the last ones are
// beyond what a Reader buffers.
var rooms = []int{1, 3, 512, 8192, 100_000}

func TestAReaderReadsTheSameFramesFromAnyStream(t *testing.T) {
	for _, c := range vectors[frameCase](t, "frames.json") {
		t.Run(c.Name, func(t *testing.T) {
			wire, want := c.wire(), c.want()
			for _, s := range streams {
				for _, room := range rooms {
					if room < 512 && len(wire) > 4096 {
						continue // small reads of much take long and show nothing new
					}
					same(t, s.name, readStream(t, c.checker(), s.wrap(bytes.NewReader(wire)), room), want)
				}
			}
		})
	}
}

func TestL8AStreamCutAtAnyByteGivesWhatTheBytesGive(t *testing.T) {
	for _, c := range vectors[frameCase](t, "frames.json") {
		t.Run(c.Name, func(t *testing.T) {
			wire := c.wire()
			for cut := range wire {
				if len(wire) > 512 && 20 < cut && cut < len(wire)-2 {
					continue // amid zeros
				}
				want := readBytes(t, c.checker(), wire[:cut])
				for _, s := range streams {
					same(t, s.name, readStream(t, c.checker(), s.wrap(bytes.NewReader(wire[:cut])), 8192), want)
				}
			}
		})
	}
}

// pieces is a stream that comes in pieces of given sizes.
type pieces struct {
	b     []byte
	sizes func() int
}

func (r *pieces) Read(p []byte) (int, error) {
	if len(r.b) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.b[:min(len(r.b), r.sizes())])
	r.b = r.b[n:]
	return n, nil
}

func TestAnyFramesComeBackFromAnyPieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var wire []byte
		var want []arrived
		for range rapid.IntRange(0, 5).Draw(t, "frames") {
			h := drawHeader(t)
			payload := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "payload")
			wire = frame.AppendFrame(wire, h, payload)
			h.Length = int64(len(payload))
			want = append(want, arrived{h, payload})
		}
		r := frame.NewReader(&pieces{wire, func() int { return rapid.IntRange(1, 400).Draw(t, "piece") }})
		for _, w := range want {
			h, err := r.Next()
			if err != nil || h != w.Header {
				t.Fatalf("%+v, %v; want %+v", h, err, w.Header)
			}
			// Reading a part must be enough: Next skips the rest.
			some := rapid.IntRange(0, len(w.Payload)).Draw(t, "some")
			got, err := io.ReadAll(io.LimitReader(r, int64(some)))
			if err != nil || !bytes.Equal(got, w.Payload[:some]) {
				t.Fatalf("% X, %v; want % X", got, err, w.Payload[:some])
			}
		}
		if h, err := r.Next(); err != io.EOF {
			t.Fatalf("%+v, %v after the last frame", h, err)
		}
	})
}

// A peer may wait for an answer before it sends more: a Reader that asks for a
// byte beyond the header would wait for ever.
func TestNextAsksForNoMoreThanTheHeader(t *testing.T) {
	for _, wire := range []string{
		"\x89\x00",
		"\x82\x05",
		"\x89\x80\x01\x02\x03\x04",
		"\x82\x7e\x01\x00",
		"\x82\xfe\x01\x00\x01\x02\x03\x04",
		"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00",
		"\x82\xff\x00\x00\x00\x00\x00\x01\x00\x00\x01\x02\x03\x04",
		"\x82\x7e\x00\x01",                         // refused
		"\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00", // refused
	} {
		for size := range len(wire) {
			stream := &pieces{[]byte(wire), func() int { return size + 1 }}
			r := frame.NewReader(readerFunc(func(p []byte) (int, error) {
				if len(stream.b) == 0 {
					t.Errorf("% X in pieces of %d: asks for more", wire, size+1)
				}
				return stream.Read(p)
			}))
			_, _, want := frame.ParseHeader([]byte(wire))
			if _, err := r.Next(); err != want {
				t.Errorf("% X in pieces of %d: %v, want %v", wire, size+1, err, want)
			}
		}
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestAReaderPassesOnTheErrorOfTheStream(t *testing.T) {
	broken := errors.New("broken")
	for _, c := range []struct {
		name, wire string
		frames     int // before the error
		payload    int // bytes that are read of the last one
	}{
		{"before the first header", "", 0, 0},
		{"inside a header", "\x81", 0, 0},
		{"inside a longer header", "\x81\x7e\x01", 0, 0},
		{"inside a payload", "\x81\x05He", 1, 2},
		{"between frames", "\x81\x05Hello", 1, 5},
		{"after an empty frame", "\x81\x00", 1, 0},
	} {
		for _, room := range []int{1, 8192} {
			for _, s := range streams {
				t.Run(c.name+", "+s.name, func(t *testing.T) {
					stream := io.MultiReader(strings.NewReader(c.wire), iotest.ErrReader(broken))
					r := frame.NewReader(s.wrap(stream))
					payload, err := 0, error(nil)
					for range c.frames {
						if _, err := r.Next(); err != nil {
							t.Fatal(err)
						}
					}
					p := make([]byte, room)
					for c.frames > 0 && err == nil {
						var n int
						n, err = r.Read(p)
						payload += n
					}
					if err == nil || err == io.EOF {
						_, err = r.Next()
					}
					if err != broken || payload != c.payload {
						t.Errorf("%v after %d bytes of payload, want %v after %d", err, payload, broken, c.payload)
					}
				})
			}
		}
	}
}

// A payload that is whole is good, though the stream ends or breaks in the same
// breath: what follows is for Next to tell. The payload is larger than a Reader
// buffers, so that it goes to the caller's slice, and its error with it.
func TestTheEndOfTheStreamIsNotTheEndOfAWholePayload(t *testing.T) {
	key := frame.Key{1, 2, 3, 4}
	want := bytes.Repeat([]byte("0123456789"), 2000)
	wire := frame.AppendFrame(nil, frame.Header{Opcode: frame.Text, Masked: true, Key: key}, want)
	const header = 8
	for _, end := range []error{io.EOF, errors.New("broken")} {
		for _, missing := range []int{0, 1, 10_000} {
			sent := wire[:len(wire)-missing]
			reads := 0
			r := frame.NewReader(readerFunc(func(p []byte) (int, error) {
				switch reads++; reads {
				case 1:
					return copy(p, sent[:header]), nil
				case 2:
					return copy(p, sent[header:]), end
				}
				return 0, end
			}))
			if _, err := r.Next(); err != nil {
				t.Fatal(err)
			}
			got := make([]byte, len(want)+1)
			n, err := r.Read(got)
			if !bytes.Equal(got[:n], want[:len(want)-missing]) {
				t.Errorf("%d bytes missing: Read gives %d wrong bytes", missing, n)
			}
			wantErr, wantNext := error(nil), end
			if missing > 0 {
				wantErr = end
				if end == io.EOF {
					wantErr, wantNext = io.ErrUnexpectedEOF, io.ErrUnexpectedEOF
				}
			}
			if err != wantErr {
				t.Errorf("%d bytes missing: Read: %v, want %v", missing, err, wantErr)
			}
			if n, err := r.Read(nil); missing == 0 && (n != 0 || err != io.EOF) {
				t.Errorf("Read after the payload: %d, %v", n, err)
			}
			for range 2 {
				if _, err := r.Next(); err != wantNext {
					t.Errorf("%d bytes missing: Next: %v, want %v", missing, err, wantNext)
				}
			}
		}
	}
}

// An error that only wraps io.EOF tells more than the end, and is kept.
func TestAnErrorThatWrapsTheEndIsKept(t *testing.T) {
	wrapped := errors.Join(errors.New("proxy went away"), io.EOF)
	for _, wire := range []string{"", "\x81", "\x81\x05H"} {
		r := frame.NewReader(io.MultiReader(strings.NewReader(wire), iotest.ErrReader(wrapped)))
		_, err := r.Next()
		if err == nil {
			_, err = r.Next() // skips
		}
		if err != wrapped {
			t.Errorf("% X: %v", wire, err)
		}
	}
}

func TestAReaderGoesOnAfterATimeout(t *testing.T) {
	stream := iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader("\x81\x05Hello")))
	r := frame.NewReader(stream)
	if _, err := r.Next(); err != iotest.ErrTimeout {
		t.Fatal(err)
	}
	h, err := r.Next()
	if err != nil || h.Length != 5 {
		t.Fatalf("%+v, %v", h, err)
	}
	if b, err := io.ReadAll(r); string(b) != "Hello" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
}

func TestAReaderGoesOnAfterAnErrorThatCameWithAPayload(t *testing.T) {
	timeout := errors.New("timeout")
	payload := strings.Repeat("p", 8192) // goes to the caller's slice at once
	sent := []struct {
		b   string
		err error
	}{{"\x82\x7e\x20\x00", nil}, {payload, timeout}, {"\x89\x00", nil}}
	r := frame.NewReader(readerFunc(func(p []byte) (int, error) {
		s := sent[0]
		sent = sent[1:]
		return copy(p, s.b), s.err
	}))
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	if n, err := r.Read(make([]byte, len(payload))); n != len(payload) || err != nil {
		t.Fatal(n, err)
	}
	if _, err := r.Next(); err != timeout {
		t.Errorf("%v, want %v", err, timeout)
	}
	if h, err := r.Next(); err != nil || h.Opcode != frame.Ping {
		t.Errorf("%+v, %v", h, err)
	}
}

func TestAReaderHasNoPayloadBeforeTheFirstFrame(t *testing.T) {
	r := frame.NewReader(strings.NewReader("\x81\x05Hello"))
	if n, err := r.Read(make([]byte, 9)); n != 0 || err != io.EOF {
		t.Errorf("%d, %v", n, err)
	}
}

func TestAHeaderThatIsRefusedStaysRefused(t *testing.T) {
	r := frame.NewReader(strings.NewReader("\x82\x7e\x00\x01A\x81\x00"))
	for range 3 {
		var e *frame.Error
		if h, err := r.Next(); !errors.As(err, &e) {
			t.Errorf("%+v, %v", h, err)
		}
		if n, err := r.Read(make([]byte, 9)); n != 0 || err != io.EOF {
			t.Errorf("a payload after the error: %d, %v", n, err)
		}
	}
}

// Skipping takes no memory and stops where the stream does.
func TestNextSkipsAPayloadOfAnyLength(t *testing.T) {
	const length = 3<<20 + 7
	header := "\x82\x7f\x00\x00\x00\x00\x00\x30\x00\x07"
	stream := io.MultiReader(strings.NewReader(header), io.LimitReader(zeros{}, length), strings.NewReader("\x89\x01p"))
	r := frame.NewReader(stream)
	if h, err := r.Next(); err != nil || h.Length != length {
		t.Fatalf("%+v, %v", h, err)
	}
	if h, err := r.Next(); err != nil || h.Opcode != frame.Ping {
		t.Fatalf("%+v, %v", h, err)
	}

	huge := "\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"
	r = frame.NewReader(io.MultiReader(strings.NewReader(huge), io.LimitReader(zeros{}, length)))
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Next(); err != io.ErrUnexpectedEOF {
		t.Error(err)
	}
}

// zeros is a stream without end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
