package message_test

import (
	"fmt"
	"math"
	"runtime"
	"testing"

	"github.com/parleyws/parley/deflate"
)

// lengthCases are about declared lengths, RFC 6455 section 5.2.
func lengthCases() []decoderCase {
	const tooBig = "1009 MaxMessage 1048576"
	none := settings{maxMessage: -1}
	largest := settings{maxMessage: math.MaxInt64}
	compressed := func(maxMessage int64) settings {
		return settings{maxMessage: maxMessage, inflate: &deflate.Direction{}}
	}
	cases := []decoderCase{
		{name: "L1 top bit on a ping, RFC 6455 5.2", row: "89 m7f 8000000000000000 K", fail: "1002 RFC 6455 5.2"},

		{name: "L2 row 151 2^63-1, RFC 6455 7.4.1", row: "82 m7f 7fffffffffffffff K", fail: tooBig},
		{name: "L2 row 151 2^53, RFC 6455 7.4.1", row: "82 m7f 0020000000000000 K", fail: tooBig},
		{name: "L2 2^40, RFC 6455 7.4.1", row: "82 m7f 0000010000000000 K", fail: tooBig},
		{name: "L2 L5 2^32, RFC 6455 7.4.1", row: "82 m7f 0000000100000000 K", fail: tooBig},
		{name: "L2 L5 2^32+5 is not 5, RFC 6455 7.4.1", row: "82 m7f 0000000100000005 K(48656c6c6f)", fail: tooBig},
		{name: "L2 2^31, RFC 6455 7.4.1", row: "82 m7f 0000000080000000 K", fail: tooBig},
		{name: "L2 2^63-1 of a text, RFC 6455 7.4.1", row: "81 m7f 7fffffffffffffff K(ff)", fail: tooBig},
		{name: "L2 2^63-1 compressed, RFC 6455 7.4.1", settings: compressed(0), row: "c2 m7f 7fffffffffffffff K", fail: tooBig},
		{name: "L7 2^63-1 without a limit waits, RFC 6455 5.2", settings: none, row: "82 m7f 7fffffffffffffff K(41)", open: "A"},
		{name: "L7 2^63-1 compressed without a limit waits, RFC 6455 5.2", settings: compressed(-1),
			row: "c2 m7f 7fffffffffffffff K(f248cd)", open: "He"},
		{name: "L7 2^63-1 at the limit waits, RFC 6455 5.2", settings: largest, row: "82 m7f 7fffffffffffffff K(41)", open: "A"},

		{name: "L3 2^63-1 after a byte, G21", row: "02 m01 K(41) 80 m7f 7fffffffffffffff K", open: "A", fail: tooBig},
		{name: "L3 2^63-1 after a byte of a larger limit, G21", settings: largest, row: "02 m01 K(41) 80 m7f 7fffffffffffffff K",
			open: "A", fail: "1009 MaxMessage 9223372036854775807"},
		{name: "L3 L7 2^63-1 after a byte without a limit waits, G21", settings: none,
			row: "02 m01 K(41) 80 m7f 7fffffffffffffff K(42)", open: "AB"},
		{name: "L3 L5 2^32 after a byte, G21", row: "02 m01 K(41) 80 m7f 0000000100000000 K", open: "A", fail: tooBig},
		{name: "L3 L5 2^32+1 after a byte without a limit is not 1, G21", settings: none,
			row: "02 m01 K(41) 80 m7f 0000000100000001 K(4243)", open: "ABC"},
		{name: "L3 L5 2^32+5 of a text is not 5, RFC 6455 5.2", settings: none,
			row: "81 m7f 0000000100000005 K(48656c6c6f6f)", open: "Helloo"},
		{name: "L3 2^63-1 compressed after a byte, G21", settings: compressed(math.MaxInt64),
			row: "42 m03 K(f248cd) 80 m7f 7fffffffffffffff K", open: "He", fail: "1009 MaxMessage 9223372036854775807"},
		{name: "the largest limit lets compressed messages in, G21", settings: compressed(math.MaxInt64),
			row: "c1 m07 K(f248cdc9c90700)", want: []string{`text "Hello"`}},
		{name: "almost the largest limit lets compressed messages in, G21", settings: compressed(math.MaxInt64 - 1),
			row: "c1 m07 K(f248cdc9c90700)", want: []string{`text "Hello"`}},

		{name: "L4 row 152 5 bytes in the form for 126, RFC 6455 5.2", row: "82 m7e 0005 K(48656c6c6f)", fail: "1002 RFC 6455 5.2"},
		{name: "L4 row 152 5 bytes in the form for 65536, RFC 6455 5.2", row: "82 m7f 0000000000000005 K(48656c6c6f)", fail: "1002 RFC 6455 5.2"},
		{name: "L4 row 152 125 bytes in the form for 126, RFC 6455 5.2", row: "82 m7e 007d K(41*125)", fail: "1002 RFC 6455 5.2"},
		{name: "L4 row 152 65535 bytes in the form for 65536, RFC 6455 5.2", row: "82 m7f 000000000000ffff K", fail: "1002 RFC 6455 5.2"},
		{name: "L4 row 152 ping of 5 bytes in the form for 126, RFC 6455 5.2", row: "89 m7e 0005 K(48656c6c6f)", fail: "1002 RFC 6455 5.2"},
		{name: "125 bytes in the shortest form, RFC 6455 5.2", row: "82 m7d K(41*125)", want: []string{show(2, repeat("A", 125))}},
		{name: "126 bytes in the shortest form, RFC 6455 5.2", row: "82 m7e 007e K(41*126)", want: []string{show(2, repeat("A", 126))}},
		{name: "65535 bytes in the shortest form, RFC 6455 5.2", row: "82 m7e ffff K(41*65535)", want: []string{show(2, repeat("A", 65535))}},
		{name: "65536 bytes in the shortest form, RFC 6455 5.2", row: "82 m7f 0000000000010000 K(41*65536)", want: []string{show(2, repeat("A", 65536))}},
	}
	for _, length := range topBitLengths {
		cases = append(cases,
			decoderCase{
				name: fmt.Sprintf("L1 row 151 length %s, RFC 6455 5.2", length),
				row:  fmt.Sprintf("82 m7f %s K", length),
				fail: "1002 RFC 6455 5.2",
			},
			decoderCase{
				name: fmt.Sprintf("L1 length %s and a byte of payload, RFC 6455 5.2", length),
				row:  fmt.Sprintf("82 m7f %s K(41)", length),
				fail: "1002 RFC 6455 5.2",
			},
			decoderCase{
				name:     fmt.Sprintf("L1 L7 length %s in a fragment without a limit, G21", length),
				settings: none,
				row:      fmt.Sprintf("02 m01 K(41) 80 m7f %s K(41)", length),
				open:     "A",
				fail:     "1002 RFC 6455 5.2",
			},
		)
	}
	return cases
}

