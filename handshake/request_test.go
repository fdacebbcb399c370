package handshake

import (
	"bufio"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// browser is what a browser sends, but for the fields that do not matter here.
const browser = "GET /chat HTTP/1.1\r\n" +
	"Host: example.com\r\n" +
	"Connection: keep-alive, Upgrade\r\n" +
	"Upgrade: websocket\r\n" +
	"Origin: http://example.com\r\n" +
	"Sec-WebSocket-Version: 13\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
	"Sec-WebSocket-Protocol: chat, superchat\r\n" +
	"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n" +
	"\r\n"

// edit returns browser with one part of it replaced.
func edit(from, to string) string {
	if strings.Count(browser, from) != 1 {
		panic("the request has no single " + from)
	}
	return strings.Replace(browser, from, to, 1)
}

// readRequest parses a request as a server would.
func readRequest(t testing.TB, head string) *http.Request {
	t.Helper()
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(head)))
	if err != nil {
		t.Fatalf("%q: %v", head, err)
	}
	return r
}

const (
	keyField     = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	versionField = "Sec-WebSocket-Version: 13\r\n"
	originField  = "Origin: http://example.com\r\n"
	offerField   = "Sec-WebSocket-Protocol: chat, superchat\r\n"
	connection   = "Connection: keep-alive, Upgrade\r\n"
)

