package fuzz_test

import (
	"errors"
	"io"
	"testing"

	"github.com/parleyws/parley/frame"
	"github.com/parleyws/parley/fuzz"
	"github.com/parleyws/parley/testdata"
	"github.com/parleyws/parley/utf8check"
)

func TestText(t *testing.T)   { fuzz.Text(t, utf8check.Valid) }
func TestClose(t *testing.T)  { fuzz.ClosePayloads(t, parseClose) }
func TestFrames(t *testing.T) { fuzz.Frames(t, decodeFrames) }

func parseClose(payload []byte) (int, string, error) {
	code, reason, err := frame.ParseClose(payload)
	return int(code), reason, withCode(err)
}

func decodeFrames(fromClient bool, extensions []int, wire []byte) (accepted []testdata.Frame, err error) {
	checker := frame.Checker{FromClient: fromClient}
	for _, bit := range extensions {
		checker.Extensions |= frame.RSV1 >> (bit - 1)
	}
	for len(wire) > 0 {
		h, n, err := frame.ParseHeader(wire)
		if err == io.ErrUnexpectedEOF {
			return accepted, nil
		}
		if err == nil {
			err = checker.Check(h)
		}
		if err != nil {
			return accepted, withCode(err)
		}
		payload := wire[n:]
		payload = payload[:min(h.Length, int64(len(payload)))]
		wire = wire[n+len(payload):]
		accepted = append(accepted, toTable(h, payload))
	}
	return accepted, nil
}

// toTable writes a frame as the tables do. It unmasks the payload in place.
func toTable(h frame.Header, payload []byte) testdata.Frame {
	f := testdata.Frame{Fin: h.Fin, Opcode: int(h.Opcode), Length: h.Length, Payload: payload}
	for bit := 1; bit <= 3; bit++ {
		if h.RSV&(frame.RSV1>>(bit-1)) != 0 {
			f.RSV = append(f.RSV, bit)
		}
	}
	if h.Masked {
		f.Key = h.Key[:]
		frame.Mask(payload, h.Key, 0)
	}
	return f
}

// withCode has the checks look at the close code that the codec's error knows.
func withCode(err error) error {
	if breach := (*frame.Error)(nil); errors.As(err, &breach) {
		return fuzz.WithCloseCode(err, int(breach.Code))
	}
	return err
}
