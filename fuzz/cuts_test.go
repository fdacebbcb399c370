package fuzz_test

import (
	"bytes"
	"io"
	"testing"
	"testing/iotest"

	"github.com/parleyws/parley/frame"
	"github.com/parleyws/parley/fuzz"
	"github.com/parleyws/parley/testdata"
	"github.com/parleyws/parley/utf8check"
)

func TestTextThatComesByteByByte(t *testing.T) {
	fuzz.Text(t, func(text []byte) bool {
		var v utf8check.Validator
		for i := range text {
			v.Feed(text[i : i+1])
		}
		return v.Complete()
	})
}

func TestFramesThatComeByteByByte(t *testing.T) {
	fuzz.Frames(t, func(fromClient bool, extensions []int, wire []byte) ([]testdata.Frame, error) {
		return readFrames(fromClient, extensions, iotest.OneByteReader(bytes.NewReader(wire)))
	})
}

// readFrames reads with a frame.Reader, which lets payloads be read in pieces.
func readFrames(fromClient bool, extensions []int, stream io.Reader) (accepted []testdata.Frame, err error) {
	checker := frame.Checker{FromClient: fromClient}
	for _, bit := range extensions {
		checker.Extensions |= frame.RSV1 >> (bit - 1)
	}
	r := frame.NewReader(stream)
	for {
		h, err := r.Next()
		if err == nil {
			err = checker.Check(h)
		}
		if err != nil {
			return accepted, withCode(err)
		}
		payload, err := io.ReadAll(r)
		f := toTable(h, nil)
		f.Payload = payload // the Reader has unmasked it
		accepted = append(accepted, f)
		if err != nil {
			return accepted, err
		}
	}
}
