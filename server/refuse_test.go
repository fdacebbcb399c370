package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/handshake"
	"github.com/parleyws/parley/server"
)

// request returns a lawful request with each line of edits put in the place of
// the line that begins with the same name; a name alone takes the line away.
func request(edits ...string) string {
	lines := []string{
		"GET / HTTP/1.1",
		"Host: x",
		"Upgrade: websocket",
		"Connection: Upgrade",
		"Sec-WebSocket-Version: 13",
		"Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==",
	}
edits:
	for _, e := range edits {
		name, value, _ := strings.Cut(e, " ")
		for i, line := range lines {
			if strings.HasPrefix(line, name+" ") {
				lines[i] = e
				if value == "" {
					lines = append(lines[:i], lines[i+1:]...)
				}
				continue edits
			}
		}
		lines = append(lines, e)
	}
	return strings.Join(lines, "\r\n") + "\r\n\r\n"
}

// Rows 40 to 49, tests H5 and S1 to S3: the status of each refusal, and the end
// of the connection after it, whatever was sent behind.
func TestEveryRefusalClosesAndAnswersNothingElseS1(t *testing.T) {
	addr := start(t, &server.Server{Handler: echo})
	for _, tc := range []struct {
		name, request string
		status        int
		field         string // that the answer must have
	}{
		{"row 40 POST", strings.Replace(request(), "GET", "POST", 1), 405, "Allow: GET"},
		{"row 41 no Upgrade", request("Upgrade:"), 426, "Upgrade: websocket"},
		{"row 41 another Upgrade", request("Upgrade: websocketx"), 426, "Upgrade: websocket"},
		{"row 42 no Connection", request("Connection:"), 426, "Upgrade: websocket"},
		{"row 42 another Connection", request("Connection: xUpgradex"), 426, "Upgrade: websocket"},
		{"row 44 a body S2", request("Content-Length: 6") + "\x89\x80\x00\x00\x00\x00", 400, ""},
		{"row 44 a chunked body S2", request("Transfer-Encoding: chunked") + "0\r\n\r\n", 400, ""},
		{"row 45 no key", request("Sec-WebSocket-Key:"), 400, ""},
		{"row 45 short key", request("Sec-WebSocket-Key: AQID"), 400, ""},
		{"row 45 two keys", strings.Replace(request(), "Host: x\r\n", "Host: x\r\nSec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\n", 1), 400, ""},
		{"row 46 no version", request("Sec-WebSocket-Version:"), 400, "Sec-WebSocket-Version: 13"},
		{"row 46 version 12", request("Sec-WebSocket-Version: 12"), 426, "Sec-WebSocket-Version: 13"},
		{"row 46 version 13.0", request("Sec-WebSocket-Version: 13.0"), 426, "Sec-WebSocket-Version: 13"},
		{"row 49 subprotocol twice", request("Sec-WebSocket-Protocol: a, a"), 400, ""},
		{"row 24 origin O3", request("Origin: http://evil.example"), 403, ""},
		{"two origins O1", strings.Replace(request("Origin: http://x"), "Host: x\r\n", "Host: x\r\nOrigin: http://evil.example\r\n", 1), 400, ""},
		{"HTTP/1.0 H5", strings.Replace(request(), "HTTP/1.1", "HTTP/1.0", 1), 400, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := exchange(t, addr, tc.request+"GET /second HTTP/1.1\r\nHost: x\r\n\r\n")
			if !strings.HasPrefix(got, fmt.Sprintf("HTTP/1.1 %d ", tc.status)) && !strings.HasPrefix(got, fmt.Sprintf("HTTP/1.0 %d ", tc.status)) {
				t.Errorf("got %q, want %d", got, tc.status)
			}
			if strings.Count(got, "HTTP/1.") != 1 {
				t.Errorf("answered more than once: %q", got)
			}
			if !strings.Contains(got, "\r\nConnection: close\r\n") {
				t.Errorf("no Connection: close in %q", got)
			}
			head := http.CanonicalHeaderKey(strings.SplitN(tc.field, ":", 2)[0]) + strings.TrimPrefix(tc.field, strings.SplitN(tc.field, ":", 2)[0])
			if tc.field != "" && !strings.Contains(got, "\r\n"+head+"\r\n") {
				t.Errorf("no %q in %q", head, got)
			}
		})
	}
}

