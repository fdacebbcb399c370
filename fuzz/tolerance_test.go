package fuzz_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/parleyws/parley/fuzz"
	"github.com/parleyws/parley/testdata"
)

// What a codec may do in its own way is no fault.
func TestALawfulCodecMayDiffer(t *testing.T) {
	for _, tt := range []struct {
		how    string
		differ func(accepted []testdata.Frame, err error) ([]testdata.Frame, error)
	}{
		{"tells no keys", func(accepted []testdata.Frame, err error) ([]testdata.Frame, error) {
			for i := range accepted {
				accepted[i].Key = nil
			}
			return accepted, err
		}},
		{"waits for whole frames", func(accepted []testdata.Frame, err error) ([]testdata.Frame, error) {
			if last := len(accepted) - 1; last >= 0 && accepted[last].Length > int64(len(accepted[last].Payload)) {
				accepted = accepted[:last]
			}
			return accepted, err
		}},
		{"wraps the end", func(accepted []testdata.Frame, err error) ([]testdata.Frame, error) {
			if err == nil {
				err = fmt.Errorf("read: %w", io.EOF)
			}
			return accepted, err
		}},
		{"knows no close codes", func(accepted []testdata.Frame, err error) ([]testdata.Frame, error) {
			if err != nil {
				err = errors.New(err.Error())
			}
			return accepted, err
		}},
		{"knows close codes of some errors only", func(accepted []testdata.Frame, err error) ([]testdata.Frame, error) {
			if err != nil {
				err = fuzz.WithCloseCode(err, 0)
			}
			return accepted, err
		}},
	} {
		t.Run(tt.how, func(t *testing.T) {
			for _, f := range fuzz.CheckFrames(func(fromClient bool, extensions []int, wire []byte) ([]testdata.Frame, error) {
				return tt.differ(decodeFrames(fromClient, extensions, wire))
			}) {
				t.Error(f)
			}
		})
	}
}

// A codec may leave out the frame that is cut, but no other, and must not take
// the end of the bytes for a judgement.
func TestNoMoreThanThatIsTolerated(t *testing.T) {
	caught(t, fuzz.CheckFrames(func(fromClient bool, extensions []int, wire []byte) ([]testdata.Frame, error) {
		accepted, err := decodeFrames(fromClient, extensions, wire)
		return accepted[:max(len(accepted)-1, 0)], err
	}), "header cut after a whole frame")
	caught(t, fuzz.CheckFrames(func(fromClient bool, extensions []int, wire []byte) ([]testdata.Frame, error) {
		accepted, err := decodeFrames(fromClient, extensions, wire)
		if err != nil {
			err = io.ErrUnexpectedEOF
		}
		return accepted, err
	}), "continuation first")
	caught(t, fuzz.CheckFrames(func(fromClient bool, extensions []int, wire []byte) ([]testdata.Frame, error) {
		accepted, err := decodeFrames(fromClient, extensions, wire)
		for i := range accepted {
			accepted[i].Key = testdata.Hex{1, 2, 3, 4}
		}
		return accepted, err
	}), "example: masked text")
}

func TestAnErrorKeepsItsCauseBesideTheCloseCode(t *testing.T) {
	err := fmt.Errorf("read: %w", fuzz.WithCloseCode(io.ErrNoProgress, 1002))
	var coder fuzz.CloseCoder
	if !errors.As(err, &coder) || coder.CloseCode() != 1002 {
		t.Errorf("%v has lost its code", err)
	}
	if !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("%v has lost its cause", err)
	}
}
