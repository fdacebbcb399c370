package handshake

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCheckHeaderRefusesWhatCouldBeALineOrIsOfTheHandshake(t *testing.T) {
	// C5, RFC 9110 5.1 and 5.5.
	for _, h := range []http.Header{
		nil,
		{},
		{"X-Id": {"1"}},
		{"x-id": {""}},
		{"X-Id": nil},
		{"Cookie": {"a=b; c=d", "e=\"f\""}},
		{"X-Id": {"tab\tand space inside"}},
		{"Upgrade-Insecure-Requests": {"1"}},
		{"Sec-Fetch-Mode": {"websocket"}},
		{"!#$%&'*+-.^_`|~": {" ~"[1:]}},
	} {
		if err := CheckHeader(h); err != nil {
			t.Errorf("%q: %v", h, err)
		}
	}
	for _, h := range []http.Header{
		{"": {"1"}}, {"X Id": {"1"}}, {"X-Id:": {"1"}}, {"X-Id\r\nX-Evil": {"1"}}, {" X-Id": {"1"}}, {":protocol": {"x"}}, {"X-\u00e9": {"1"}}, {"X\x00": {"1"}},
		{"X-Id": {"1\r\nX-Evil: 1"}}, {"X-Id": {"1\rX"}}, {"X-Id": {"1\nX"}}, {"X-Id": {"1\r\n folded"}}, {"X-Id": {"1\x00"}}, {"X-Id": {"\x7f"}}, {"X-Id": {"\x1b[31m"}},
		{"X-Id": {"caf\u00e9"}}, {"X-Id": {"\xff"}}, {"X-Id": {"\u010a"}}, {"X-Id": {"\u2028"}}, {"X-Id": {"\v"}}, {"X-Id": {"\x85"}},
		{"X-Id": {" 1"}}, {"X-Id": {"1 "}}, {"X-Id": {"\t1"}}, {"X-Id": {" "}}, {"X-Id": {"fine", "not\n"}},
		{"Upgrade": {"h2c"}}, {"connection": {"close"}}, {"CONTENT-LENGTH": {"1"}}, {"Transfer-encoding": {"chunked"}},
		{"Sec-WebSocket-Key": {"x"}}, {"sec-websocket-accept": {"x"}}, {"Sec-Websocket-Protocol": {"x"}}, {"SEC-WEBSOCKET-EXTENSIONS": {"x"}}, {"Sec-WebSocket-Version": {"8"}}, {"Sec-WebSocket-": {"x"}}, {"Sec-WebSocket-Future": {"x"}},
		{"Upgrade": nil},
	} {
		err := CheckHeader(h)
		var e *ArgumentError
		if !errors.As(err, &e) || !strings.HasPrefix(e.Error(), "websocket: header field ") || strings.ContainsAny(e.Error(), "\r\n\x00\x1b") {
			t.Errorf("%q: %v", h, err)
		}
	}
}

