package frame_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/parleyws/parley/frame"
)

func TestK5ClosePayloads(t *testing.T) {
	for _, c := range vectors[closeCase](t, "close.json") {
		t.Run(c.Name, func(t *testing.T) {
			code, reason, err := frame.ParseClose(c.Payload)
			if c.Error == nil {
				if err != nil || code != c.Code || reason != c.Reason {
					t.Fatalf("%s: %v, %q, %v; want %v, %q", c.Section, code, reason, err, c.Code, c.Reason)
				}
				if got := frame.AppendClose(nil, c.Code, c.Reason); !bytes.Equal(got, c.Payload) {
					t.Errorf("%s: AppendClose gives % X, want % X", c.Section, got, c.Payload)
				}
				return
			}
			var e *frame.Error
			if !errors.As(err, &e) || e.Code != c.Error.Code || e.Section != c.Error.Section {
				t.Errorf("%s: %v, want %+v", c.Section, err, *c.Error)
			}
			if code != 0 || reason != "" {
				t.Errorf("%s: %v, %q beside the error", c.Section, code, reason)
			}
		})
	}
}

// lawfulCode is RFC 6455 section 7.4.2 and the IANA registry as a list.
func lawfulCode(c int) bool {
	switch c {
	case 1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014:
		return true
	}
	return c/1000 == 3 || c/1000 == 4
}

func TestEveryCloseCodeIsJudged(t *testing.T) {
	for n := range 1 << 16 {
		c := frame.CloseCode(n)
		if c.OnWire() != lawfulCode(n) {
			t.Errorf("%v may stand in a close frame: %v", c, c.OnWire())
		}
		_, _, err := frame.ParseClose([]byte{byte(n >> 8), byte(n)})
		if (err == nil) != lawfulCode(n) {
			t.Errorf("%v: %v", c, err)
		}
	}
}

func TestCloseCodesHaveTheNamesOfTheRegistry(t *testing.T) {
	for _, c := range []struct {
		code frame.CloseCode
		name string
	}{
		{frame.NormalClosure, "1000 normal closure"},
		{frame.GoingAway, "1001 going away"},
		{frame.ProtocolError, "1002 protocol error"},
		{frame.UnsupportedData, "1003 unsupported data"},
		{1004, "1004"},
		{frame.NoStatusReceived, "1005 no status received"},
		{frame.AbnormalClosure, "1006 abnormal closure"},
		{frame.InvalidFramePayloadData, "1007 invalid frame payload data"},
		{frame.PolicyViolation, "1008 policy violation"},
		{frame.MessageTooBig, "1009 message too big"},
		{frame.MandatoryExtension, "1010 mandatory extension"},
		{frame.InternalError, "1011 internal error"},
		{frame.ServiceRestart, "1012 service restart"},
		{frame.TryAgainLater, "1013 try again later"},
		{frame.BadGateway, "1014 bad gateway"},
		{frame.TLSHandshake, "1015 TLS handshake"},
		{0, "0"},
		{4000, "4000"},
		{65535, "65535"},
	} {
		if got := c.code.String(); got != c.name {
			t.Errorf("%q, want %q", got, c.name)
		}
	}
}

func TestALongReasonIsCutAtARune(t *testing.T) {
	for _, c := range []struct{ name, reason, want string }{
		{"as long as may be", strings.Repeat("a", 123), strings.Repeat("a", 123)},
		{"one byte too long", strings.Repeat("a", 124), strings.Repeat("a", 123)},
		{"ends at a rune of two", strings.Repeat("a", 122) + "é", strings.Repeat("a", 122)},
		{"ends at a rune of three", strings.Repeat("a", 121) + "€", strings.Repeat("a", 121)},
		{"ends inside a rune of three", strings.Repeat("a", 122) + "€", strings.Repeat("a", 122)},
		{"has one byte of a rune of four", strings.Repeat("a", 122) + "😀", strings.Repeat("a", 122)},
		{"has two bytes of a rune of four", strings.Repeat("a", 121) + "😀", strings.Repeat("a", 121)},
		{"has three bytes of a rune of four", strings.Repeat("a", 120) + "😀", strings.Repeat("a", 120)},
		{"has all of a rune of four", strings.Repeat("a", 119) + "😀b", strings.Repeat("a", 119) + "😀"},
		{"a rune begins where it ends", strings.Repeat("a", 123) + "😀", strings.Repeat("a", 123)},
	} {
		got := frame.AppendClose([]byte("before"), frame.GoingAway, c.reason)
		if want := "before\x03\xe9" + c.want; string(got) != want {
			t.Errorf("%s: %q, want %q", c.name, got, want)
		}
	}
}

// What cannot be cut well is still cut: a control frame has no more room.
func TestAReasonThatIsNoTextIsCutToo(t *testing.T) {
	got := frame.AppendClose(nil, frame.NormalClosure, strings.Repeat("\x80", 1000))
	if len(got) > frame.MaxControlPayload || len(got) < frame.MaxControlPayload-utf8.UTFMax {
		t.Errorf("%d bytes", len(got))
	}
}

func TestNoStatusMakesAnEmptyPayload(t *testing.T) {
	if got := frame.AppendClose(nil, frame.NoStatusReceived, "why"); len(got) != 0 {
		t.Errorf("% X (RFC 6455 7.1.5)", got)
	}
}

// AppendClose judges nothing, so that a tool can write what is unlawful.
func TestAppendCloseWritesUnlawfulCodes(t *testing.T) {
	for _, code := range []frame.CloseCode{0, 999, 1004, 1006, 1015, 5000, 65535} {
		want := binary.BigEndian.AppendUint16(nil, uint16(code))
		if got := frame.AppendClose(nil, code, ""); !bytes.Equal(got, want) {
			t.Errorf("%v: % X", code, got)
		}
	}
}

func TestAnyCodeAndTextComeBackFromAClosePayload(t *testing.T) {
	lawful := rapid.OneOf(rapid.Uint16Range(1000, 1014), rapid.Uint16Range(3000, 4999)).
		Filter(func(n uint16) bool { return lawfulCode(int(n)) })
	rapid.Check(t, func(t *rapid.T) {
		want := frame.CloseCode(lawful.Draw(t, "code"))
		text := rapid.String().Draw(t, "reason")
		payload := frame.AppendClose(nil, want, text)
		if len(payload) > frame.MaxControlPayload {
			t.Fatalf("%d bytes of payload", len(payload))
		}
		code, reason, err := frame.ParseClose(payload)
		if err != nil || code != want || !strings.HasPrefix(text, reason) {
			t.Fatalf("%v, %q, %v; want %v, %q", code, reason, err, want, text)
		}
		if lost := len(text) - len(reason); lost > 0 && len(reason) <= frame.MaxReason-utf8.UTFMax {
			t.Fatalf("%d bytes lost though there is room: %q", lost, reason)
		}
	})
}
