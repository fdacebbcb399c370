package handshake

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// h2Connect is an extended CONNECT as net/http's server shows it.
func h2Connect() *http.Request {
	return &http.Request{
		Method: "CONNECT", Proto: "HTTP/2.0", ProtoMajor: 2, Host: "example.com", ContentLength: -1,
		Header: http.Header{
			":protocol":                {"websocket"},
			"Origin":                   {"http://example.com"},
			"Sec-Websocket-Version":    {"13"},
			"Sec-Websocket-Protocol":   {"chat, superchat"},
			"Sec-Websocket-Extensions": {"permessage-deflate"},
		},
	}
}

// h3Connect is an extended CONNECT as quic-go's server shows it.
func h3Connect() *http.Request {
	r := h2Connect()
	r.Proto, r.ProtoMajor = "websocket", 3
	delete(r.Header, ":protocol")
	return r
}

func TestExtendedConnectIsJudgedLikeAnUpgrade(t *testing.T) {
	want := Request{Subprotocols: []string{"chat", "superchat"}, Extensions: []string{"permessage-deflate"}}
	for name, make := range map[string]func() *http.Request{"RFC 8441 5": h2Connect, "RFC 9220 3": h3Connect} {
		r := make()
		got, err := judge(r)
		if err != nil || !cmp.Equal(got, want) || !IsExtendedConnect(r) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		// A key proves nothing here, and must not make the answer a 101.
		r.Header["Sec-Websocket-Key"] = []string{sampleKey}
		if got, err := judge(r); err != nil || got.Key != "" {
			t.Errorf("%s, with a key: %+v, %v", name, got, err)
		}
		for _, c := range []struct {
			name    string
			change  func(r *http.Request)
			status  int
			section string
		}{
			{"another protocol", func(r *http.Request) {
				if r.ProtoMajor == 2 {
					r.Header[":protocol"] = []string{"connect-udp"}
				} else {
					r.Proto = "connect-udp"
				}
			}, 501, "RFC 9220 3"},
			{"another case", func(r *http.Request) {
				if r.ProtoMajor == 2 {
					r.Header[":protocol"] = []string{"WebSocket"}
				} else {
					r.Proto = "WebSocket"
				}
			}, 501, "RFC 9220 3"},
			{"plain CONNECT", func(r *http.Request) {
				delete(r.Header, ":protocol")
				if r.ProtoMajor == 3 {
					r.Proto = "HTTP/3.0"
				}
			}, 405, "RFC 6455 4.2.1"},
			{"GET with the fields of an upgrade", func(r *http.Request) {
				r.Method = "GET"
				r.Header["Upgrade"] = []string{"websocket"}
				r.Header["Connection"] = []string{"Upgrade"}
				r.Header["Sec-Websocket-Key"] = []string{"dGhlIHNhbXBsZSBub25jZQ=="}
			}, 426, "RFC 8441 5"},
			{"POST", func(r *http.Request) { r.Method = "POST" }, 405, "RFC 6455 4.2.1"},
			{"no authority", func(r *http.Request) { r.Host = "" }, 400, "RFC 6455 4.2.1"},
			{"a body of 0 bytes, so no frames (RFC 9113 8.1.1)", func(r *http.Request) { r.ContentLength, r.Header["Content-Length"] = 0, []string{"0"} }, 400, "RFC 6455 4.2.1"},
			{"a body of 6 bytes", func(r *http.Request) { r.ContentLength = 6 }, 400, "RFC 6455 4.2.1"},
			{"no version", func(r *http.Request) { delete(r.Header, "Sec-Websocket-Version") }, 400, "RFC 6455 4.4"},
			{"version 8", func(r *http.Request) { r.Header["Sec-Websocket-Version"] = []string{"8"} }, 426, "RFC 6455 4.4"},
			{"subprotocol twice", func(r *http.Request) { r.Header["Sec-Websocket-Protocol"] = []string{"a", "a"} }, 400, "RFC 6455 4.1"},
			{"two origins", func(r *http.Request) { r.Header["Origin"] = []string{"http://example.com", "http://example.com"} }, 400, "RFC 6454 7.3"},
			{"another origin", func(r *http.Request) { r.Header["Origin"] = []string{"http://evil.example"} }, 403, "RFC 6455 10.2"},
		} {
			r := make()
			c.change(r)
			_, err := judge(r)
			var e *Error
			if !errors.As(err, &e) || e.Status != c.status || e.Section != c.section {
				t.Errorf("%s, %s: %v; want status %d, %s", name, c.name, err, c.status, c.section)
				continue
			}
			w := httptest.NewRecorder()
			Refuse(w, r, err)
			if w.Code != c.status {
				t.Errorf("%s, %s: answered %d", name, c.name, w.Code)
			}
			for _, field := range []string{"Connection", "Upgrade"} {
				if got, ok := w.Header()[field]; ok {
					t.Errorf("%s, %s: %s: %q would end the whole connection", name, c.name, field, got)
				}
			}
		}
	}
}

func TestExtendedConnectIsOfItsOwnVersionsOnly(t *testing.T) {
	r := h2Connect()
	r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/1.1", 1, 1
	if IsExtendedConnect(r) {
		t.Error("a field named :protocol makes an HTTP/1.1 request an extended CONNECT")
	}
	if r := (&http.Request{Method: "CONNECT", Proto: "websocket", ProtoMajor: 1, ProtoMinor: 1}); IsExtendedConnect(r) {
		t.Error("Proto makes an HTTP/1.1 request an extended CONNECT")
	}
	r = h2Connect()
	r.Header[":protocol"] = []string{"websocket", "websocket"}
	if IsExtendedConnect(r) {
		t.Error("two :protocol are taken for one")
	}
}

func TestExtendedConnectIsAnsweredWithoutWhatHTTP11Needs(t *testing.T) {
	// RFC 8441 5: no key, no accept; RFC 9113 8.2.2: no Upgrade, no Connection.
	req, err := ParseRequest(h2Connect())
	if err != nil {
		t.Fatal(err)
	}
	h := http.Header{"X-Id": {"1"}}
	err = Response{Subprotocol: "chat", Extensions: []Extension{NewExtension("permessage-deflate", nil)}}.SetHeader(h, req)
	want := http.Header{"X-Id": {"1"}, "Sec-Websocket-Protocol": {"chat"}, "Sec-Websocket-Extensions": {"permessage-deflate"}}
	if diff := cmp.Diff(want, h); err != nil || diff != "" {
		t.Errorf("%v, %s", err, diff)
	}
	h = http.Header{}
	err = Request{Subprotocols: []string{"chat", "x"}, Extensions: []string{"permessage-deflate"}}.SetHeader(h)
	want = http.Header{"Sec-Websocket-Version": {"13"}, "Sec-Websocket-Protocol": {"chat, x"}, "Sec-Websocket-Extensions": {"permessage-deflate"}}
	if diff := cmp.Diff(want, h); err != nil || diff != "" {
		t.Errorf("%v, %s", err, diff)
	}
}