// FuzzHeaderInjection is target FZ13. It gives strings to whatever writes a head. What is written
// must parse back to exactly what was given, on no line of its own.
func FuzzHeaderInjection(f *testing.F) {
	f.Add("X-Id", "1", "chat", "foo; bar=2", "/path", "a=b", "example.com:8080")
	for _, s := range []string{"x\r\nX-Evil: 1", "\n", "\r", "\x00", "\x7f", "\u00e9", " x", "x ", "\t", "\u010a", "x\r\n\r\nGET /second HTTP/1.1", ":", ",", ";", "\"", "#", "?", "//", "Host", "Upgrade", "sec-websocket-key", "Pragma", "connection", "Content-Length", "transfer-encoding", "content-type", "Trailer", "x-middleware", ""} {
		f.Add(s, "1", "chat", "foo", "/", "", "example.com")
		f.Add("X-Id", s, "chat", "foo", "/", "", "example.com")
		f.Add("X-Id", "1", s, "foo", "/", "", "example.com")
		f.Add("X-Id", "1", "chat", s, "/", "", "example.com")
		f.Add("X-Id", "1", "chat", "foo", s, "", "example.com")
		f.Add("X-Id", "1", "chat", "foo", "/", s, "example.com")
		f.Add("X-Id", "1", "chat", "foo", "/", "", s)
	}
	f.Fuzz(func(t *testing.T, name, value, subprotocol, extension, path, query, host string) {
		const key = "dGhlIHNhbXBsZSBub25jZQ=="
		u := &url.URL{Scheme: "ws", Host: host, Path: path, RawQuery: query}
		req := Request{Key: key, Subprotocols: []string{subprotocol}, Extensions: []string{extension}}
		extra := http.Header{name: {value}}
		want := http.Header{
			"Upgrade": {"websocket"}, "Connection": {"Upgrade"},
			"Sec-Websocket-Protocol": {subprotocol}, http.CanonicalHeaderKey(name): {value},
		}

		checkRefusal(t, name, value, extension)

		head, err := AppendRequest(nil, u, req, extra)
		if err != nil {
			if len(head) > 0 {
				t.Fatalf("%q beside %v", head, err)
			}
		} else {
			br := bufio.NewReader(bytes.NewReader(head))
			r, err := http.ReadRequest(br)
			if err != nil || br.Buffered() > 0 {
				t.Fatalf("%q: %v, %d bytes behind it", head, err, br.Buffered())
			}
			sameExtensions(t, r.Header["Sec-Websocket-Extensions"], extension)
			delete(r.Header, "Sec-Websocket-Extensions")
			wantRequest := maps.Clone(want)
			wantRequest["Sec-Websocket-Key"] = []string{key}
			wantRequest["Sec-Websocket-Version"] = []string{"13"}
			if name := http.CanonicalHeaderKey(name); name == "Pragma" { // net/http adds what this one means
				delete(r.Header, "Cache-Control")
			}
			if diff := cmp.Diff(wantRequest, r.Header); diff != "" {
				t.Fatalf("%q: %s", head, diff)
			}
			if r.Method != "GET" || r.Proto != "HTTP/1.1" || r.URL.Path != path && path != "" || r.URL.RawQuery != query {
				t.Fatalf("%q: %s %v %s", head, r.Method, r.URL, r.Proto)
			}
		}

		e := NewExtension(extension, func(yield func(string, string) bool) { yield(name, value) })
		resp := Response{Subprotocol: subprotocol, Extensions: []Extension{e}}
		req.Extensions = []string{extension}
		head, err = AppendResponse(nil, resp, req, extra)
		if err != nil {
			if len(head) > 0 {
				t.Fatalf("%q beside %v", head, err)
			}
			return
		}
		br := bufio.NewReader(bytes.NewReader(head))
		r, err := http.ReadResponse(br, nil)
		if err != nil || br.Buffered() > 0 || r.StatusCode != 101 {
			t.Fatalf("%q: %v, %d bytes behind it", head, err, br.Buffered())
		}
		sameExtensions(t, r.Header["Sec-Websocket-Extensions"], e.String())
		delete(r.Header, "Sec-Websocket-Extensions")
		want["Sec-Websocket-Accept"] = []string{"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="}
		if subprotocol == "" { // none is chosen
			delete(want, "Sec-Websocket-Protocol")
		}
		if name := http.CanonicalHeaderKey(name); name == "Pragma" {
			delete(r.Header, "Cache-Control")
		}
		if diff := cmp.Diff(want, r.Header); diff != "" {
			t.Fatalf("%q: %s", head, diff)
		}
	})
}

var fieldValueRegexp = regexp.MustCompile("^(?:[!-~](?:[\t -~]*[!-~])?)?$")

