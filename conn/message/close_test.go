package message_test

import (
	"fmt"
	"strings"

	"github.com/parleyws/parley/deflate"
)

// closeCases are about close frames, RFC 6455 sections 5.5.1 and 7.4.
func closeCases() []decoderCase {
	trusted := settings{skipUTF8: true}
	cases := []decoderCase{
		{name: "K5 no code, RFC 6455 7.1.5", row: "88 m00 K", want: []string{`close 1005 ""`}},
		{name: "K5 row 144 half a code, RFC 6455 5.5.1", row: "88 m01 K(03)", fail: "1002 RFC 6455 5.5.1"},
		{name: "K5 a code and a reason, RFC 6455 7.1.6", row: "88 m05 K(03e8627965)", want: []string{`close 1000 "bye"`}},
		{name: "K5 a reason of 123 bytes, RFC 6455 5.5", row: "88 m7d K(03e8 72*123)", want: []string{`close 1000 "` + strings.Repeat("r", 123) + `"`}},
		{name: "K5 row 149 reason FF, RFC 6455 8.1", row: "88 m03 K(03e8ff)", fail: "1007 RFC 6455 5.5.1"},
		{name: "K5 row 149 reason cut inside a rune, RFC 6455 8.1", row: "88 m05 K(03e841e282)", fail: "1007 RFC 6455 5.5.1"},
		{name: "K5 a code that is wrong, and a reason, RFC 6455 7.4", row: "88 m03 K(03ecff)", fail: "1002 RFC 6455 7.4"},
		{name: "K5 a close that is cut, RFC 6455 5.5.1", row: "88 m05 K(03e862)"},

		{name: "K6 row 131 a message after a close, RFC 6455 5.5.1", row: "88 m02 K(03e8) 81 m01 K(41)", want: []string{`close 1000 ""`}},
		{name: "K6 two closes, RFC 6455 5.5.1", row: "88 m02 K(03e8) 88 m02 K(03e9)", want: []string{`close 1000 ""`}},
		{name: "K6 a ping after a close, RFC 6455 5.5.1", row: "88 m00 K 89 m00 K", want: []string{`close 1005 ""`}},
		{name: "K6 rubbish after a close, RFC 6455 5.5.1", row: "88 m02 K(03e8) ff*1000", want: []string{`close 1000 ""`}},
		{name: "K6 a length with its top bit set after a close, RFC 6455 5.5.1", row: "88 m02 K(03e8) 82 m7f 8000000000000000 K", want: []string{`close 1000 ""`}},
		{name: "K6 a close inside a fragmented message, RFC 6455 5.4", row: "01 m01 K(41) 88 m02 K(03e8) 80 m01 K(42)", want: []string{`close 1000 ""`}, open: "A"},
		{name: "K6 a close inside a compressed message, RFC 6455 5.4", settings: settings{inflate: &deflate.Direction{}},
			row: "41 m08 K(000500faff414243) 88 m02 K(03e9) 80 m03 K(444500)", want: []string{`close 1001 ""`}, open: "ABC"},

		{name: "unchecked reason, RFC 6455 8.1", settings: trusted, row: "88 m03 K(03e8ff)", want: []string{`close 1000 "\xff"`}},
		{name: "unchecked reason after a code that is wrong, RFC 6455 7.4", settings: trusted, row: "88 m03 K(03ecff)", fail: "1002 RFC 6455 7.4"},
		{name: "a code that is wrong where reasons are not checked, RFC 6455 7.4", settings: trusted, row: "88 m02 K(03ec)", fail: "1002 RFC 6455 7.4"},
		{name: "half a code where reasons are not checked, RFC 6455 5.5.1", settings: trusted, row: "88 m01 K(03)", fail: "1002 RFC 6455 5.5.1"},
		{name: "a reason that is one where reasons are not checked, RFC 6455 7.1.6", settings: trusted, row: "88 m04 K(0bb8c3a9)", want: []string{`close 3000 "é"`}},
	}
	for _, code := range []uint16{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999} {
		cases = append(cases, decoderCase{
			name: fmt.Sprintf("K5 code %d, RFC 6455 7.4.1", code),
			row:  fmt.Sprintf("88 m02 K(%04x)", code),
			want: []string{fmt.Sprintf(`close %d ""`, code)},
		})
	}
	for _, code := range []uint16{0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535} {
		cases = append(cases, decoderCase{
			name: fmt.Sprintf("K5 row 147 code %d, RFC 6455 7.4.2", code),
			row:  fmt.Sprintf("88 m02 K(%04x)", code),
			fail: "1002 RFC 6455 7.4",
		})
	}
	return cases
}
