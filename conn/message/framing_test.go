package message_test

import (
	"fmt"
	"strings"

	"github.com/parleyws/parley/deflate"
)

// framingCases are about single frames and their order, RFC 6455 sections 5.2
// to 5.5.
func framingCases() []decoderCase {
	agreed := settings{inflate: &deflate.Direction{ContextTakeover: true}}
	cases := []decoderCase{
		{name: "nothing, RFC 6455 5.2", row: ""},
		{name: "one text, RFC 6455 5.7", row: "81 m05 K(48656c6c6f)", want: []string{`text "Hello"`}},
		{name: "a text in two fragments, RFC 6455 5.7", row: "01 m03 K(48656c) 80 m02 K(6c6f)", want: []string{`text "Hello"`}},
		{name: "256 bytes, RFC 6455 5.7", row: "82 m7e 0100 K(5a*256)",
			want: []string{"binary of 256 bytes, sum 534c7266"}},
		{name: "64 KiB, RFC 6455 5.7", row: "82 m7f 0000000000010000 K(5a*65536)",
			want: []string{"binary of 65536 bytes, sum f489848e"}},
		{name: "empty messages, RFC 6455 5.6", row: "81 m00 K 82 m00 K", want: []string{`text ""`, `binary ""`}},
		{name: "a message of empty fragments, row 156, RFC 6455 5.4", row: "02 m00 K 00 m00 K 80 m00 K", want: []string{`binary ""`}},
		{name: "empty fragments around one that is not, row 156, RFC 6455 5.4", row: "02 m00 K 00 m01 K(41) 80 m00 K", want: []string{`binary "A"`}},
		{name: "messages of both types one after another, RFC 6455 5.6", row: "81 m01 K(61) 02 m01 K(62) 80 m01 K(63) 81 m01 K(64)",
			want: []string{`text "a"`, `binary "bc"`, `text "d"`}},

		{name: "a header that is cut, RFC 6455 5.2", row: "82"},
		{name: "a length that is cut, RFC 6455 5.2", row: "82 m7e 01"},
		{name: "a payload that is cut, RFC 6455 5.2", row: "82 m05 K(4865)", open: "He"},
		{name: "a message that is cut between frames, RFC 6455 5.4", row: "01 m02 K(4865)", open: "He"},
		{name: "a message that is cut in a later header, RFC 6455 5.4", row: "01 m02 K(4865) 80", open: "He"},
		{name: "a ping that is cut, RFC 6455 5.5", row: "89 m05 K(4865)"},

		{name: "row 139 RSV2, RFC 6455 5.2", row: "a2 m00 K", fail: "1002 RFC 6455 5.2"},
		{name: "row 139 RSV3, RFC 6455 5.2", row: "92 m00 K", fail: "1002 RFC 6455 5.2"},
		{name: "row 139 RSV2 with compression, RFC 6455 5.2", settings: agreed, row: "a2 m00 K", fail: "1002 RFC 6455 5.2"},
		{name: "row 139 RSV3 with compression and RSV1, RFC 6455 5.2", settings: agreed, row: "d2 m00 K", fail: "1002 RFC 6455 5.2"},
		{name: "Z9 row 140 RSV1 without compression, RFC 6455 5.2", row: "c1 m07 K(f248cdc9c90700)", fail: "1002 RFC 6455 5.2"},
		{name: "Z9 RSV2 on a text, RFC 6455 5.2", row: "a1 m00 K", fail: "1002 RFC 6455 5.2"},
		{name: "Z9 RSV3 on a text, RFC 6455 5.2", row: "91 m00 K", fail: "1002 RFC 6455 5.2"},
		{name: "Z9 RSV1 on the last continuation, RFC 7692 6.1", settings: agreed, row: "01 m01 K(41) c0 m01 K(42)",
			open: "A", fail: "1002 RFC 6455 5.2"},
		{name: "Z9 RSV1 on a continuation of a compressed message, RFC 7692 6.1", settings: agreed, row: "41 m03 K(f248cd) 40 m04 K(c9c90700)",
			open: "He", fail: "1002 RFC 6455 5.2"},
		{name: "Z9 RSV1 on a close, RFC 7692 6.1", settings: agreed, row: "c8 m00 K", fail: "1002 RFC 6455 5.2"},
		{name: "Z9 RSV1 on a ping, RFC 7692 6.1", settings: agreed, row: "c9 m00 K", fail: "1002 RFC 6455 5.2"},
		{name: "Z9 RSV1 on a pong, RFC 7692 6.1", settings: agreed, row: "ca m00 K", fail: "1002 RFC 6455 5.2"},

		{name: "row 142 a continuation of nothing, RFC 6455 5.4", row: "80 m01 K(41)", fail: "1002 RFC 6455 5.4"},
		{name: "row 142 a continuation after a whole message, RFC 6455 5.4", row: "81 m01 K(41) 80 m01 K(42)",
			want: []string{`text "A"`}, fail: "1002 RFC 6455 5.4"},
		{name: "row 142 a message inside a message, RFC 6455 5.4", row: "01 m01 K(41) 81 m01 K(42)", open: "A", fail: "1002 RFC 6455 5.4"},
		{name: "row 145 no mask from a client, RFC 6455 5.1", only: "client", row: "81 05 48656c6c6f", fail: "1002 RFC 6455 5.1"},
		{name: "row 145 no mask on a ping from a client, RFC 6455 5.1", only: "client", row: "89 00", fail: "1002 RFC 6455 5.1"},
		{name: "row 146 a mask from a server, RFC 6455 5.1", only: "server", row: "81 85 37fa213d 7f9f4d5158", fail: "1002 RFC 6455 5.1"},
		{name: "row 146 a mask on a close from a server, RFC 6455 5.1", only: "server", row: "88 80 37fa213d", fail: "1002 RFC 6455 5.1"},

		{name: "K1 ping of 0 bytes, RFC 6455 5.5.2", row: "89 m00 K", want: []string{`ping ""`}},
		{name: "K1 ping of 1 byte, RFC 6455 5.5.2", row: "89 m01 K(ff)", want: []string{`ping "\xff"`}},
		{name: "K1 ping of 125 bytes, RFC 6455 5.5.2", row: "89 m7d K(70*125)", want: []string{`ping "` + strings.Repeat("p", 125) + `"`}},
		{name: "K1 pong that nobody asked for, RFC 6455 5.5.3", row: "8a m7d K(70*125)", want: []string{`pong "` + strings.Repeat("p", 125) + `"`}},
		{name: "K1 row 144 ping of 126 bytes, RFC 6455 5.5", row: "89 m7e 007e K(70*126)", fail: "1002 RFC 6455 5.5"},
		{name: "K1 row 144 pong of 126 bytes, RFC 6455 5.5", row: "8a m7e 007e K(70*126)", fail: "1002 RFC 6455 5.5"},
		{name: "K1 row 144 close of 126 bytes, RFC 6455 5.5", row: "88 m7e 007e K(03e870*124)", fail: "1002 RFC 6455 5.5"},
		{name: "K1 row 143 ping in fragments, RFC 6455 5.5", row: "09 m00 K", fail: "1002 RFC 6455 5.5"},
		{name: "K1 row 143 pong in fragments, RFC 6455 5.5", row: "0a m00 K", fail: "1002 RFC 6455 5.5"},
		{name: "K1 row 143 close in fragments, RFC 6455 5.5", row: "08 m00 K", fail: "1002 RFC 6455 5.5"},
		{name: "K1 ping with RSV1, RFC 6455 5.2", row: "c9 m00 K", fail: "1002 RFC 6455 5.2"},
		{name: "K1 ping with RSV2, RFC 6455 5.2", row: "a9 m00 K", fail: "1002 RFC 6455 5.2"},
		{name: "K1 pong with RSV3, RFC 6455 5.2", row: "9a m00 K", fail: "1002 RFC 6455 5.2"},

		{name: "F7 row 157 control frames between fragments, RFC 6455 5.4",
			row:  "01 m01 K(61) 89 m01 K(31) 00 m01 K(62) 8a m01 K(32) 89 m00 K 80 m01 K(63)",
			want: []string{`ping "1"`, `pong "2"`, `ping ""`, `text "abc"`}},
		{name: "F7 row 157 control frames between compressed fragments, RFC 7692 6.1", settings: agreed,
			row:  "41 m03 K(f248cd) 89 m01 K(31) 00 m00 K 8a m00 K 80 m04 K(c9c90700)",
			want: []string{`ping "1"`, `pong ""`, `text "Hello"`}},
		{name: "F7 a ping does not end the message before it, RFC 6455 5.4", row: "02 m01 K(41) 89 m00 K 82 m01 K(42)",
			want: []string{`ping ""`}, open: "A", fail: "1002 RFC 6455 5.4"},
	}
	for _, opcode := range []int{3, 4, 5, 6, 7, 0xB, 0xC, 0xD, 0xE, 0xF} {
		cases = append(cases, decoderCase{
			name: fmt.Sprintf("K1 row 141 opcode %d, RFC 6455 5.2", opcode),
			row:  fmt.Sprintf("%02x m00 K", 0x80|opcode),
			fail: "1002 RFC 6455 5.2",
		})
	}
	return cases
}