// topBitLengths are the lengths of L1: 2^63 + {0, 1, 4, 13, 2^62} and 2^64 -
// {1 to 15}.
var topBitLengths = []string{
	"8000000000000000", "8000000000000001", "8000000000000004", "800000000000000d", "c000000000000000",
	"fffffffffffffff1", "fffffffffffffff2", "fffffffffffffff3", "fffffffffffffff4", "fffffffffffffff5",
	"fffffffffffffff6", "fffffffffffffff7", "fffffffffffffff8", "fffffffffffffff9", "fffffffffffffffa",
	"fffffffffffffffb", "fffffffffffffffc", "fffffffffffffffd", "fffffffffffffffe", "ffffffffffffffff",
}

func repeat(s string, n int) []byte {
	b := make([]byte, 0, n*len(s))
	for range n {
		b = append(b, s...)
	}
	return b
}

// A length is a promise; memory is for bytes that have come.
func TestDeclaredLengthsCostNoMemoryL1L2L3L7G21(t *testing.T) {
	for _, c := range lengthCases() {
		if len(c.row) > 100 {
			continue
		}
		for _, fromClient := range []bool{true, false} {
			sent := wire(t, fromClient, c.row)
			if len(sent) > 100 {
				continue
			}
			got := allocated(func() {
				d := c.decoder(fromClient)
				for range d.Feed(sent) {
				}
				d.Free()
			})
			most := uint64(4 << 10)
			if c.inflate != nil {
				most = 64 << 10 // what it takes to inflate anything
			}
			if got > most {
				t.Errorf("%s, client %v: %d bytes allocated", c.name, fromClient, got)
			}
		}
	}
}

// allocated returns how many bytes f allocates. Whatever else runs at the time
// is counted too, so it is for limits that are generous.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
