package fuzz_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/parleyws/parley/frame"
	"github.com/parleyws/parley/fuzz"
	"github.com/parleyws/parley/testdata"
)

// caught fails t unless the check has found the fault that was planted in a
// codec by the case of that name. go test -v shows all the cases that did.
func caught(t *testing.T, found []fuzz.Fault, by string) {
	t.Helper()
	var names []string
	for _, f := range found {
		names = append(names, f.Case)
		if f.Section == "" || f.Problem == "" {
			t.Errorf("%+v does not say what is wrong", f)
		}
	}
	if !slices.Contains(names, by) {
		t.Errorf("not caught by %q, but by %q", by, names)
	}
	t.Logf("caught by %d: %s", len(names), strings.Join(names, " | "))
}

// The codecs that the faults are planted in have none of their own.
func TestCodecsWithoutAFaultPass(t *testing.T) {
	for name, found := range map[string][]fuzz.Fault{
		"frames": fuzz.CheckFrames(looseDecoder{}.decode),
		"close":  fuzz.CheckClosePayloads(parseClose),
		"text":   fuzz.CheckText(looseValidator{}.valid),
	} {
		if found != nil {
			t.Errorf("%s: %v", name, found)
		}
	}
}

func TestAFaultInAFrameDecoderIsCaught(t *testing.T) {
	for _, tt := range []struct {
		fault string
		codec looseDecoder
		by    string
	}{
		{"takes lengths that are not in their shortest form, RFC 6455 5.2", looseDecoder{takeLongForms: true}, "length 5 in 16 bits from the client"},
		{"takes lengths with the top bit set, RFC 6455 5.2", looseDecoder{takeTopBit: true}, "length 2^63 from the server"},
		{"keeps a length in 32 bits, RFC 6455 5.2", looseDecoder{cutLengthTo32: true}, "length 2^32+5 from the client, five bytes of it"},
		{"knows no lengths over 125, RFC 6455 5.2", looseDecoder{shortLengths: true}, "example: 256 bytes of binary"},
		{"reads lengths backwards, RFC 6455 5.2", looseDecoder{littleEndian: true}, "length 126 from the server"},
		{"lets clients send unmasked, RFC 6455 5.1", looseDecoder{ignoreMaskOfClient: true}, "unmasked text from the client"},
		{"lets servers mask, RFC 6455 5.1", looseDecoder{ignoreMaskOfServer: true}, "masked text from the server"},
		{"does not unmask, RFC 6455 5.3", looseDecoder{keepMask: true}, "example: masked text"},
		{"drops FIN, RFC 6455 5.4", looseDecoder{dropFIN: true}, "message never finished"},
		{"gives continuations another opcode, RFC 6455 5.4", looseDecoder{nameContinuation: true}, "two fragmented messages"},
		{"drops reserved bits, RFC 7692 6", looseDecoder{dropRSV: true}, "RSV2 on binary, extension uses it"},
		{"takes any reserved bits, RFC 6455 5.2", looseDecoder{takeRSV: true}, "RSV1 on text from the server, no extension"},
		{"takes RSV1 on control frames, RFC 7692 6", looseDecoder{takeRSVOfControl: true}, "RSV1 on ping, extension uses it for messages"},
		{"takes RSV1 on continuations, RFC 7692 6", looseDecoder{takeRSVOfContinuation: true}, "RSV1 on a middle fragment"},
		{"takes reserved opcodes, RFC 6455 5.2", looseDecoder{takeReserved: true}, "reserved opcode 3 from the server"},
		{"takes long control frames, RFC 6455 5.5", looseDecoder{takeLongControl: true}, "ping of 126 bytes from the client"},
		{"takes fragmented control frames, RFC 6455 5.5", looseDecoder{takeFragmentedControl: true}, "fragmented close from the client"},
		{"takes a continuation of nothing, RFC 6455 5.4", looseDecoder{takeContinuationFirst: true}, "continuation first"},
		{"takes a message inside another, RFC 6455 5.4", looseDecoder{takeMessageInside: true}, "text inside fragmented text"},
		{"refuses control frames between fragments, RFC 6455 5.4", looseDecoder{refuseControlInside: true}, "control frames between fragments"},
		{"refuses empty frames, RFC 6455 5.2", looseDecoder{refuseEmpty: true}, "empty fragments only"},
		{"waits for the payload before it judges the length, RFC 6455 5.2", looseDecoder{waitForPayload: true}, "length 2^63 from the client"},
		{"panics at a header that is cut, RFC 6455 5.2", looseDecoder{panicAtCut: true}, "header cut after a whole frame"},
		{"loses a frame before a breach, RFC 6455 5.4", looseDecoder{forgetFrame: true}, "continuation after a whole message"},
		{"hands out a frame that it refuses, RFC 6455 5.2", looseDecoder{acceptFirst: true}, "reserved opcode 3 from the server"},
		{"closes with the wrong code, RFC 6455 7.4.1", looseDecoder{wrongCode: true}, "continuation first"},
	} {
		t.Run(tt.fault, func(t *testing.T) { caught(t, fuzz.CheckFrames(tt.codec.decode), tt.by) })
	}
}

func TestAFrameDecoderThatDoesNothingIsCaught(t *testing.T) {
	caught(t, fuzz.CheckFrames(func(bool, []int, []byte) ([]testdata.Frame, error) { return nil, nil }), "continuation first")
	caught(t, fuzz.CheckFrames(func(bool, []int, []byte) ([]testdata.Frame, error) { return nil, errors.New("no") }), "example: masked text")
}