// refused are the requests that are no handshake, and those from elsewhere.
var refused = []struct {
	name    string // with the row of the behaviour table, or the id of the hostile test
	request string
	status  int
	header  http.Header // what must be in the answer beside the usual
	section string
}{
	{"row 40: POST", edit("GET", "POST"), 405, http.Header{"Allow": {"GET"}}, "RFC 6455 4.2.1"},
	{"row 40: HEAD", edit("GET", "HEAD"), 405, http.Header{"Allow": {"GET"}}, "RFC 6455 4.2.1"},
	{"row 40: method in lower case", edit("GET", "get"), 405, http.Header{"Allow": {"GET"}}, "RFC 6455 4.2.1"},
	{"row 40: CONNECT", edit("GET /chat", "CONNECT example.com:80"), 405, http.Header{"Allow": {"GET"}}, "RFC 6455 4.2.1"},
	{"row 41: no Upgrade", edit("Upgrade: websocket\r\n", ""), 426, http.Header{"Upgrade": {"websocket"}}, "RFC 6455 4.2.1"},
	{"row 41: another Upgrade", edit("Upgrade: websocket", "Upgrade: h2c"), 426, http.Header{"Upgrade": {"websocket"}}, "RFC 6455 4.2.1"},
	{"row 41, H5: websocketx", edit("Upgrade: websocket", "Upgrade: websocketx"), 426, http.Header{"Upgrade": {"websocket"}}, "RFC 6455 4.2.1"},
	{"row 42: no Connection", edit(connection, ""), 426, http.Header{"Upgrade": {"websocket"}}, "RFC 6455 4.2.1"},
	{"row 42: another Connection", edit("keep-alive, Upgrade", "keep-alive"), 426, http.Header{"Upgrade": {"websocket"}}, "RFC 6455 4.2.1"},
	{"row 42, H5: xUpgradex", edit("keep-alive, Upgrade", "xUpgradex"), 426, http.Header{"Upgrade": {"websocket"}}, "RFC 6455 4.2.1"},
	{"row 43, H5: HTTP/1.0", edit("HTTP/1.1", "HTTP/1.0"), 400, nil, "RFC 6455 4.2.1"},
	{"row 43: empty Host", edit("Host: example.com", "Host:"), 400, nil, "RFC 6455 4.2.1"},
	{"row 44, S2: Content-Length: 6 and a ping for a body", edit("\r\n\r\n", "\r\nContent-Length: 6\r\n\r\n\x89\x80\x00\x00\x00\x00"), 400, nil, "RFC 6455 4.2.1"},
	{"row 44, S2: chunked, a ping for a body", edit("\r\n\r\n", "\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n\x89\x80\x00\x00\x00\x00\r\n0\r\n\r\n"), 400, nil, "RFC 6455 4.2.1"},
	{"row 44, S2: chunked, empty", edit("\r\n\r\n", "\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400, nil, "RFC 6455 4.2.1"},
	{"row 45, H5: no key", edit(keyField, ""), 400, nil, "RFC 6455 4.2.1"},
	{"row 45, H5: abc", edit("dGhlIHNhbXBsZSBub25jZQ==", "abc"), 400, nil, "RFC 6455 4.2.1"},
	{"row 45, H5: 24 characters that are no base64", edit("dGhlIHNhbXBsZSBub25jZQ==", "????????????????????????"), 400, nil, "RFC 6455 4.2.1"},
	{"row 45, H5: 18 bytes", edit("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQAB"), 400, nil, "RFC 6455 4.2.1"},
	{"row 45: bits left in the last character", edit("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZR=="), 400, nil, "RFC 6455 4.2.1"},
	{"row 45, H5: the key twice", edit(keyField, keyField+keyField), 400, nil, "RFC 6455 4.2.1"},
	{"row 46, H5: no version", edit(versionField, ""), 400, http.Header{"Sec-Websocket-Version": {"13"}}, "RFC 6455 4.4"},
	{"row 46, H5: 12", edit("Version: 13", "Version: 12"), 426, http.Header{"Sec-Websocket-Version": {"13"}}, "RFC 6455 4.4"},
	{"row 46, H5: 8", edit("Version: 13", "Version: 8"), 426, http.Header{"Sec-Websocket-Version": {"13"}}, "RFC 6455 4.4"},
	{"row 46, H5: 13.0", edit("Version: 13", "Version: 13.0"), 426, http.Header{"Sec-Websocket-Version": {"13"}}, "RFC 6455 4.4"},
	{"row 46: 013", edit("Version: 13", "Version: 013"), 426, http.Header{"Sec-Websocket-Version": {"13"}}, "RFC 6455 4.4"},
	{"row 46: 0xd", edit("Version: 13", "Version: 0xd"), 426, http.Header{"Sec-Websocket-Version": {"13"}}, "RFC 6455 4.4"},
	{"row 46, H5: 13, 8", edit("Version: 13", "Version: 13, 8"), 426, http.Header{"Sec-Websocket-Version": {"13"}}, "RFC 6455 4.4"},
	{"row 46: 13 and 13", edit(versionField, versionField+versionField), 426, http.Header{"Sec-Websocket-Version": {"13"}}, "RFC 6455 4.4"},
	{"row 47: Hixie-76", edit(keyField+"Sec-WebSocket-Protocol: chat, superchat\r\n", "Sec-WebSocket-Key1: 4 @1  46546xW%0l 1 5\r\nSec-WebSocket-Key2: 12998 5 Y3 1  .P00\r\n"), 400, nil, "RFC 6455 4.2.1"},
	{"row 49: subprotocol twice", edit("chat, superchat", "chat, chat"), 400, nil, "RFC 6455 4.1"},
	{"row 49: subprotocol twice over lines", edit(offerField, offerField+"Sec-WebSocket-Protocol: chat\r\n"), 400, nil, "RFC 6455 4.1"},
	{"row 49: subprotocol that is not a token", edit("chat, superchat", "chat room"), 400, nil, "RFC 6455 4.1"},
	{"row 49: no subprotocol in the field", edit("chat, superchat", ","), 400, nil, "RFC 6455 4.1"},
	{"O1: good and evil", edit(originField, originField+"Origin: http://evil.example\r\n"), 400, nil, "RFC 6454 7.3"},
	{"O1: evil and good", edit(originField, "Origin: http://evil.example\r\n"+originField), 400, nil, "RFC 6454 7.3"},
	{"O1: another host", edit("http://example.com", "http://evil.example"), 403, nil, "RFC 6455 10.2"},
	{"O1: null", edit("http://example.com", "null"), 403, nil, "RFC 6455 10.2"},
}

// judge is what a server does with a request.
func judge(r *http.Request) (Request, error) {
	req, err := ParseRequest(r)
	if err != nil {
		return req, err
	}
	return req, SameOrigin(r)
}

func TestARequestThatIsNoHandshakeIsRefused(t *testing.T) {
	for _, c := range refused {
		t.Run(c.name, func(t *testing.T) {
			_, err := judge(readRequest(t, c.request))
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("error %v of %q", err, c.request)
			}
			if e.Status != c.status || e.Section != c.section {
				t.Errorf("%v; want status %d, %s", e, c.status, c.section)
			}
			if diff := cmp.Diff(c.header, e.Header); diff != "" {
				t.Errorf("header: %s", diff)
			}
			if !strings.HasPrefix(e.Error(), "websocket: ") || e.Reason == "" {
				t.Errorf("says %q", e)
			}
		})
	}
}

func TestARefusalLeavesNothingOfTheRequest(t *testing.T) {
	for _, c := range refused {
		req, err := ParseRequest(readRequest(t, c.request))
		if err != nil && !cmp.Equal(req, Request{}) {
			t.Errorf("%s: %+v beside %v", c.name, req, err)
		}
	}
}

func TestARequestThatIsAHandshakeIsRead(t *testing.T) {
	whole := Request{
		Key:          "dGhlIHNhbXBsZSBub25jZQ==",
		Subprotocols: []string{"chat", "superchat"},
		Extensions:   []string{"permessage-deflate; client_max_window_bits"},
	}
	garbage := whole
	garbage.Extensions = []string{`"; ;;=,`, "x"}
	bare := Request{Key: "dGhlIHNhbXBsZSBub25jZQ=="}
	for _, c := range []struct {
		name, request string
		want          Request
	}{
		{"a browser's", browser, whole},
		{"row 41, H5: Upgrade: foo, websocket", edit("Upgrade: websocket", "Upgrade: foo, websocket"), whole},
		{"row 41: Upgrade in two lines", edit("Upgrade: websocket", "Upgrade: h2c\r\nUpgrade: WebSocket"), whole},
		{"row 42: Connection in two lines", edit("keep-alive, Upgrade", "keep-alive\r\nConnection: UPGRADE"), whole},
		{"row 44, S3: Content-Length: 0", edit("\r\n\r\n", "\r\nContent-Length: 0\r\n\r\n"), whole},
		{"row 49: subprotocols in two lines", edit("chat, superchat", "chat\r\nSec-WebSocket-Protocol: ,superchat,"), whole},
		{"row 50: garbage for extensions", edit("permessage-deflate; client_max_window_bits", "\"; ;;=,\r\nSec-WebSocket-Extensions: x"), garbage},
		{"no Origin", edit(originField, ""), whole},
		{"RFC 6455 4.2.1: no more than needed", "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" + versionField + keyField + "\r\n", bare},
	} {
		got, err := judge(readRequest(t, c.request))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

func TestSubprotocolsOverSeveralLinesAreOneListInARequest(t *testing.T) {
	one, err1 := ParseRequest(readRequest(t, browser))
	two, err2 := ParseRequest(readRequest(t, edit("chat, superchat", "chat\r\nSec-WebSocket-Protocol: superchat")))
	if err1 != nil || err2 != nil || !slices.Equal(one.Subprotocols, two.Subprotocols) {
		t.Errorf("%q, %v and %q, %v", one.Subprotocols, err1, two.Subprotocols, err2)
	}
}