// checkRefusal checks that a refusal has the field that the error gives, if
// that can be sent, and no other but its own, and the whole reason for a body.
func checkRefusal(t *testing.T, name, value, reason string) {
	e := &Error{Status: 403, Reason: reason, Header: http.Header{name: {value, "2", value}}}
	raw := http.Header{
		"Connection": {"close"}, "Content-Type": {"text/plain; charset=utf-8"}, "X-Content-Type-Options": {"nosniff"},
		"X-Middleware": {"stays"},
	}
	if tokenRegexp.FindString(name) == name && name != "" {
		switch name := http.CanonicalHeaderKey(name); name {
		case "Connection", "Content-Type", "Content-Length", "Transfer-Encoding", "X-Content-Type-Options":
		default:
			if name == "Upgrade" {
				raw["Connection"] = []string{"close", "Upgrade"}
			}
			raw[name] = []string{"2"}
			if fieldValueRegexp.MatchString(value) {
				raw[name] = []string{value, "2", value}
			}
		}
	}
	h2 := maps.Clone(raw)
	delete(h2, "Connection")
	delete(h2, "Upgrade")
	for major, want := range map[int]http.Header{1: raw, 2: h2} {
		w := httptest.NewRecorder()
		w.Header()["X-Middleware"] = []string{"stays"}
		Refuse(w, &http.Request{Method: "GET", ProtoMajor: major}, e)
		if diff := cmp.Diff(want, w.Header()); diff != "" || w.Code != 403 || w.Body.String() != reason+"\n" {
			t.Fatalf("HTTP/%d: %d %q %s", major, w.Code, w.Body, diff)
		}
	}

	if http.CanonicalHeaderKey(name) == "X-Middleware" {
		return
	}
	delete(raw, "X-Middleware")
	head := AppendRefusal([]byte("before"), e)
	br := bufio.NewReader(bytes.NewReader(bytes.TrimPrefix(head, []byte("before"))))
	lines, err := textproto.NewReader(br).ReadLine()
	if err != nil || lines != "HTTP/1.1 403 Forbidden" {
		t.Fatalf("%q: %q, %v", head, lines, err)
	}
	fields, err := textproto.NewReader(br).ReadMIMEHeader()
	raw["Content-Length"] = []string{strconv.Itoa(len(reason) + 1)}
	if diff := cmp.Diff(raw, http.Header(fields)); diff != "" || err != nil {
		t.Fatalf("%q: %v %s", head, err, diff)
	}
	if body, err := io.ReadAll(br); err != nil || string(body) != reason+"\n" {
		t.Fatalf("%q: body %q, %v", head, body, err)
	}
}

// sameExtensions checks that the lines say what was given, no more.
func sameExtensions(t *testing.T, lines []string, given string) {
	t.Helper()
	got, err := ParseExtensions(lines)
	want, _ := ParseExtensions([]string{given})
	if err != nil || len(lines) != 1 || printAll(got) != printAll(want) {
		t.Fatalf("extensions %q: %v; want %q", lines, err, given)
	}
}

