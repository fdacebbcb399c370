package message_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/parleyws/parley/deflate"
)

// textCases are about UTF-8, RFC 6455 section 8.1.
func textCases() []decoderCase {
	const notUTF8 = "1007 RFC 6455 8.1"
	agreed := settings{inflate: &deflate.Direction{}}
	trusted := settings{skipUTF8: true}
	return []decoderCase{
		{name: "K7 row 148 overlong C0 80, RFC 3629 3", row: "81 m02 K(c080)", fail: notUTF8},
		{name: "K7 surrogate ED A0 80, RFC 3629 3", row: "81 m03 K(eda080)", fail: notUTF8},
		{name: "K7 above U+10FFFF F4 90 80 80, RFC 3629 3", row: "81 m04 K(f4908080)", fail: notUTF8},
		{name: "K7 cut at the end, RFC 6455 8.1", row: "81 m03 K(78e282)", open: "x\xe2\x82", fail: notUTF8},
		{name: "K7 cut at the end of the last of two fragments, RFC 6455 8.1", row: "01 m02 K(78e2) 80 m01 K(82)", open: "x\xe2\x82", fail: notUTF8},
		{name: "K7 cut at the end, then an empty fragment, RFC 6455 8.1", row: "01 m02 K(78e2) 80 m00 K", open: "x\xe2", fail: notUTF8},
		{name: "K7 a rune across fragments, RFC 6455 5.6", row: "01 m01 K(e2) 00 m01 K(82) 80 m01 K(ac)", want: []string{`text "€"`}},
		{name: "K7 a rune across fragments and a ping, RFC 6455 5.6", row: "01 m01 K(e2) 89 m01 K(ff) 80 m02 K(82ac)", want: []string{`ping "\xff"`, `text "€"`}},
		{name: "K7 binary is not looked at, RFC 6455 5.6", row: "82 m04 K(c080eda0)", want: []string{`binary "\xc0\x80\xed\xa0"`}},
		{name: "K7 binary in fragments is not looked at, RFC 6455 5.6", row: "02 m01 K(ff) 80 m01 K(c0)", want: []string{`binary "\xff\xc0"`}},
		{name: "a text after another begins afresh, RFC 6455 8.1", row: "81 m02 K(c3a9) 81 m01 K(a9)", want: []string{`text "é"`}, fail: notUTF8},
		{name: "a text after binary begins afresh, RFC 6455 8.1", row: "82 m01 K(c3) 81 m01 K(a9)", want: []string{`binary "\xc3"`}, fail: notUTF8},

		{name: "K7 overlong C0 80 compressed, RFC 7692 7.2.2", settings: agreed, row: "c1 m08 K(000200fdffc08000)", fail: notUTF8},
		{name: "K7 cut at the end, compressed, RFC 7692 7.2.2", settings: agreed, row: "c1 m07 K(000100feffe200)", open: "\xe2", fail: notUTF8},
		{name: "K7 a rune across compressed fragments, RFC 7692 7.2.2", settings: agreed, row: "41 m06 K(000300fcffe2) 80 m03 K(82ac00)", want: []string{`text "€"`}},
		{name: "K7 a rune across blocks, RFC 7692 7.2.3.5", settings: agreed, row: "c1 m0e K(000100feffe2 000200fdff82ac 00)", want: []string{`text "€"`}},
		{name: "K7 binary compressed is not looked at, RFC 7692 7.2.2", settings: agreed, row: "c2 m08 K(000200fdffc08000)", want: []string{`binary "\xc0\x80"`}},

		{name: "G15 at the offending fragment, RFC 6455 8.1", row: "01 m02 K(4162) 00 m01 K(ff)", open: "Ab", fail: notUTF8},
		{name: "G15 at the offending fragment, compressed, RFC 6455 8.1", settings: agreed, row: "41 m07 K(000500faff4162) 00 m01 K(ff)", open: "Ab", fail: notUTF8},
		{name: "G15 at the byte that nothing can mend, RFC 6455 8.1", row: "01 m05 K(41f490)", open: "A\xf4", fail: notUTF8},
		{name: "G15 at the byte that nothing can mend, compressed, RFC 6455 8.1", settings: agreed, row: "41 m7e 1000 K(000500faff41f490)", open: "A\xf4", fail: notUTF8},

		{name: "unchecked text, RFC 6455 8.1", settings: trusted, row: "81 m02 K(c080)", want: []string{`text "\xc0\x80"`}},
		{name: "unchecked text that is cut, RFC 6455 8.1", settings: trusted, row: "01 m01 K(e2) 80 m00 K", want: []string{`text "\xe2"`}},
		{name: "unchecked compressed text, RFC 6455 8.1", settings: settings{skipUTF8: true, inflate: &deflate.Direction{}},
			row: "c1 m08 K(000200fdffc08000)", want: []string{`text "\xc0\x80"`}},
	}
}

