package conn_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/frame"
)

// receivedCloses are the payloads of close frames, RFC 6455 sections 5.5.1 and
// 7.4. refused is the code that answers it, or 0 if it is echoed.
var receivedCloses = []struct {
	name, payload string
	refused       frame.CloseCode
}{
	{"no payload", "", 0},
	{"one byte", "\x03", 1002},
	{"code 0", "\x00\x00", 1002},
	{"code 999", "\x03\xe7", 1002},
	{"code 1000", "\x03\xe8", 0},
	{"code 1001", "\x03\xe9", 0},
	{"code 1002", "\x03\xea", 0},
	{"code 1003", "\x03\xeb", 0},
	{"code 1004", "\x03\xec", 1002},
	{"code 1005", "\x03\xed", 1002},
	{"code 1006", "\x03\xee", 1002},
	{"code 1007", "\x03\xef", 0},
	{"code 1008", "\x03\xf0", 0},
	{"code 1009", "\x03\xf1", 0},
	{"code 1010", "\x03\xf2", 0},
	{"code 1011", "\x03\xf3", 0},
	{"code 1012", "\x03\xf4", 0},
	{"code 1013", "\x03\xf5", 0},
	{"code 1014", "\x03\xf6", 0},
	{"code 1015", "\x03\xf7", 1002},
	{"code 1016", "\x03\xf8", 1002},
	{"code 2000", "\x07\xd0", 1002},
	{"code 2999", "\x0b\xb7", 1002},
	{"code 3000", "\x0b\xb8", 0},
	{"code 3999", "\x0f\x9f", 0},
	{"code 4000", "\x0f\xa0", 0},
	{"code 4999", "\x13\x87", 0},
	{"code 5000", "\x13\x88", 1002},
	{"code 65535", "\xff\xff", 1002},
	{"a reason", "\x03\xe8bye", 0},
	{"a reason of runes", "\x0f\xa0schön 😀", 0},
	{"a reason with a zero", "\x03\xe8\x00", 0},
	{"a reason of 123 bytes", "\x03\xe8" + strings.Repeat("x", 123), 0},
	{"a reason of 124 bytes", "\x03\xe8" + strings.Repeat("x", 124), 1002},
	{"reason FF", "\x03\xe8\xff", 1007},
	{"reason C0 80", "\x03\xe8\xc0\x80", 1007},
	{"reason ED A0 80", "\x03\xe8\xed\xa0\x80", 1007},
	{"a reason cut in a rune", "\x03\xe8ok\xe2\x82", 1007},
	{"a reason of 123 bytes cut in a rune", "\x03\xe8" + strings.Repeat("x", 122) + "\xc3", 1007},
	{"a bad code and a bad reason", "\x03\xed\xff", 1002},
}

// What the peer's close frame may say is echoed to the byte, and reported; what
// it may not is a breach.
func TestThePeersCloseIsEchoedOrRefusedK5Rows130And147And149(t *testing.T) {
	inEitherRole(t, func(t *testing.T, client bool) {
		for _, tc := range receivedCloses {
			for _, style := range readStyles {
				t.Run(tc.name+", "+style.name, func(t *testing.T) {
					for _, atATime := range []int{0, 1} {
						stream := &scripted{lines: lines(client, "\x81\x01a", asFrame(0x88, tc.payload)), atATime: atATime}
						c := newConn(t, stream, conn.Setup{Client: client}, nil)
						var arrived []string
						err := style.read(c, func(_ conn.Type, data []byte) { arrived = append(arrived, string(data)) })
						if !slices.Equal(arrived, []string{"a"}) {
							t.Errorf("%q arrives", arrived)
						}
						if tc.refused != 0 {
							expectFailed(t, c, err, tc.refused)
							expectVerdictAlone(t, client, stream.words(), tc.refused)
							continue
						}
						if got := sentFrames(t, client, stream.words()); !slices.Equal(got, []sentFrame{{0x88, tc.payload}}) {
							t.Errorf("the peer hears %q, want its close frame", got)
						}
						expectClosedByPeer(t, err, tc.payload)
						expectOver(t, c, err)
					}
				})
			}
		}
	})
}

// expectClosedByPeer checks that err tells of a closing handshake that the peer
// began with a close frame of that payload.
func expectClosedByPeer(t *testing.T, err error, payload string) {
	t.Helper()
	want := conn.CloseError{Remote: true, Clean: true, Code: frame.NoStatusReceived}
	if payload != "" {
		want.Code = frame.CloseCode(binary.BigEndian.Uint16([]byte(payload)))
		want.Reason = payload[2:]
	}
	end := closeError(t, err)
	want.LastRead = end.LastRead
	if *end != want || errors.Is(err, net.ErrClosed) {
		t.Errorf("ended by %+v, want %+v", end, want)
	}
}

// Whether the peer left in good order: then Messages ends without an error, and
// Serve and OnClose have none.
func TestAPeerThatLeavesInGoodOrderIsNoErrorK5(t *testing.T) {
	for _, tc := range receivedCloses {
		if tc.refused != 0 {
			continue
		}
		orderly := tc.name == "no payload" || strings.HasPrefix(tc.payload, "\x03\xe8") || strings.HasPrefix(tc.payload, "\x03\xe9")
		for _, client := range []bool{false, true} {
			name := fmt.Sprintf("%s, client %v", tc.name, client)
			said := lines(client, asFrame(0x88, tc.payload))
			c := newConn(t, &scripted{lines: said}, conn.Setup{Client: client}, nil)
			n := 0
			for _, err := range c.Messages(bg) {
				n++
				expectClosedByPeer(t, err, tc.payload)
			}
			if n > 0 == orderly {
				t.Errorf("%s: Messages yields %d errors", name, n)
			}
			c = newConn(t, &scripted{lines: said}, conn.Setup{Client: client}, nil)
			var told []error
			err := c.Serve(bg, conn.Handler{OnClose: func(_ *conn.Conn, err error) { told = append(told, err) }})
			if !slices.Equal(told, []error{err}) || (err == nil) != orderly {
				t.Errorf("%s: Serve returns %v, OnClose was told %v", name, err, told)
			}
		}
	}
}