func TestNoStringOfTheCallersCanBeginALine(t *testing.T) {
	// C5: every string that a caller gives, with every byte that no head may
	// hold, in every place.
	const key = "dGhlIHNhbXBsZSBub25jZQ=="
	for _, bad := range []string{"\r", "\n", "\r\n", "\x00", "\x7f", "\x01", "\u00e9", "\xff", "\u010d\u010a"} {
		for _, s := range []string{bad, "x" + bad, bad + "x", "x" + bad + "y"} {
			u := func(scheme, host, query string) *url.URL {
				return &url.URL{Scheme: scheme, Host: host, Path: "/", RawQuery: query}
			}
			good := u("ws", "example.com", "")
			whole := Request{Key: key, Subprotocols: []string{"chat"}, Extensions: []string{"foo"}}
			for what, call := range map[string]func(dst []byte) ([]byte, error){
				"scheme": func(dst []byte) ([]byte, error) {
					return AppendRequest(dst, u(s, "example.com", ""), whole, nil)
				},
				"host":  func(dst []byte) ([]byte, error) { return AppendRequest(dst, u("ws", s, ""), whole, nil) },
				"port":  func(dst []byte) ([]byte, error) { return AppendRequest(dst, u("ws", "h:"+s, ""), whole, nil) },
				"query": func(dst []byte) ([]byte, error) { return AppendRequest(dst, u("ws", "h", s), whole, nil) },
				"opaque": func(dst []byte) ([]byte, error) {
					return AppendRequest(dst, &url.URL{Scheme: "ws", Host: "h", Opaque: s}, whole, nil)
				},
				"key": func(dst []byte) ([]byte, error) { return AppendRequest(dst, good, Request{Key: s}, nil) },
				"subprotocol": func(dst []byte) ([]byte, error) {
					return AppendRequest(dst, good, Request{Key: key, Subprotocols: []string{s}}, nil)
				},
				"extension": func(dst []byte) ([]byte, error) {
					return AppendRequest(dst, good, Request{Key: key, Extensions: []string{s}}, nil)
				},
				"name":  func(dst []byte) ([]byte, error) { return AppendRequest(dst, good, whole, http.Header{s: {"1"}}) },
				"value": func(dst []byte) ([]byte, error) { return AppendRequest(dst, good, whole, http.Header{"X": {"1", s}}) },
				"chosen subprotocol": func(dst []byte) ([]byte, error) {
					return AppendResponse(dst, Response{Subprotocol: s}, Request{Key: key, Subprotocols: []string{s}}, nil)
				},
				"chosen extension": func(dst []byte) ([]byte, error) {
					return AppendResponse(dst, Response{Extensions: []Extension{NewExtension(s, nil)}}, Request{Key: key, Extensions: []string{s}}, nil)
				},
				"parameter": func(dst []byte) ([]byte, error) {
					e := NewExtension("foo", func(yield func(string, string) bool) { yield(s, "") })
					return AppendResponse(dst, Response{Extensions: []Extension{e}}, whole, nil)
				},
				"parameter value": func(dst []byte) ([]byte, error) {
					e := NewExtension("foo", func(yield func(string, string) bool) { yield("bar", s) })
					return AppendResponse(dst, Response{Extensions: []Extension{e}}, whole, nil)
				},
				"response name":  func(dst []byte) ([]byte, error) { return AppendResponse(dst, Response{}, whole, http.Header{s: {"1"}}) },
				"response value": func(dst []byte) ([]byte, error) { return AppendResponse(dst, Response{}, whole, http.Header{"X": {s}}) },
			} {
				room := bytes.Repeat([]byte{'.'}, 1<<10)
				got, err := call(room[:3])
				var e *ArgumentError
				if !errors.As(err, &e) {
					t.Errorf("%s %q: %v, %q", what, s, err, got)
				} else if strings.ContainsAny(err.Error(), "\r\n\x00\x01\x7f") {
					t.Errorf("%s %q: says %q", what, s, err)
				}
				if len(got) != 3 || strings.Trim(string(room), ".") != "" {
					t.Errorf("%s %q: wrote %q", what, s, strings.Trim(string(room), "."))
				}
			}
		}
	}
}

func TestSetHeaderLeavesTheHeaderAloneWhenItFails(t *testing.T) {
	const key = "dGhlIHNhbXBsZSBub25jZQ=="
	for name, call := range map[string]func(h http.Header) error{
		"request, bad field":       func(h http.Header) error { h["X-Id"] = []string{"\n"}; return Request{Key: key}.SetHeader(h) },
		"request, bad key":         func(h http.Header) error { return Request{Key: "\n"}.SetHeader(h) },
		"request, bad subprotocol": func(h http.Header) error { return Request{Subprotocols: []string{"a b"}}.SetHeader(h) },
		"request, bad extension":   func(h http.Header) error { return Request{Extensions: []string{"a b"}}.SetHeader(h) },
		"response, reserved field": func(h http.Header) error {
			h["Upgrade"] = []string{"x"}
			return Response{}.SetHeader(h, Request{Key: key})
		},
		"response, bad subprotocol": func(h http.Header) error { return Response{Subprotocol: "a"}.SetHeader(h, Request{Key: key}) },
		"response, bad extension": func(h http.Header) error {
			return Response{Extensions: []Extension{{Name: "a"}}}.SetHeader(h, Request{})
		},
		"response, request unparsed": func(h http.Header) error {
			return Response{Extensions: []Extension{{Name: "a"}}}.SetHeader(h, Request{Extensions: []string{"a b"}})
		},
	} {
		h := http.Header{"X-Own": {"1"}}
		err := call(h)
		var e *ArgumentError
		names := slices.Sorted(maps.Keys(h))
		if !errors.As(err, &e) || len(names) > 2 || h["Sec-Websocket-Version"] != nil || h["Sec-Websocket-Accept"] != nil {
			t.Errorf("%s: %v, header %q", name, err, h)
		}
	}
}
