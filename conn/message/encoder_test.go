package message_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/parleyws/parley/conn/message"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
)

func compressor(t failer, d deflate.Direction, level int) *deflate.Compressor {
	t.Helper()
	c, err := deflate.NewCompressor(d, level)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return c
}

// appends are the things that an Encoder appends, and what goes on the wire.
var appends = []struct {
	name   string
	append func(e *message.Encoder, dst []byte) ([]byte, error)
	row    string
}{
	{"text, RFC 6455 5.7", func(e *message.Encoder, dst []byte) ([]byte, error) {
		return e.AppendMessage(dst, frame.Text, []byte("Hello"))
	}, "81 m05 K(48656c6c6f)"},
	{"empty text, RFC 6455 5.6", func(e *message.Encoder, dst []byte) ([]byte, error) {
		return e.AppendMessage(dst, frame.Text, nil)
	}, "81 m00 K"},
	{"binary of 256 bytes, RFC 6455 5.7", func(e *message.Encoder, dst []byte) ([]byte, error) {
		return e.AppendMessage(dst, frame.Binary, repeat("Z", 256))
	}, "82 m7e 0100 K(5a*256)"},
	{"binary of 64 KiB, RFC 6455 5.7", func(e *message.Encoder, dst []byte) ([]byte, error) {
		return e.AppendMessage(dst, frame.Binary, repeat("Z", 65536))
	}, "82 m7f 0000000000010000 K(5a*65536)"},
	{"fragments with control frames between, RFC 6455 5.4", func(e *message.Encoder, dst []byte) ([]byte, error) {
		return inTurn(dst,
			func(dst []byte) ([]byte, error) {
				return e.AppendFragment(dst, frame.Text, []byte("Hel"), false)
			},
			func(dst []byte) ([]byte, error) { return e.AppendControl(dst, frame.Ping, []byte("p")) },
			func(dst []byte) ([]byte, error) { return e.AppendFragment(dst, frame.Text, nil, false) },
			func(dst []byte) ([]byte, error) { return e.AppendControl(dst, frame.Pong, nil) },
			func(dst []byte) ([]byte, error) { return e.AppendFragment(dst, frame.Text, []byte("lo"), true) },
			func(dst []byte) ([]byte, error) { return e.AppendMessage(dst, frame.Binary, []byte("!")) },
		)
	}, "01 m03 K(48656c) 89 m01 K(70) 00 m00 K 8a m00 K 80 m02 K(6c6f) 82 m01 K(21)"},
	{"a message that is never compressed, RFC 6455 5.6", func(e *message.Encoder, dst []byte) ([]byte, error) {
		return e.AppendUncompressed(dst, frame.Text, []byte("Hello"))
	}, "81 m05 K(48656c6c6f)"},
	{"fragments that are never compressed, RFC 6455 5.4", func(e *message.Encoder, dst []byte) ([]byte, error) {
		return inTurn(dst,
			func(dst []byte) ([]byte, error) {
				return e.AppendUncompressedFragment(dst, frame.Binary, []byte("Hel"), false)
			},
			func(dst []byte) ([]byte, error) {
				return e.AppendUncompressedFragment(dst, frame.Binary, []byte("lo"), true)
			},
		)
	}, "02 m03 K(48656c) 80 m02 K(6c6f)"},
	{"one fragment is a message, RFC 6455 5.4", func(e *message.Encoder, dst []byte) ([]byte, error) {
		return e.AppendFragment(dst, frame.Binary, []byte("A"), true)
	}, "82 m01 K(41)"},
	{"ping of 125 bytes, RFC 6455 5.5", func(e *message.Encoder, dst []byte) ([]byte, error) {
		return e.AppendControl(dst, frame.Ping, repeat("p", 125))
	}, "89 m7d K(70*125)"},
	{"ping that is cut to 125 bytes, RFC 6455 5.5", func(e *message.Encoder, dst []byte) ([]byte, error) {
		return e.AppendControl(dst, frame.Ping, repeat("p", 126))
	}, "89 m7d K(70*125)"},
	{"close, RFC 6455 5.5.1", func(e *message.Encoder, dst []byte) ([]byte, error) {
		return e.AppendClose(dst, frame.GoingAway, "bye")
	}, "88 m05 K(03e9627965)"},
	{"close without a code, RFC 6455 7.1.5", func(e *message.Encoder, dst []byte) ([]byte, error) {
		return e.AppendClose(dst, frame.NoStatusReceived, "")
	}, "88 m00 K"},
	{"close with a reason that is cut to 123 bytes, RFC 6455 5.5", func(e *message.Encoder, dst []byte) ([]byte, error) {
		return e.AppendClose(dst, frame.NormalClosure, strings.Repeat("r", 124))
	}, "88 m7d K(03e8 72*123)"},
	{"close inside a message, RFC 6455 5.5.1", func(e *message.Encoder, dst []byte) ([]byte, error) {
		return inTurn(dst,
			func(dst []byte) ([]byte, error) { return e.AppendFragment(dst, frame.Text, []byte("A"), false) },
			func(dst []byte) ([]byte, error) { return e.AppendClose(dst, frame.InternalError, "") },
		)
	}, "01 m01 K(41) 88 m02 K(03f3)"},
}

