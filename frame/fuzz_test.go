package frame_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"
	"unicode/utf8"

	"github.com/parleyws/parley/frame"
)

// FuzzFrameHeader (FZ1): what is parsed is written as it was, any cut asks for
// more, and an error has one of the documented forms.
func FuzzFrameHeader(f *testing.F) {
	for _, c := range vectors[frameCase](f, "frames.json") {
		wire := c.wire()
		f.Add(wire[:min(len(wire), 64)])
	}
	f.Fuzz(func(t *testing.T, wire []byte) {
		holdsUnderAnyCut(t, wire)
		h, n, err := frame.ParseHeader(wire)
		var e *frame.Error
		switch {
		case err == nil:
			if n > frame.MaxHeaderLen || h.Length < 0 {
				t.Fatalf("% X: %+v, %d", wire, h, n)
			}
			if got := frame.AppendHeader(nil, h); !bytes.Equal(got, wire[:n]) {
				t.Fatalf("% X was written back as % X", wire[:n], got)
			}
		case err == io.ErrUnexpectedEOF:
			if len(wire) >= frame.MaxHeaderLen || len(wire) >= headerLen(wire) {
				t.Fatalf("% X: wants more than a header", wire)
			}
		case errors.As(err, &e):
			if e.Code != frame.ProtocolError || minimal(wire) {
				t.Fatalf("% X: %v", wire, err)
			}
		default:
			t.Fatalf("% X: %v", wire, err)
		}
		check := frame.Checker{FromClient: h.Masked, Extensions: frame.RSV1}
		got := readStream(t, check, bytes.NewReader(wire), 7)
		same(t, "bytes and stream", got, readBytes(t, check, wire))
		same(t, "in place and stream", got, readInPlace(t, check, wire))
	})
}

// minimal reports whether the length in wire, whole, is in its shortest form
// and has no top bit, RFC 6455 section 5.2.
func minimal(wire []byte) bool {
	switch wire[1] & 0x7f {
	case 126:
		return binary.BigEndian.Uint16(wire[2:]) > 125
	case 127:
		n := binary.BigEndian.Uint64(wire[2:])
		return n > 65535 && n < 1<<63
	}
	return true
}

// FuzzMask (FZ11): on each path Mask is the naive loop, its own inverse, the
// same in two pieces, and writes nothing outside its slice.
func FuzzMask(f *testing.F) {
	for _, c := range vectors[frameCase](f, "frames.json") {
		for _, a := range c.Accept {
			if len(a.Key) == 4 {
				f.Add([]byte(a.Payload), binary.BigEndian.Uint32(a.Key), 0, uint8(0), uint16(1))
			}
		}
	}
	for _, length := range []int{31, 32, 33, 63, 64, 65, 127, 255, 256, 257, 300, 511} {
		for _, offset := range []uint8{0, 1, 31, 32, 33, 63} {
			f.Add(noise(length), uint32(0x01020304), 3, offset, uint16(length/2))
		}
	}
	f.Fuzz(func(t *testing.T, payload []byte, key uint32, pos int, offset uint8, cut uint16) {
		k := frame.Key(binary.BigEndian.AppendUint32(nil, key))
		start, first := int(offset%64), int(cut)%(len(payload)+1)
		blank := bytes.Repeat([]byte{canary}, start+len(payload)+64)
		copy(blank[start:], payload)
		want := bytes.Clone(blank)
		naiveMask(want[start:start+len(payload)], k, pos&3)

		frame.EachPath(func(path string) {
			got := bytes.Clone(blank)
			masked := got[start : start+len(payload)]
			next := frame.Mask(masked, k, pos)
			if !bytes.Equal(got, want) || next != (pos+len(payload))&3 {
				t.Fatalf("%s: % X, %d; want % X", path, got, next, want)
			}
			next = frame.Mask(masked[:first], k, pos)
			next = frame.Mask(masked[first:], k, next)
			if !bytes.Equal(got, blank) || next != (pos+len(payload))&3 {
				t.Fatalf("%s: masked again in pieces of %d and %d bytes: % X, %d; want % X", path, first, len(payload)-first, got, next, blank)
			}
		})
	})
}

// FuzzClosePayload (FZ12): a payload is accepted if and only if the rules of
// RFC 6455 sections 5.5.1 and 7.4 say so, and is then written as it was.
func FuzzClosePayload(f *testing.F) {
	for _, c := range vectors[closeCase](f, "close.json") {
		f.Add([]byte(c.Payload))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		if len(payload) > frame.MaxControlPayload {
			return // the Checker has refused the frame
		}
		want := frame.CloseCode(0) // to close with
		switch {
		case len(payload) == 0:
		case len(payload) == 1, !lawfulCode(int(payload[0])<<8 | int(payload[1])):
			want = frame.ProtocolError
		case !utf8.Valid(payload[2:]):
			want = frame.InvalidFramePayloadData
		}
		code, reason, err := frame.ParseClose(payload)
		if want == 0 {
			if err != nil || !bytes.Equal(frame.AppendClose(nil, code, reason), payload) {
				t.Fatalf("% X: %v, %q, %v", payload, code, reason, err)
			}
			return
		}
		var e *frame.Error
		if !errors.As(err, &e) || e.Code != want {
			t.Fatalf("% X: %v, want %v", payload, err, want)
		}
	})
}
