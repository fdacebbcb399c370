package handshake

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

const sampleKey = "dGhlIHNhbXBsZSBub25jZQ=="

func TestARequestIsWrittenAsTheRFCHasIt(t *testing.T) {
	u, err := url.Parse("ws://example.com/chat?room=a%20b")
	if err != nil {
		t.Fatal(err)
	}
	req := Request{Key: sampleKey, Subprotocols: []string{"chat", "superchat"}, Extensions: []string{`a; b="1"`, "c"}}
	got, err := AppendRequest([]byte("before "), u, req, http.Header{"Origin": {"http://example.com"}, "Cookie": {"a=b", "c=d"}})
	want := "before GET /chat?room=a%20b HTTP/1.1\r\n" +
		"Host: example.com\r\n" +
		"Upgrade: websocket\r\n" +
		"Connection: Upgrade\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
		"Sec-WebSocket-Version: 13\r\n" +
		"Sec-WebSocket-Protocol: chat, superchat\r\n" +
		"Sec-WebSocket-Extensions: a; b=1, c\r\n" +
		"Cookie: a=b\r\n" +
		"Cookie: c=d\r\n" +
		"Origin: http://example.com\r\n" +
		"\r\n"
	if err != nil || string(got) != want {
		t.Errorf("%v\n%s", err, cmp.Diff(want, string(got)))
	}
}

func TestTargetAndHostComeFromTheURL(t *testing.T) {
	// Rows 165 and 173, RFC 6455 3 and 4.1, RFC 9112 3.2.
	for _, c := range []struct{ url, target, host string }{
		{"ws://example.com", "/", "example.com"},
		{"ws://example.com?x", "/?x", "example.com"},
		{"ws://example.com/?", "/?", "example.com"},
		{"ws://example.com:80/", "/", "example.com"},
		{"http://example.com:80/", "/", "example.com"},
		{"wss://example.com:443/", "/", "example.com"},
		{"https://example.com:443/", "/", "example.com"},
		{"wss://example.com:80/", "/", "example.com:80"},
		{"ws://example.com:443/", "/", "example.com:443"},
		{"ws://example.com:8080/a/b?c=d&e", "/a/b?c=d&e", "example.com:8080"},
		{"WS://EXAMPLE.com/", "/", "example.com"},
		{"ws://127.0.0.1:9/", "/", "127.0.0.1:9"},
		{"ws://[::1]/", "/", "[::1]"},
		{"ws://[::1]:80/", "/", "[::1]"},
		{"ws://[::1]:8080/", "/", "[::1]:8080"},
		{"ws://[fe80::1%25eth0]:8080/", "/", "[fe80::1]:8080"},
		{"ws://user:secret@example.com/", "/", "example.com"},
		{"ws://example.com//x", "//x", "example.com"},
		{"ws://example.com/a%2Fb", "/a%2Fb", "example.com"},
		{"ws://example.com/\u00e9", "/%C3%A9", "example.com"},
		{"ws://example.com/a b", "/a%20b", "example.com"},
	} {
		u, err := url.Parse(c.url)
		if err != nil {
			t.Fatal(err)
		}
		head, err := AppendRequest(nil, u, Request{Key: sampleKey}, nil)
		want := "GET " + c.target + " HTTP/1.1\r\nHost: " + c.host + "\r\n"
		if err != nil || !strings.HasPrefix(string(head), want) {
			t.Errorf("%s: %q, %v; want %q", c.url, head, err, want)
		}
	}
}