// Rows 50 to 57: an offer that cannot be met is declined and the next one tried.
func TestOffersOfCompressionRows50To57(t *testing.T) {
	on := &deflate.Terms{}
	for _, tc := range []struct {
		name    string
		want    *deflate.Terms
		offered string
		agreed  string // the field of the answer; "" for none
	}{
		{"row 50 garbage while off", nil, `permessage-deflate; ="`, ""},
		{"off", nil, "permessage-deflate", ""},
		{"on", on, "permessage-deflate", "permessage-deflate"},
		{"not offered", on, "", ""},
		{"row 54 unknown name", on, "x-webkit-deflate-frame, permessage-deflate", "permessage-deflate"},
		{"row 52 unknown parameter, then a good offer", on, "permessage-deflate; foo, permessage-deflate; server_no_context_takeover", "permessage-deflate; server_no_context_takeover"},
		{"row 53 no good offer", on, "permessage-deflate; server_max_window_bits=7", ""},
		{"row 57 window of the offer", on, "permessage-deflate; server_max_window_bits=10", "permessage-deflate; server_max_window_bits=10"},
		{"row 31 the smaller window", &deflate.Terms{Params: deflate.Params{ServerMaxWindowBits: 9}}, "permessage-deflate; server_max_window_bits=10", "permessage-deflate; server_max_window_bits=9"},
		{"row 32 client window not offered", &deflate.Terms{Params: deflate.Params{ClientMaxWindowBits: 9}}, "permessage-deflate", "permessage-deflate"},
		{"row 29 the server's context is needed", &deflate.Terms{NeedServerContext: true}, "permessage-deflate; server_no_context_takeover, permessage-deflate", "permessage-deflate"},
		{"row 32 client window needed", &deflate.Terms{Params: deflate.Params{ClientMaxWindowBits: 9}, NeedClientWindow: true}, "permessage-deflate", ""},
		{"row 32 client window offered", &deflate.Terms{Params: deflate.Params{ClientMaxWindowBits: 9}}, "permessage-deflate; client_max_window_bits", "permessage-deflate; client_max_window_bits=9"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			addr := start(t, &server.Server{Handler: echo, Options: server.Options{Deflate: tc.want}})
			var req handshake.Request
			if tc.offered != "" {
				req.Extensions = []string{tc.offered}
			}
			if strings.Contains(tc.name, "garbage") {
				// A client would not send it, so by hand.
				got := exchange(t, addr, request("Sec-WebSocket-Extensions: "+tc.offered)+"\x88\x80\x00\x00\x00\x00")
				if !strings.HasPrefix(got, "HTTP/1.1 101 ") {
					t.Errorf("got %q", got)
				}
				return
			}
			c, resp, err := dial(t, addr, req, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := resp.Header.Get("Sec-WebSocket-Extensions"); got != tc.agreed {
				t.Errorf("agreed to %q, want %q", got, tc.agreed)
			}
			mustEcho(t, c, strings.Repeat("compress me ", 1000))
			mustEcho(t, c, strings.Repeat("compress me ", 1000))
		})
	}
}

// Row 51.
func TestExtensionsThatCannotBeReadAre400WhenCompressionIsOnRow51(t *testing.T) {
	addr := start(t, &server.Server{Options: server.Options{Deflate: &deflate.Terms{}}})
	got := exchange(t, addr, request(`Sec-WebSocket-Extensions: permessage-deflate; ="`))
	if !strings.HasPrefix(got, "HTTP/1.1 400 ") {
		t.Errorf("got %q", got)
	}
}
