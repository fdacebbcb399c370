package interop

import (
	"fmt"
	"strings"
	"testing"
)

func TestACloseFromTheClientIsEchoed(t *testing.T) { // RFC 6455 5.5.1
	needNode(t)
	s := serve(t)
	cases := []struct {
		code   int
		reason string
	}{
		{1000, ""},
		{1000, "bye"},
		{3001, "κόσμε"},
		{4999, strings.Repeat("r", 123)},
	}
	for _, c := range cases {
		for _, library := range both {
			t.Run(fmt.Sprintf("%s/%d with %d bytes", library, c.code, len(c.reason)), func(t *testing.T) {
				var end ending
				library.does(t, s.ws("/echo"), "closes", options{"code": c.code, "reason": c.reason}, &end)
				if end.Code != c.code || !end.WasClean {
					t.Errorf("closed with %+v, want %d, clean", end, c.code)
				}
			})
		}
	}
}

func TestABreachIsAnsweredWithItsCloseCode(t *testing.T) {
	needNode(t)
	s := serve(t)
	cases := []struct {
		name    string
		hex     string // masked with the key 00000000 where masked
		code    int
		section string
	}{
		{"an unmasked frame", "810141", 1002, "RFC 6455 5.1"},
		{"RSV1 without an extension", "c18100000000" + "41", 1002, "RFC 6455 5.2"},
		{"RSV2", "a18100000000" + "41", 1002, "RFC 6455 5.2"},
		{"a reserved opcode", "838000000000", 1002, "RFC 6455 5.2"},
		{"a length not in its shortest form", "82fe000500000000" + "0000000000", 1002, "RFC 6455 5.2"},
		{"a length with its top bit set", "82ff800000000000000000000000", 1002, "RFC 6455 5.2"},
		{"a continuation of nothing", "808000000000", 1002, "RFC 6455 5.4"},
		{"a message inside a message", "018100000000" + "41" + "818100000000" + "42", 1002, "RFC 6455 5.4"},
		{"a fragmented ping", "098000000000", 1002, "RFC 6455 5.5"},
		{"a ping of 126 bytes", "89fe007e00000000", 1002, "RFC 6455 5.5"},
		{"a close of one byte", "888100000000" + "03", 1002, "RFC 6455 5.5.1"},
		{"close code 1005", "888200000000" + "03ed", 1002, "RFC 6455 7.4.1"},
		{"text that is not UTF-8", "818200000000" + "c328", 1007, "RFC 6455 8.1"},
		{"text that no more bytes can mend", "018300000000" + "f49080", 1007, "RFC 6455 8.1"},
		{"a reason that is not UTF-8", "888400000000" + "03e8c328", 1007, "RFC 6455 5.5.1"},
		{"a message of 1 MiB and a byte, from its header", "82ff000000000010000100000000", 1009, "RFC 6455 7.4.1"},
		{"a fragment that brings the sum over", "028100000000" + "41" + "80ff000000000010000000000000", 1009, "RFC 6455 7.4.1"},
		{"a fragment that would overflow the sum", "028100000000" + "41" + "80ff7fffffffffffffff00000000", 1009, "RFC 6455 7.4.1"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var end ending
			ws.does(t, s.ws("/echo"), "raw", options{"hex": c.hex}, &end)
			if end.Code != c.code {
				t.Errorf("%s closed with %d %q, want %d, %s", c.hex, end.Code, end.Reason, c.code, c.section)
			}
			s.healthy()
		})
	}
}

func TestAMessageOverTheLimitIsRefused(t *testing.T) { // RFC 6455 7.4.1, code 1009
	needNode(t)
	s := serve(t, "-max-message", "1000", "-deflate")
	for _, library := range both {
		for _, compressed := range []bool{false, true} {
			if library == undici && !compressed {
				continue // it always offers permessage-deflate
			}
			t.Run(fmt.Sprintf("%s/compressed %v", library, compressed), func(t *testing.T) {
				with := options{"size": 1001}
				if compressed {
					with["deflate"] = options{}
				}
				var end ending
				library.does(t, s.ws("/echo"), "tooBig", with, &end)
				if end.Code != 1009 {
					t.Errorf("closed with %+v, want 1009", end)
				}
			})
		}
	}
}

func TestAServerThatEndsSaysGoingAway(t *testing.T) { // RFC 6455 7.4.1, code 1001
	needNode(t)
	s := serve(t)
	var clients []*client
	for _, library := range both {
		for _, path := range []string{"/echo", "/chat", "/broadcast"} {
			c := library.start(t, s.ws(path), "waits", nil)
			c.awaitOpen()
			clients = append(clients, c)
		}
	}
	if err := s.stop(); err != nil {
		t.Errorf("wsserve ended with %v, want status 0\n%s", err, &s.log)
	}
	for _, c := range clients {
		var end ending
		c.finish(&end)
		if end.Code != 1001 || !end.WasClean {
			t.Errorf("%s: closed with %+v, want 1001, clean", c.command, end)
		}
	}
}