func inTurn(dst []byte, steps ...func([]byte) ([]byte, error)) ([]byte, error) {
	for _, step := range steps {
		var err error
		if dst, err = step(dst); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

func TestServerSendsTheseBytesRow117(t *testing.T) {
	for _, c := range appends {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.append(&message.Encoder{}, nil)
			if want := wire(t, false, c.row); err != nil || !bytes.Equal(got, want) {
				t.Errorf("got % x, %v, want % x", got, err, want)
			}
		})
	}
}

// rekeyed masks the frames of a client, all of them lawful, with testKey
// instead of their own keys, and returns those. It stands on no code under test.
func rekeyed(t *testing.T, sent []byte) (out []byte, keys [][4]byte) {
	t.Helper()
	for p := sent; len(p) > 0; {
		if p[1]&0x80 == 0 {
			t.Fatalf("not masked: % x", sent)
		}
		n, head := int(p[1]&0x7F), 2
		switch n {
		case 126:
			n, head = int(p[2])<<8|int(p[3]), 4
		case 127:
			n, head = int(p[6])<<24|int(p[7])<<16|int(p[8])<<8|int(p[9]), 10
		}
		key := [4]byte(p[head:])
		keys = append(keys, key)
		out = append(append(out, p[:head]...), testKey[:]...)
		p = p[head+4:]
		for i := range n {
			out = append(out, p[i]^key[i%4]^testKey[i%4])
		}
		p = p[n:]
	}
	return out, keys
}

func TestClientSendsTheseBytesMaskedRow109(t *testing.T) {
	for _, c := range appends {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.append(&message.Encoder{FromClient: true}, nil)
			if err != nil {
				t.Fatal(err)
			}
			got, _ = rekeyed(t, got)
			if want := wire(t, true, c.row); !bytes.Equal(got, want) {
				t.Errorf("got % x, want % x", got, want)
			}
		})
	}
}

// everyFrame has e append a frame of every kind, compressed or not.
func everyFrame(t *testing.T, e *message.Encoder) (sent []byte, frames int) {
	t.Helper()
	sent, err := inTurn(nil,
		func(dst []byte) ([]byte, error) { return e.AppendMessage(dst, frame.Binary, []byte("A")) },
		func(dst []byte) ([]byte, error) { return e.AppendMessage(dst, frame.Binary, repeat("A", 1000)) },
		func(dst []byte) ([]byte, error) { return e.AppendMessage(dst, frame.Binary, randomBytes(1000)) },
		func(dst []byte) ([]byte, error) { return e.AppendUncompressed(dst, frame.Text, repeat("A", 1000)) },
		func(dst []byte) ([]byte, error) { return e.AppendFragment(dst, frame.Text, []byte("A"), false) },
		func(dst []byte) ([]byte, error) { return e.AppendControl(dst, frame.Ping, []byte("ping")) },
		func(dst []byte) ([]byte, error) { return e.AppendFragment(dst, frame.Text, []byte("A"), true) },
		func(dst []byte) ([]byte, error) {
			return e.AppendUncompressedFragment(dst, frame.Text, []byte("A"), false)
		},
		func(dst []byte) ([]byte, error) { return e.AppendControl(dst, frame.Pong, nil) },
		func(dst []byte) ([]byte, error) {
			return e.AppendUncompressedFragment(dst, frame.Text, []byte("A"), true)
		},
		func(dst []byte) ([]byte, error) { return e.AppendClose(dst, frame.NormalClosure, "") },
	)
	if err != nil {
		t.Fatal(err)
	}
	return sent, 11
}

