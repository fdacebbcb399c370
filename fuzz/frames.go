package fuzz

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/parleyws/parley/testdata"
)

// FrameDecoder is a frame codec as [CheckFrames] and [Frames] want it. wire is
// all that one endpoint sent from the beginning of a connection: a client if
// fromClient, and a server if not. extensions are the reserved bits, 1 to 3,
// that an extension uses on the first frame of a message; for permessage-deflate
// that is 1. Both slices are the decoder's own to keep or change.
//
// It returns the frames that it accepts, in order, until it refuses one. Of a
// [testdata.Frame], Payload alone may hold what has arrived, unmasked, and Key
// may be left out by a codec that does not tell it. A last frame that is cut has
// as much of its payload as there is, or is left out by a codec that waits for
// whole frames.
//
// err refuses what follows the accepted frames; see [CloseCoder] for the close
// code. At which byte of a bad frame the codec finds out does not matter. That
// wire ends is no refusal, inside a frame neither: err is nil, or is or wraps
// [io.EOF] or [io.ErrUnexpectedEOF].
type FrameDecoder func(fromClient bool, extensions []int, wire []byte) (accepted []testdata.Frame, err error)

// CheckFrames holds a frame codec to RFC 6455 section 5, with every case of
// frames.json: what the codec accepts, and also who masks, which bits and opcodes
// are free to use, and the order of fragments. A codec that parses and judges in
// two acts must do both. The faults are in the order of the table, nil if there
// are none.
func CheckFrames(decode FrameDecoder) []Fault {
	return faults(frameTrials(decode))
}

// Frames is [CheckFrames] as a test: each case is a subtest of t.
func Frames(t *testing.T, decode FrameDecoder) {
	t.Helper()
	subtests(t, frameTrials(decode))
}

func frameTrials(decode FrameDecoder) []trial {
	cases, err := testdata.Frames()
	return trials(cases, err, func(c testdata.FrameCase) trial {
		return trial{c.Name, c.Section, func() string { return judgeFrames(c, decode) }}
	})
}

func judgeFrames(c testdata.FrameCase, decode FrameDecoder) string {
	accepted, err := decode(c.From == testdata.FromClient, c.Extensions, c.Wire())
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	if problem := judgeRefusal(c.Error, err); problem != "" {
		return problem
	}
	want := c.Accept
	if waitsForWhole := len(accepted) == len(want)-1; waitsForWhole && endsInPayload(c) {
		want = want[:len(accepted)]
	}
	if len(accepted) != len(want) {
		return fmt.Sprintf("frames accepted: %d, but there are %d", len(accepted), len(want))
	}
	for i := range want {
		if problem := compareFrames(accepted[i], want[i]); problem != "" {
			return fmt.Sprintf("frame %d: %s", i+1, problem)
		}
	}
	return ""
}

// endsInPayload reports whether the last frame of c lacks some of its payload.
func endsInPayload(c testdata.FrameCase) bool {
	if len(c.Accept) == 0 {
		return false
	}
	last := c.Accept[len(c.Accept)-1]
	return int64(len(last.Arrived())) < last.Length
}

// compareFrames says in what got, of a codec, is not the frame that was sent.
func compareFrames(got, want testdata.Frame) string {
	const differs = "%s is %v, but must be %v"
	switch {
	case got.Fin != want.Fin:
		return fmt.Sprintf(differs, "FIN", got.Fin, want.Fin)
	case !slices.Equal(got.RSV, want.RSV):
		return fmt.Sprintf(differs, "list of reserved bits", got.RSV, want.RSV)
	case got.Opcode != want.Opcode:
		return fmt.Sprintf(differs, "opcode", got.Opcode, want.Opcode)
	case len(got.Key) > 0 && !bytes.Equal(got.Key, want.Key):
		return fmt.Sprintf("masking key is [% X], but must be [% X]", got.Key, want.Key)
	case got.Length != want.Length:
		return fmt.Sprintf(differs, "length", got.Length, want.Length)
	}
	return comparePayloads(got.Arrived(), want.Arrived())
}

func comparePayloads(got, want []byte) string {
	if len(got) != len(want) {
		return fmt.Sprintf("payload has %d bytes, but must have %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			return fmt.Sprintf("byte %d of the payload, unmasked, is %02X, but must be %02X", i, got[i], want[i])
		}
	}
	return ""
}
