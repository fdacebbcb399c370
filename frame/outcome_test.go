package frame_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/parleyws/parley/frame"
)

// arrived is a frame that was accepted, with its payload as far as it came.
type arrived struct {
	Header  frame.Header
	Payload []byte
}

// outcome is all that an endpoint can tell of what the other one sent.
type outcome struct {
	Frames  []arrived
	Code    frame.CloseCode // of the breach, if there was one
	Section string
	Inside  bool // the bytes ended inside a frame
}

// want is the outcome that the table demands.
func (c frameCase) want() (o outcome) {
	for _, f := range c.Accept {
		o.Frames = append(o.Frames, arrived{f.header(), f.Payload.withZeros(f.Zeros)})
	}
	if c.Error != nil {
		o.Code, o.Section = c.Error.Code, c.Error.Section
	}
	o.Inside = c.Unfinished
	return o
}

// refuse notes a breach. Nothing but an *Error, without a cause, may come of
// what a peer sent.
func (o *outcome) refuse(t interface{ Fatalf(string, ...any) }, err error) {
	var e *frame.Error
	if !errors.As(err, &e) || e.Err != nil || !e.Code.OnWire() || len(e.Reason) == 0 || len(e.Reason) > frame.MaxReason {
		t.Fatalf("%#v is no breach", err)
		return
	}
	o.Code, o.Section = e.Code, e.Section
}

// readBytes reads what was sent from a slice: ParseHeader, Check, Mask.
func readBytes(t interface{ Fatalf(string, ...any) }, check frame.Checker, wire []byte) outcome {
	return readFrames(t, wire, func(wire []byte) (frame.Header, int, error) {
		h, n, err := frame.ParseHeader(wire)
		if err == nil {
			err = check.Check(h)
		}
		return h, n, err
	})
}

// readInPlace is readBytes with one header that serves for all frames.
func readInPlace(t interface{ Fatalf(string, ...any) }, check frame.Checker, wire []byte) outcome {
	var h frame.Header
	return readFrames(t, wire, func(wire []byte) (frame.Header, int, error) {
		n, err := h.Parse(wire)
		if err == nil {
			err = h.Check(&check)
		}
		return h, n, err
	})
}

// readFrames reads what was sent from a slice. next parses and judges the
// header at the start of one.
func readFrames(t interface{ Fatalf(string, ...any) }, wire []byte, next func([]byte) (frame.Header, int, error)) (o outcome) {
	for len(wire) > 0 {
		h, n, err := next(wire)
		if err == io.ErrUnexpectedEOF {
			o.Inside = true
			return o
		}
		if err != nil {
			o.refuse(t, err)
			return o
		}
		wire = wire[n:]
		here := min(h.Length, int64(len(wire)))
		payload := bytes.Clone(wire[:here])
		if h.Masked {
			frame.Mask(payload, h.Key, 0)
		}
		o.Frames = append(o.Frames, arrived{h, payload})
		wire = wire[here:]
		if here < h.Length {
			o.Inside = true
			return o
		}
	}
	return o
}

// readStream reads what was sent from a stream: Reader, Check. Each Read has
// room for at most the given number of bytes.
func readStream(t interface{ Fatalf(string, ...any) }, check frame.Checker, stream io.Reader, room int) (o outcome) {
	r := frame.NewReader(stream)
	p := make([]byte, room)
	for {
		h, err := r.Next()
		if err == nil {
			err = check.Check(h)
		}
		switch err {
		case nil:
		case io.EOF:
			return o
		case io.ErrUnexpectedEOF:
			o.Inside = true
			return o
		default:
			o.refuse(t, err)
			return o
		}
		payload := []byte{}
		for err == nil {
			var n int
			n, err = r.Read(p)
			payload = append(payload, p[:n]...)
		}
		o.Frames = append(o.Frames, arrived{h, payload})
		if err != io.EOF {
			o.Inside = true
			if err != io.ErrUnexpectedEOF {
				t.Fatalf("Read: %v", err)
			}
			return o
		}
	}
}

// same reports the difference between two outcomes.
func same(t *testing.T, what string, got, want outcome) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmp.Comparer(bytes.Equal)); diff != "" {
		t.Errorf("%s: -want +got\n%s", what, diff)
	}
}