// randomBytes returns n bytes, always the same, that cannot be compressed.
func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{}).Read(b)
	return b
}

// RFC 6455 section 5.3: each frame has a new key. Of so many, two could be
// equal once in a million times, three never.
func TestEveryFrameOfClientHasNewKeyRow115(t *testing.T) {
	var keys [][4]byte
	for range 8 {
		e := &message.Encoder{FromClient: true, Deflate: compressor(t, deflate.Direction{}, 0)}
		sent, frames := everyFrame(t, e)
		e.Free()
		_, k := rekeyed(t, sent)
		if len(k) != frames {
			t.Errorf("%d frames, want %d", len(k), frames)
		}
		keys = append(keys, k...)
	}
	different := map[[4]byte]bool{}
	for _, k := range keys {
		different[k] = true
	}
	if len(different) < len(keys)-1 || different[[4]byte{}] {
		t.Errorf("%d keys, %d different: %x", len(keys), len(different), keys)
	}
}

// Who makes the keys sees his own, in order, one a frame; a server needs none.
func TestKeysCanBeMadeByTheCallerRow115(t *testing.T) {
	for _, fromClient := range []bool{true, false} {
		made := 0
		e := &message.Encoder{
			FromClient: fromClient,
			Deflate:    compressor(t, deflate.Direction{}, 0),
			NewKey: func() frame.Key {
				made++
				return frame.Key{0, byte(made), 0xFF, byte(made * 17)}
			},
		}
		sent, frames := everyFrame(t, e)
		e.Free()
		if !fromClient {
			if made != 0 {
				t.Errorf("a server made %d keys", made)
			}
			continue
		}
		_, keys := rekeyed(t, sent)
		if made != frames || len(keys) != frames {
			t.Fatalf("%d keys were made for %d frames, want %d", made, len(keys), frames)
		}
		for i, k := range keys {
			if want := [4]byte{0, byte(i + 1), 0xFF, byte((i + 1) * 17)}; k != want {
				t.Errorf("frame %d has the key %x, want %x", i, k, want)
			}
		}
	}
}

// Row 115: the key 00000000 is one like any other, and leaves the bytes readable.
func TestKeyOfZerosLeavesThePayloadAsItIsRow115(t *testing.T) {
	e := &message.Encoder{FromClient: true, NewKey: func() frame.Key { return frame.Key{} }}
	got, err := e.AppendMessage(nil, frame.Text, []byte("Hello"))
	if want := unhex(t, "81850000000048656c6c6f"); err != nil || !bytes.Equal(got, want) {
		t.Errorf("got % x, %v, want % x", got, err, want)
	}
}

// forEachRoom runs test with dst slices that have no room, too little, and
// more than enough of it; what is in them has to stay.
func forEachRoom(t *testing.T, test func(t *testing.T, dst []byte)) {
	for _, room := range []int{0, 1, 3, 10, 300, 100_000} {
		for _, before := range []string{"", "what was there"} {
			t.Run(fmt.Sprintf("%d bytes and room for %d", len(before), room), func(t *testing.T) {
				dst := make([]byte, len(before)+room)
				overwrite(dst)
				test(t, dst[:copy(dst, before)])
			})
		}
	}
}

func TestWhatIsInTheBufferStays(t *testing.T) {
	compressible, random := repeat("compressible ", 100), randomBytes(1000)
	for _, c := range []struct {
		name    string
		b0      byte
		payload []byte
	}{
		{"short", 0x82, []byte("Hello")},
		{"compressed", 0xC2, compressible},
		{"compressed from a long header to a short one", 0xC2, make([]byte, 70_000)},
		{"does not get smaller", 0x82, random},
	} {
		for _, fromClient := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, client %v", c.name, fromClient), func(t *testing.T) {
				forEachRoom(t, func(t *testing.T, dst []byte) {
					before, payload := bytes.Clone(dst), bytes.Clone(c.payload)
					e := &message.Encoder{FromClient: fromClient, Deflate: compressor(t, deflate.Direction{}, 0)}
					got, err := e.AppendMessage(dst, frame.Binary, payload)
					if err != nil {
						t.Fatal(err)
					}
					if !bytes.Equal(got[:len(before)], before) {
						t.Errorf("%q is gone: %q", before, got[:len(before)])
					}
					if !bytes.Equal(payload, c.payload) {
						t.Error("the caller's payload was written to")
					}
					sent := got[len(before):]
					if sent[0] != c.b0 {
						t.Errorf("first byte %02x, want %02x", sent[0], c.b0)
					}
					s := settings{inflate: &deflate.Direction{}}
					want := outcome{arrived: []string{show(frame.Binary, c.payload)}}
					if diff := difference(want, decode(t, s.decoder(fromClient), [][]byte{sent})); diff != "" {
						t.Error(diff)
					}
				})
			})
		}
	}
}