func TestAFaultInACloseParserIsCaught(t *testing.T) {
	type parser = func([]byte) (int, string, error)
	// with returns our parser, but answers what the faulty one does.
	with := func(faulty func(p []byte) (code int, reason string, err error, ok bool)) parser {
		return func(p []byte) (int, string, error) {
			if code, reason, err, ok := faulty(p); ok {
				return code, reason, err
			}
			return parseClose(p)
		}
	}
	taking := func(code int) parser {
		return with(func(p []byte) (int, string, error, bool) {
			if len(p) >= 2 && int(p[0])<<8|int(p[1]) == code {
				return code, string(p[2:]), nil, true
			}
			return 0, "", nil, false
		})
	}
	for _, tt := range []struct {
		fault string
		parse parser
		by    string
	}{
		{"takes 1004, RFC 6455 7.4.1", taking(1004), "code 1004"},
		{"takes 1005, RFC 6455 7.4.1", taking(1005), "code 1005 with a reason"},
		{"takes 1006, RFC 6455 7.4.1", taking(1006), "code 1006"},
		{"takes 1015, RFC 6455 7.4.1", taking(1015), "code 1015"},
		{"takes 999, RFC 6455 7.4.2", taking(999), "code 999"},
		{"takes 5000, RFC 6455 7.4.2", taking(5000), "code 5000"},
		{"refuses the codes of applications, RFC 6455 7.4.2", with(func(p []byte) (int, string, error, bool) {
			return 0, "", errors.New("unknown"), len(p) >= 2 && p[0] >= 4000>>8
		}), "code 4999"},
		{"takes one byte for no code, RFC 6455 5.5.1", with(func(p []byte) (int, string, error, bool) {
			return 1005, "", nil, len(p) == 1
		}), "one byte, 03"},
		{"takes no code for 1000, RFC 6455 7.1.5", with(func(p []byte) (int, string, error, bool) {
			return 1000, "", nil, len(p) == 0
		}), "empty payload"},
		{"refuses no code, RFC 6455 7.1.5", with(func(p []byte) (int, string, error, bool) {
			return 0, "", errors.New("empty"), len(p) == 0
		}), "empty payload"},
		{"takes any reason, RFC 6455 5.5.1", with(func(p []byte) (int, string, error, bool) {
			if len(p) < 2 || utf8.Valid(p[2:]) {
				return 0, "", nil, false
			}
			return int(p[0])<<8 | int(p[1]), string(p[2:]), nil, true
		}), "reason of a surrogate"},
		{"cuts the reason at a NUL, RFC 6455 5.5.1", func(p []byte) (int, string, error) {
			code, reason, err := parseClose(p)
			reason, _, _ = strings.Cut(reason, "\x00")
			return code, reason, err
		}, "reason of a NUL"},
		{"refuses a reason that is not UTF-8 with 1002, RFC 6455 7.4.1", func(p []byte) (int, string, error) {
			code, reason, err := parseClose(p)
			if err != nil {
				err = fuzz.WithCloseCode(err, int(frame.ProtocolError))
			}
			return code, reason, err
		}, "reason of FF"},
		{"runs over the end of one byte, RFC 6455 5.5.1", with(func(p []byte) (int, string, error, bool) {
			return int(p[0]) + int(p[1]), "", nil, false
		}), "one byte, 00"},
	} {
		t.Run(tt.fault, func(t *testing.T) { caught(t, fuzz.CheckClosePayloads(tt.parse), tt.by) })
	}
}

func TestAFaultInATextValidatorIsCaught(t *testing.T) {
	for _, tt := range []struct {
		fault string
		valid func([]byte) bool
		by    string
	}{
		{"takes surrogates, RFC 3629 3", looseValidator{takeSurrogates: true}.valid, "surrogate U+DFFF"},
		{"takes overlong encodings, RFC 3629 3", looseValidator{takeOverlong: true}.valid, "overlong: U+0080 in three"},
		{"takes what is above U+10FFFF, RFC 3629 3", looseValidator{takeAboveRange: true}.valid, "above the range: U+13FFFF"},
		{"takes a text that ends inside a rune, RFC 3629 4", looseValidator{takeCutEnd: true}.valid, "EF rune cut after 2 of 3 bytes"},
		{"takes continuations alone, RFC 3629 4", looseValidator{takeContinuation: true}.valid, "lone continuation 86"},
		{"refuses NUL, RFC 3629 3", looseValidator{refuseNUL: true}.valid, "boundary U+0000"},
		{"refuses noncharacters, RFC 3629 3", looseValidator{refuseNonchars: true}.valid, "noncharacter U+FFFE"},
		{"refuses runes of four bytes, RFC 3629 3", looseValidator{refuseFourBytes: true}.valid, "boundary U+10000"},
		{"skips eight bytes if the first is ASCII, RFC 3629 4", looseValidator{asciiOnlyInEight: true}.valid, "7 ASCII, then a lone continuation, then ASCII"},
		{"takes everything, RFC 3629 4", func([]byte) bool { return true }, "byte FF"},
		{"refuses everything, RFC 3629 4", func([]byte) bool { return false }, "empty text"},
	} {
		t.Run(tt.fault, func(t *testing.T) { caught(t, fuzz.CheckText(tt.valid), tt.by) })
	}
}