func TestARequestThatCannotBeMadeIsAnError(t *testing.T) {
	// Rows 165 and 166, C5.
	good := &url.URL{Scheme: "ws", Host: "example.com"}
	whole := Request{Key: sampleKey}
	for _, c := range []struct {
		name  string
		u     *url.URL
		req   Request
		extra http.Header
	}{
		{"ftp", &url.URL{Scheme: "ftp", Host: "example.com"}, whole, nil},
		{"no scheme", &url.URL{Host: "example.com"}, whole, nil},
		{"no host", &url.URL{Scheme: "ws"}, whole, nil},
		{"opaque", &url.URL{Scheme: "ws", Opaque: "example.com"}, whole, nil},
		{"fragment", &url.URL{Scheme: "ws", Host: "h", Path: "/", Fragment: "x"}, whole, nil},
		{"fragment in the query", &url.URL{Scheme: "ws", Host: "h", Path: "/", RawQuery: "a#b"}, whole, nil},
		{"path without a slash", &url.URL{Scheme: "ws", Host: "h", Path: "x"}, whole, nil},
		{"space in the query", &url.URL{Scheme: "ws", Host: "h", Path: "/", RawQuery: "a b"}, whole, nil},
		{"host with a space", &url.URL{Scheme: "ws", Host: " h"}, whole, nil},
		{"host with a path", &url.URL{Scheme: "ws", Host: "h/x"}, whole, nil},
		{"host with userinfo", &url.URL{Scheme: "ws", Host: "a@h"}, whole, nil},
		{"host not in ASCII", &url.URL{Scheme: "ws", Host: "b\u00fccher.example"}, whole, nil},
		{"port that is none", &url.URL{Scheme: "ws", Host: "h:http"}, whole, nil},
		{"no key", good, Request{}, nil},
		{"short key", good, Request{Key: "abc"}, nil},
		{"key of 24 characters that is no base64", good, Request{Key: "????????????????????????"}, nil},
		{"key of 24 characters and a line of its own", good, Request{Key: "dGhlIHNhbXBs\r\nX-Evil: 1"}, nil},
		{"raw fragment", &url.URL{Scheme: "ws", Host: "h", Path: "/", RawFragment: "x"}, whole, nil},
		{"host with an escape", &url.URL{Scheme: "ws", Host: "a%41b"}, whole, nil},
		{"host with an escape behind an address", &url.URL{Scheme: "ws", Host: "[::1]%41"}, whole, nil},
		{"host with an escape and no address", &url.URL{Scheme: "ws", Host: "]%41"}, whole, nil},
		{"empty subprotocol", good, Request{Key: sampleKey, Subprotocols: []string{""}}, nil},
		{"two subprotocols in one", good, Request{Key: sampleKey, Subprotocols: []string{"a, b"}}, nil},
		{"subprotocol twice", good, Request{Key: sampleKey, Subprotocols: []string{"a", "b", "a"}}, nil},
		{"bad extension", good, Request{Key: sampleKey, Extensions: []string{"a; b="}}, nil},
		{"empty extension", good, Request{Key: sampleKey, Extensions: []string{""}}, nil},
		{"Host", good, whole, http.Header{"Host": {"evil"}}},
		{"host", good, whole, http.Header{"host": {"evil"}}},
		{"Upgrade", good, whole, http.Header{"Upgrade": {"h2c"}}},
		{"value with a line break", good, whole, http.Header{"X": {"a\r\nb: c"}}},
	} {
		head, err := AppendRequest(nil, c.u, c.req, c.extra)
		var e *ArgumentError
		if !errors.As(err, &e) || head != nil || !strings.HasPrefix(err.Error(), "websocket: ") {
			t.Errorf("%s: %q, %v", c.name, head, err)
		}
	}
}

func TestSetHeaderSetsWhatAppendRequestWrites(t *testing.T) {
	req := Request{Key: sampleKey, Subprotocols: []string{"chat", "superchat"}, Extensions: []string{"a; b=1", "c"}}
	h := http.Header{"X-Id": {"1"}}
	if err := req.SetHeader(h); err != nil {
		t.Fatal(err)
	}
	head, err := AppendRequest(nil, &url.URL{Scheme: "ws", Host: "example.com"}, req, http.Header{"X-Id": {"1"}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(readRequest(t, string(head)).Header, h); diff != "" {
		t.Error(diff)
	}
}

func TestWhatAClientAsksAServerReads(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		token := rapid.StringMatching("[!#$%&'*+.^_`|~0-9A-Za-z-]{1,8}")
		req := Request{
			Key:          NewKey(),
			Subprotocols: rapid.SliceOfNDistinct(token, 1, 4, rapid.ID[string]).Draw(rt, "subprotocols"),
			Extensions:   []string{token.Draw(rt, "extension")},
		}
		head, err := AppendRequest(nil, &url.URL{Scheme: "ws", Host: "example.com", Path: "/"}, req, http.Header{"Origin": {"http://example.com"}})
		if err != nil {
			rt.Fatal(err)
		}
		got, err := judge(readRequest(t, string(head)))
		if err != nil || !cmp.Equal(got, req) {
			rt.Fatalf("%+v, %v; asked %+v", got, err, req)
		}
		resp := Response{Subprotocol: req.Subprotocols[0], Extensions: []Extension{NewExtension(req.Extensions[0], nil)}}
		head, err = AppendResponse(nil, resp, got, http.Header{"X-Id": {"1"}})
		if err != nil {
			rt.Fatal(err)
		}
		r, rest, err := ReadResponse(strings.NewReader(string(head)+"\x81\x00"), nil)
		if err != nil || string(rest) != "\x81\x00" {
			rt.Fatalf("%q, %v", rest, err)
		}
		answer, err := ParseResponse(r, req)
		if err != nil || answer.Subprotocol != resp.Subprotocol || printAll(answer.Extensions) != printAll(resp.Extensions) {
			rt.Fatalf("%+v, %v; answered %+v", answer, err, resp)
		}
	})
}