// Z14, RFC 7692 section 7.2.1: one frame, FIN and RSV1 set, without the tail.
func TestCompressedMessageIsOneFrameWithoutTheTailZ14(t *testing.T) {
	e := &message.Encoder{Deflate: compressor(t, deflate.Direction{ContextTakeover: true}, 0)}
	var window []byte
	for i, message := range [][]byte{repeat("once ", 200), repeat("twice ", 200), repeat("once ", 200), repeat("a", 100_000)} {
		sent, err := e.AppendMessage(nil, frame.Text, message)
		if err != nil {
			t.Fatal(err)
		}
		n, head := int(sent[1]), 2
		if n == 126 {
			n, head = int(sent[2])<<8|int(sent[3]), 4
		}
		if sent[0] != 0xC1 || n != len(sent)-head || n >= len(message) {
			t.Fatalf("message %d: header % x and %d bytes", i, sent[:head], len(sent)-head)
		}
		payload := sent[head:]
		if bytes.HasSuffix(payload, []byte{0, 0, 0xFF, 0xFF}) {
			t.Errorf("message %d has the tail: % x", i, payload)
		}
		got, err := inflated(payload, window)
		if err != nil || !bytes.Equal(got, message) {
			t.Fatalf("message %d: the standard library inflates it to %d bytes, %v", i, len(got), err)
		}
		window = append(window, message...)
		window = window[max(0, len(window)-32<<10):]
	}
}

// Z14, RFC 7692 section 6.1: what does not gain goes as it is, RSV1 not set.
func TestMessageIsCompressedOnlyIfItGainsZ14(t *testing.T) {
	random := randomBytes(1 << 20)
	for _, c := range []struct {
		name    string
		from    int
		payload []byte
		b0      byte
	}{
		{"a byte less than the default", 0, repeat("a", 511), 0x82},
		{"as long as the default", 0, repeat("a", 512), 0xC2},
		{"a byte less than asked for", 200, repeat("a", 199), 0x82},
		{"as long as asked for", 200, repeat("a", 200), 0xC2},
		{"any length", -1, repeat("a", 130), 0xC2},
		{"any length, but there is nothing to gain", -1, []byte("a"), 0x82},
		{"any length, but there is nothing", -1, nil, 0x82},
		{"1 MiB that cannot be compressed", 0, random, 0x82},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := &message.Encoder{CompressFrom: c.from, Deflate: compressor(t, deflate.Direction{}, 0)}
			got, err := e.AppendMessage(nil, frame.Binary, c.payload)
			if err != nil {
				t.Fatal(err)
			}
			if got[0] != c.b0 {
				t.Errorf("first byte %02x, want %02x", got[0], c.b0)
			}
			if c.b0 == 0x82 && !bytes.Equal(got, frameOf(0x82, c.payload)) {
				t.Errorf("%d bytes are not the message as it is", len(got))
			}
		})
	}
}

// RFC 6455 section 5.5.1: no frame after a close.
func TestNothingFollowsCloseK6(t *testing.T) {
	for _, c := range appends {
		t.Run(c.name, func(t *testing.T) {
			e := &message.Encoder{}
			if _, err := e.AppendClose(nil, frame.NormalClosure, ""); err != nil {
				t.Fatal(err)
			}
			refuses(t, message.ErrClosed, func(dst []byte) ([]byte, error) { return c.append(e, dst) })
		})
	}
}

// refuses fails unless call leaves dst as it was.
func refuses(t *testing.T, want error, call func([]byte) ([]byte, error)) {
	t.Helper()
	dst := make([]byte, 3, 100)
	copy(dst, "dst")
	got, err := call(dst)
	if !errors.Is(err, want) || !strings.HasPrefix(err.Error(), "websocket: ") {
		t.Errorf("got %v, want %v", err, want)
	}
	if string(got) != "dst" || &got[0] != &dst[0] || !bytes.Equal(dst[:cap(dst)][3:], make([]byte, 97)) {
		t.Errorf("dst is not as it was: %q", got)
	}
}
