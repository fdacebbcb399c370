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

// FuzzMask (FZ11): Mask is the naive loop, its own inverse, and writes nothing
// outside its slice.
func FuzzMask(f *testing.F) {
	for _, c := range vectors[frameCase](f, "frames.json") {
		for _, a := range c.Accept {
			if len(a.Key) == 4 {
				f.Add([]byte(a.Payload), binary.BigEndian.Uint32(a.Key), 0, uint8(0))
			}
		}
	}
	f.Add(make([]byte, 300), uint32(0x01020304), 3, uint8(63))
	f.Fuzz(func(t *testing.T, payload []byte, key uint32, pos int, offset uint8) {
		k := frame.Key(binary.BigEndian.AppendUint32(nil, key))
		start := int(offset % 64)
		got := bytes.Repeat([]byte{canary}, start+len(payload)+64)
		masked := got[start : start+len(payload)]
		copy(masked, payload)
		want := bytes.Clone(got)
		naiveMask(want[start:start+len(payload)], k, pos&3)

		next := frame.Mask(masked, k, pos)
		if !bytes.Equal(got, want) || next != (pos+len(payload))&3 {
			t.Fatalf("% X, %d; want % X", got, next, want)
		}
		frame.Mask(masked, k, pos)
		if !bytes.Equal(masked, payload) {
			t.Fatalf("masked twice: % X, want % X", masked, payload)
		}
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