// texts are what is cut below; each is judged by the standard library.
var texts = []string{
	"κόσμε", "€", "\U0010FFFF", "a\xf0\x9f\x98\x80b", "",
	"\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "ab\xe2\x82", "κόσμ\xce", "\xce\xbaκ\xedx", "x\x80y", "\xf0\x8f\xbf\xbf",
}

// deciding returns the index of the first byte that nothing after it can mend,
// or -1: where no text that begins so is UTF-8. It tries all the ends that a
// rune may need, for the answer must not come from the code under test.
func deciding(text string) int {
	ends := []string{"", "\x80", "\x90", "\xbf", "\x9f", "\xa0", "\x8f"}
	valid := 0 // bytes of whole runes, which need no thought
	for r, n := utf8.DecodeRuneInString(text); n > 1 || n == 1 && r != utf8.RuneError; r, n = utf8.DecodeRuneInString(text[valid:]) {
		valid += n
	}
	for i := valid; i < len(text); i++ {
		if !slices.ContainsFunc(ends, func(end string) bool {
			return slices.ContainsFunc([]string{"", "\x80", "\x80\x80"}, func(rest string) bool {
				return utf8.ValidString(text[valid:i+1] + end + rest)
			})
		}) {
			return i
		}
	}
	return -1
}

// K7, across fragments at every byte.
func TestTextIsJudgedWhereverItsFragmentsAreCutK7(t *testing.T) {
	for _, text := range texts {
		for i := range len(text) + 1 {
			row := fmt.Sprintf("01 m%02x K(%x) 89 m00 K 80 m%02x K(%x)", i, text[:i], len(text)-i, text[i:])
			t.Run(fmt.Sprintf("%q cut after %d bytes", text, i), func(t *testing.T) {
				judgesText(t, settings{}, row, text)
			})
			n := len(text)
			deflated := fmt.Sprintf("00%s%s%x00", swapped(n), swapped(^n&0xFFFF), text)
			row = fmt.Sprintf("41 m%02x K(%s) 89 m00 K 80 m%02x K(%s)", i+5, deflated[:2*(i+5)], n-i+1, deflated[2*(i+5):])
			t.Run(fmt.Sprintf("%q compressed and cut after %d bytes", text, i), func(t *testing.T) {
				judgesText(t, settings{inflate: &deflate.Direction{}}, row, text)
			})
		}
	}
}

func judgesText(t *testing.T, s settings, row, text string) {
	t.Helper()
	for _, fromClient := range []bool{true, false} {
		sent := wire(t, fromClient, row)
		for _, n := range []int{1, len(sent)} {
			got := decode(t, s.decoder(fromClient), chunks(sent, n))
			got.arrived = slices.DeleteFunc(got.arrived, func(s string) bool { return strings.HasPrefix(s, "ping") })
			want := outcome{arrived: []string{show(1, []byte(text))}}
			if !utf8.ValidString(text) {
				want = outcome{open: got.open, fail: "1007 RFC 6455 8.1"}
			}
			if diff := difference(want, got); diff != "" {
				t.Errorf("% x in pieces of %d: %s", sent, n, diff)
			}
		}
	}
}

// G15: a peer that sends what is no text is told so at once, not when it has
// sent a megabyte of it, or never ends the message.
func TestTextFailsAtTheByteThatNothingCanMendG15Row148(t *testing.T) {
	for _, text := range texts {
		at := deciding(text)
		rows := map[string]string{
			// The frame is longer than what comes, and not the last.
			"plain":      fmt.Sprintf("01 m7e 1000 K(%x)", text),
			"compressed": fmt.Sprintf("41 m7e 1000 K(00 0010 ffef %x)", text),
		}
		for kind, row := range rows {
			t.Run(fmt.Sprintf("%q %s", text, kind), func(t *testing.T) {
				sent := wire(t, true, row)
				d := settings{inflate: &deflate.Direction{}}.decoder(true)
				for i := range sent {
					err := feed(d, sent[i:i+1])
					judged := i - (len(sent) - len(text)) // the index in the text
					switch {
					case err == nil && at >= 0 && judged == at:
						t.Fatalf("not refused at byte %d", at)
					case err != nil && judged != at:
						t.Fatalf("%v at byte %d, want it at %d", err, judged, at)
					case err != nil:
						if got := verdict(t, err); got != "1007 RFC 6455 8.1" {
							t.Fatal(got)
						}
						return
					}
				}
			})
		}
	}
}
