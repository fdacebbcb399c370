package handshake

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// mustParse parses a head that must be one.
func mustParse(t testing.TB, head string) *Head {
	t.Helper()
	h := &Head{}
	if _, err := h.Parse([]byte(head)); err != nil {
		t.Fatalf("%q: %v", head, err)
	}
	return h
}

// judgeRaw is judge for those without net/http.
func judgeRaw(h *Head) (Request, error) {
	req, err := h.Request()
	if err != nil {
		return req, err
	}
	return req, h.SameOrigin(false)
}

// sameRequest ignores the difference between no elements and no list.
func sameRequest(a, b Request) string { return cmp.Diff(a, b, cmpopts.EquateEmpty()) }

func TestBothDoorsRefuseARequestInTheSameWords(t *testing.T) {
	for _, c := range refused {
		t.Run(c.name, func(t *testing.T) {
			var h Head
			if _, err := h.Parse([]byte(c.request)); err != nil {
				// Only net/http knows targets that are no path.
				var e *Error
				if !strings.HasPrefix(c.request, "CONNECT") || !errors.As(err, &e) || e.Status != 400 {
					t.Fatal(err)
				}
				return
			}
			req, err := h.Request()
			if err != nil && sameRequest(req, Request{}) != "" {
				t.Errorf("%+v beside %v", req, err)
			}
			_, err = judgeRaw(&h)
			_, want := judge(readRequest(t, c.request))
			if diff := cmp.Diff(want, err); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTheRawDoorSaysWhetherABodyIsAnnounced(t *testing.T) {
	// Row 44, S2, S3, RFC 9112 6.1 to 6.3. What cannot be read is a body too.
	for _, c := range []struct {
		fields string
		body   bool
	}{
		{"", false},
		{"Content-Length: 0\r\n", false},
		{"content-length:0\r\n", false},
		{"CONTENT-LENGTH: 000\r\n", false},
		{"Content-Length: 1\r\n", true},
		{"content-length: 10\r\n", true},
		{"Content-Length: 01\r\n", true},
		{"Content-Length:\r\n", true},
		{"Content-Length: -0\r\n", true},
		{"Content-Length: +0\r\n", true},
		{"Content-Length: 0x0\r\n", true},
		{"Content-Length: 0, 0\r\n", true},
		{"Content-Length: 0,\r\n", true},
		{"Content-Length: 0\r\nContent-Length: 0\r\n", true},
		{"Content-Length: 0\r\nContent-Length: 6\r\n", true},
		{"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", true},
		{"Transfer-Encoding: chunked\r\n", true},
		{"transfer-encoding: chunked\r\n", true},
		{"TRANSFER-ENCODING: gzip\r\n", true},
		{"Transfer-Encoding: identity\r\n", true},
		{"Transfer-Encoding:\r\n", true},
		{"Xransfer-Encoding: chunked\r\n", false},
		{"Content-Lengthx: 1\r\n", false},
	} {
		_, err := mustParse(t, edit("Host: example.com\r\n", "Host: example.com\r\n"+c.fields)).Request()
		var e *Error
		if c.body != (errors.As(err, &e) && e.Reason == "a request for a WebSocket has no body") || !c.body && err != nil {
			t.Errorf("%q: %v", c.fields, err)
		}
	}
}

func TestTheRawDoorWantsOneHost(t *testing.T) {
	// Row 43, H2, RFC 9112 3.2.
	for _, c := range []struct {
		fields, reason string
	}{
		{"Host: example.com\r\n", ""},
		{"hOsT:\texample.com:80 \r\n", ""},
		{"", "no Host"},
		{"Host:\r\n", "no Host"},
		{"Host: a\r\nHost: a\r\n", "several Host fields"},
		{"Host: a\r\nhost: b\r\n", "several Host fields"},
		{"Host: a\r\nHost:\r\n", "several Host fields"},
		{"Host: [\r\n", `bad Host "["`},
		{"Host: a, b\r\n", `bad Host "a, b"`},
		{"Host: a/b\r\n", `bad Host "a/b"`},
		{"Hosts: a\r\n", "no Host"},
	} {
		h := mustParse(t, edit("Host: example.com\r\n", c.fields))
		_, err := h.Request()
		var e *Error
		if c.reason == "" && err != nil || c.reason != "" && (!errors.As(err, &e) || e.Status != 400 || e.Reason != c.reason) {
			t.Errorf("%q: %v", c.fields, err)
		}
	}
	h := mustParse(t, "GET / HTTP/1.1\r\nHost: first\r\nHost: second\r\n\r\n")
	if h.Host() != "first" {
		t.Errorf("Host() = %q", h.Host())
	}
	if h := mustParse(t, "PUT / HTTP/1.1\r\nX: y\r\n\r\n"); h.Host() != "" || h.Method() != "PUT" {
		t.Errorf("Host() = %q, Method() = %q", h.Host(), h.Method())
	}
}

func TestWhatWasAskedBeforeTheHeadWasWholeIsForgotten(t *testing.T) {
	// An impatient server looks at a head that is still coming. What it saw
	// must not hide what comes after.
	const body = "Content-Length: 6\r\n"
	head := edit("Sec-WebSocket-Version: 13\r\n", "Sec-WebSocket-Version: 13\r\n"+body)
	for cut := range len(head) {
		var h Head
		first := []byte(head[:cut])
		if _, err := h.Parse(first); err == nil {
			t.Fatal("a part is a whole head")
		}
		h.Host()
		h.Request()
		clear(first)
		if _, err := h.Parse([]byte(head)); err != nil {
			t.Fatal(err)
		}
		var e *Error
		if _, err := h.Request(); !errors.As(err, &e) || e.Reason != "a request for a WebSocket has no body" || h.Host() != "example.com" {
			t.Errorf("cut at %d: Host %q, %v", cut, h.Host(), err)
		}
	}
}

func TestResetForgetsAnUnfinishedHead(t *testing.T) {
	for cut := range len(browser) {
		var h Head
		h.Parse([]byte(browser[:cut]))
		h.Host() // which sorts the fields so far
		h.Reset()
		if h.Method() != "" || h.Target() != "" || h.Host() != "" {
			t.Errorf("cut at %d: left %s %s %s", cut, h.Method(), h.Target(), h.Host())
		}
		for range h.All() {
			t.Errorf("cut at %d: a field is left", cut)
		}
		if n, err := h.Parse([]byte(browser)); n != len(browser) || err != nil {
			t.Errorf("cut at %d: %d, %v", cut, n, err)
		}
		if _, err := h.Request(); err != nil {
			t.Errorf("cut at %d: %v", cut, err)
		}
	}
}

func TestFieldsCanBeLeftBeforeTheirEnd(t *testing.T) {
	seen := ""
	for name := range mustParse(t, browser).All() {
		seen += name + ";"
		if name == "Connection" {
			break
		}
	}
	if seen != "Host;Connection;" {
		t.Error(seen)
	}
}

func TestNetHTTPsRequestIsMadeOfTheHeadAlone(t *testing.T) {
	r, err := mustParse(t, edit("\r\n\r\n", "\r\nContent-Length: 0\r\n\r\n")+"\x81\x80frames").HTTPRequest()
	if err != nil || r.Body != http.NoBody || r.Host != "example.com" || r.Header.Get("Sec-WebSocket-Key") != sampleKey {
		t.Errorf("%+v, %v", r, err)
	}
	// A body that was announced is not there, whatever lies behind the head.
	r, err = mustParse(t, edit("\r\n\r\n", "\r\nContent-Length: 6\r\n\r\n")+"\x81\x80frames").HTTPRequest()
	if err != nil {
		t.Fatal(err)
	}
	var body bytes.Buffer
	if n, err := body.ReadFrom(r.Body); n > 0 || err == nil {
		t.Errorf("body %q, %v", body.Bytes(), err)
	}
}

func TestEveryControlByteIsFoundWhereverItStands(t *testing.T) {
	// RFC 9110 5.5. Words of eight bytes are looked at together, so each byte
	// stands at each place of a word, beside bytes that borrow and carry.
	for c := range 256 {
		want := c < ' ' && c != '\t' || c == 0x7F
		for length := range 26 {
			for at := range length {
				for _, around := range []byte{'a', ' ', '\t', 0x80, 0xFF, '~', '!'} {
					b := bytes.Repeat([]byte{around}, length)
					b[at] = byte(c)
					n := length
					if want {
						n = at
					}
					if got := textLen(b); got != n {
						t.Fatalf("textLen(%q) = %d, want %d", b, got, n)
					}
				}
			}
		}
	}
}

func TestTheTargetIsAPath(t *testing.T) {
	// RFC 9112 3.2.1, RFC 3986 3.3 and 3.4.
	for c := range 256 {
		plain := '!' <= c && c <= '~' && c != '#' && c != '%' && c != '?'
		for target, want := range map[string]bool{
			"/x" + string([]byte{byte(c)}):        plain || c == '?',
			"/" + string([]byte{byte(c)}) + "x":   (plain || c == '?') && c != '/',
			"/?" + string([]byte{byte(c)}):        plain || c == '?' || c == '%',
			"/?a" + string([]byte{byte(c), 'b'}):  plain || c == '?' || c == '%',
			"/%4" + string([]byte{byte(c)}):       strings.ContainsRune("0123456789abcdefABCDEF", rune(c)),
			"/%" + string([]byte{byte(c)}) + "4x": strings.ContainsRune("0123456789abcdefABCDEF", rune(c)),
			string([]byte{byte(c)}):               c == '/',
		} {
			if got := isOriginForm([]byte(target)); got != want {
				t.Errorf("isOriginForm(%q) = %v", target, got)
			}
		}
	}
	for target, want := range map[string]bool{
		"": false, "/": true, "//": false, "/a//b": true, "/?//": true, "/%41": true, "/%": false, "/%4": false, "/a%": false, "/?%": true, "/a?%4": true, "/%?4": false,
	} {
		if got := isOriginForm([]byte(target)); got != want {
			t.Errorf("isOriginForm(%q) = %v", target, got)
		}
	}
}

func TestTheVersionIsTwoDigits(t *testing.T) {
	// RFC 9112 2.3.
	for major := range 256 {
		for minor := range 256 {
			b := []byte{' ', 'H', 'T', 'T', 'P', '/', byte(major), '.', byte(minor)}
			want := '0' <= major && major <= '9' && '0' <= minor && minor <= '9'
			gotMajor, gotMinor, ok := parseVersion(b)
			if ok != want || ok && (gotMajor != major-'0' || gotMinor != minor-'0') {
				t.Fatalf("%q: %d.%d, %v", b, gotMajor, gotMinor, ok)
			}
		}
	}
	for _, s := range []string{"", " HTTP/1.", " HTTP/1.11", "XHTTP/1.1", " HTTP/1,1", " http/1.1", " HTTP 1.1", " HTTP/11."} {
		if _, _, ok := parseVersion([]byte(s)); ok {
			t.Errorf("%q is a version", s)
		}
	}
	for _, c := range []struct {
		version string
		status  int // of Parse, or else of Request
	}{{"0.9", 505}, {"0.0", 505}, {"1.0", 400}, {"1.1", 0}, {"1.2", 0}, {"1.9", 0}, {"2.0", 505}, {"9.9", 505}} {
		var h Head
		_, err := h.Parse([]byte(edit("HTTP/1.1", "HTTP/"+c.version)))
		if err == nil {
			_, err = h.Request()
		}
		if got := verdict(t, err); got != c.status {
			t.Errorf("HTTP/%s: %v", c.version, err)
		}
	}
}

func TestLimitsAreTheSameThroughBothDoors(t *testing.T) {
	// H1. To the byte: what a limit of n lets pass, and one of n-1 does not.
	const head = "GET /a HTTP/1.1\r\nHost: example.com\r\nX-Id: 1\r\nX-Id: 23\r\nX-Long: abcdefghijklmnopqrstuvwxyz\r\n\r\n"
	for _, c := range []struct {
		name, head          string
		bytes, line, fields int // the least limits
		over                int // status of what is over line
	}{
		{"a field is longest", head, len(head), len("X-Long: abcdefghijklmnopqrstuvwxyz"), 4, 431},
		{"the target is longest", "GET /aaaaaaaaaaaaaaaaaaaaaaaaaa HTTP/1.1\r\nHost: a\r\n\r\n", 53, 40, 1, 414},
		{"the host is longest", "GET / HTTP/1.1\r\nHost: abcdefghijklmnopqrstuvwxyz\r\nX: y\r\n\r\n", 58, 32, 2, 431},
		{"nothing but a line", "GET / HTTP/1.1\r\n\r\n", 18, 14, 0, 414},
	} {
		if len(c.head) != c.bytes {
			t.Fatalf("%s: %d bytes", c.name, len(c.head))
		}
		for _, l := range []struct {
			limits HeadLimits
			status int
		}{
			{HeadLimits{}, 0},
			{HeadLimits{Bytes: c.bytes, Line: c.line, Fields: c.fields}, 0}, // the bare minimum
			{HeadLimits{Bytes: c.bytes - 1}, 431},
			{HeadLimits{Line: c.line - 1}, c.over},
			{HeadLimits{Fields: max(c.fields-1, 1)}, map[bool]int{true: 431}[c.fields > 1]},
			{HeadLimits{-1, -1, -1}, 0},
			{HeadLimits{1<<30 + 1, 1 << 30, 1 << 29}, 0},
		} {
			raw := Head{Limits: l.limits}
			_, rawErr := raw.Parse([]byte(c.head))
			r, err := mustParse(t, c.head).HTTPRequest()
			if err != nil {
				t.Fatal(err)
			}
			httpErr := l.limits.Check(r)
			if verdict(t, rawErr) != l.status || fmt.Sprint(rawErr) != fmt.Sprint(httpErr) {
				t.Errorf("%s, %+v: %v, behind net/http %v; want status %d", c.name, l.limits, rawErr, httpErr, l.status)
			}
		}
	}
}

func TestLimitsOfMoreThanAGiBAreOne(t *testing.T) {
	l := HeadLimits{Bytes: 1<<30 + 1, Line: -1, Fields: -7}.effective()
	if want := (HeadLimits{1 << 30, 1 << 30, 1 << 30}); l != want {
		t.Errorf("%+v", l)
	}
	if l := (HeadLimits{Bytes: 1 << 30, Line: 1, Fields: 0}).effective(); l != (HeadLimits{1 << 30, 1, 100}) {
		t.Errorf("%+v", l)
	}
}

func TestARefusalHasABodyWhereHTTPAllowsOne(t *testing.T) {
	// RFC 9110 9.3.2, RFC 9112 6.3: none to HEAD, and none of status 304,
	// whatever Content-Length says.
	for _, c := range []struct {
		method string
		status int
		body   string
	}{
		{"GET", 403, "no\n"}, {"POST", 405, "no\n"}, {"head", 405, "no\n"}, {"HEADS", 405, "no\n"}, {"GET", 300, "no\n"}, {"GET", 599, "no\n"},
		{"HEAD", 405, ""}, {"GET", 304, ""}, {"HEAD", 304, ""},
	} {
		h := mustParse(t, edit("GET", c.method))
		err := &Error{Status: c.status, Reason: "no"}
		raw := h.AppendRefusal([]byte("before"), err)
		head, body, ok := strings.Cut(string(raw), "\r\n\r\n")
		if !ok || body != c.body || !strings.HasPrefix(head, fmt.Sprintf("beforeHTTP/1.1 %d ", c.status)) || !strings.Contains(head, "\r\nContent-Length: 3\r\n") {
			t.Errorf("%s, %d: %q", c.method, c.status, raw)
		}
		if whole := AppendRefusal([]byte("before"), err); !bytes.HasPrefix(whole, raw) || c.method != "HEAD" && len(whole) != len(raw) {
			t.Errorf("%s, %d: %q, without a head %q", c.method, c.status, raw, whole)
		}
	}
	// Nobody knows the method of what could not be read.
	var h Head
	_, err := h.Parse([]byte("HEAD nothing\r\n"))
	if got, want := string(h.AppendRefusal(nil, err)), string(AppendRefusal(nil, err)); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	// But where the line of the request was right, what follows may be wrong.
	h.Reset()
	_, err = h.Parse([]byte("HEAD / HTTP/1.1\r\n:\r\n"))
	if got := string(h.AppendRefusal(nil, err)); !strings.HasSuffix(got, "\r\n\r\n") {
		t.Errorf("%q", got)
	}
}

func TestFieldsOfOneNameInTwoCasesAreOneList(t *testing.T) {
	// A header that is no map of canonical names, in whatever order maps come.
	err := &Error{Status: 401, Reason: "no", Header: http.Header{"WWW-Authenticate": {"a"}, "Www-Authenticate": {"b", "\n"}, "www-authenticate": {"c"}}}
	for range 100 {
		if got := string(AppendRefusal(nil, err)); !strings.Contains(got, "\r\nWww-Authenticate: a\r\nWww-Authenticate: b\r\nWww-Authenticate: c\r\n") {
			t.Fatalf("%q", got)
		}
	}
}

func TestWhatIsWrongFirstDecides(t *testing.T) {
	// However much of the head is there already.
	const first = "GET / HTTP/1.1\r\n"
	for _, c := range []struct {
		limits       HeadLimits
		head, reason string
	}{
		{HeadLimits{}, first + " a: b\r\n\r\n", "a folded field line"},
		{HeadLimits{}, first + "a: b\r\n\tc\r\n\r\n", "a folded field line"},
		{HeadLimits{}, first + "a : b\r\n\r\n", "a field line that is not a token and a colon"},
		{HeadLimits{}, first + "a\r\n\r\n", "a field line that is not a token and a colon"},
		{HeadLimits{}, first + ": b\r\n\r\n", "a field line that is not a token and a colon"},
		{HeadLimits{}, first + "a: b\n:\r\n\r\n", "a line that does not end with CR LF"},
		{HeadLimits{}, first + "a: b\rc\x00\r\n\r\n", "a line that does not end with CR LF"},
		{HeadLimits{}, first + "a: b\x00\r\r\n\r\n", "a control byte"},
		{HeadLimits{}, "GET / HTTP/3.0\n", "a line that does not end with CR LF"},
		{HeadLimits{}, "GET / HTTP/3.0\r\n:\r\n\r\n", "only HTTP/1.1 is spoken here"},
		{HeadLimits{}, "GET * HTTP/1.1\r\n:\r\n\r\n", "the request target is not a path"},
		{HeadLimits{}, "GET * HTTP/1.x\r\n", "the request line does not end with a version of HTTP"},
		{HeadLimits{}, "GET *\r\n", "the request line is not a method, a target and a version"},
		{HeadLimits{Bytes: 20}, first + "a: b\r\n:\r\n\r\n", "a head of more than 20 bytes (HeadLimits.Bytes)"},
		{HeadLimits{Bytes: 22}, first + "a: b\r\n:\r\n\r\n", "a head of more than 22 bytes (HeadLimits.Bytes)"},
		{HeadLimits{Bytes: 26}, first + "a: b\r\n:\r\n\r\n", "a field line that is not a token and a colon"},
		{HeadLimits{Bytes: 20, Fields: 1}, first + "a: b\r\nc: d\r\n\r\n", "a head of more than 20 bytes (HeadLimits.Bytes)"},
		{HeadLimits{Bytes: 40, Fields: 1}, first + "a: b\r\nc: d\r\n\r\n", "more than 1 field lines (HeadLimits.Fields)"},
		{HeadLimits{Bytes: 40, Fields: 1}, first + "a: b\r\nc\r\n\r\n", "more than 1 field lines (HeadLimits.Fields)"},
		{HeadLimits{Line: 14}, first + "a: 0123456789abcdef\x00\r\n\r\n", "a field line of more than 14 bytes (HeadLimits.Line)"},
		{HeadLimits{Line: 14}, first + "a: 0123456789a\x00\r\n\r\n", "a control byte"},
		{HeadLimits{Line: 14}, first + "0123456789abcdef : b\r\n\r\n", "a field line of more than 14 bytes (HeadLimits.Line)"},
		{HeadLimits{Line: 14, Bytes: 30}, first + "a: 0123456789abcdef\r\n\r\n", "a head of more than 30 bytes (HeadLimits.Bytes)"},
		{HeadLimits{Line: 14, Bytes: 31}, first + "a: 0123456789abcdef\r\n\r\n", "a head of more than 31 bytes (HeadLimits.Bytes)"},
		{HeadLimits{Line: 14, Bytes: 32}, first + "a: 0123456789abcdef\r\n\r\n", "a field line of more than 14 bytes (HeadLimits.Line)"},
		{HeadLimits{Line: 10}, first, "request line of more than 10 bytes (HeadLimits.Line)"},
		{HeadLimits{Bytes: 10}, first, "a head of more than 10 bytes (HeadLimits.Bytes)"},
		{HeadLimits{Line: 10}, "GET\x00" + first, "a control byte"},
		{HeadLimits{Line: 10}, "GET / HTTP/\x00" + first, "request line of more than 10 bytes (HeadLimits.Line)"},
	} {
		for piece := 1; piece <= len(c.head); piece++ {
			h := Head{Limits: c.limits}
			_, err := parseInPieces(&h, c.head, piece)
			var e *Error
			if !errors.As(err, &e) || e.Reason != c.reason {
				t.Errorf("%q with %+v, in pieces of %d: %v, want %s", c.head, c.limits, piece, err, c.reason)
				break
			}
		}
	}
}

func TestOnlyHTTP11AndLaterOfMajorOneIsAnUpgrade(t *testing.T) {
	// Row 43, RFC 6455 4.2.1 item 1, RFC 8441 5; behind anybody's parser.
	for _, c := range []struct{ major, minor, status int }{{0, 9, 400}, {0, 0, 400}, {1, 0, 400}, {1, 1, 0}, {1, 2, 0}, {2, 0, 426}, {3, 0, 426}} {
		r := readRequest(t, browser)
		r.ProtoMajor, r.ProtoMinor = c.major, c.minor
		_, err := ParseRequest(r)
		if got := verdict(t, err); got != c.status {
			t.Errorf("HTTP/%d.%d: %v", c.major, c.minor, err)
		}
	}
}

func TestNoFieldStandsForAMissingHost(t *testing.T) {
	for _, field := range []string{"X-Forwarded-Host", "Forwarded", "X-Host", "X-Original-Host"} {
		r := readRequest(t, browser)
		r.Host = ""
		r.Header[field] = []string{"example.com"}
		var e *Error
		if _, err := ParseRequest(r); !errors.As(err, &e) || e.Status != 400 || e.Reason != "no Host" {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestARefusalLeavesNothingOfAnotherBodyOrConnection(t *testing.T) {
	// Middleware may have set these for the answer that it expected.
	const other = "of another answer"
	for major := 1; major <= 3; major++ {
		w := httptest.NewRecorder()
		for _, name := range []string{"Connection", "Content-Encoding", "Content-Length", "Transfer-Encoding", "Upgrade", "Content-Type", "X-Content-Type-Options"} {
			w.Header()[name] = []string{other}
		}
		Refuse(w, &http.Request{Method: "GET", ProtoMajor: major}, &Error{Status: 403, Reason: "no"})
		want := http.Header{"Content-Type": {"text/plain; charset=utf-8"}, "X-Content-Type-Options": {"nosniff"}}
		if major == 1 {
			want["Connection"] = []string{"close"}
		}
		if diff := cmp.Diff(want, w.Header()); diff != "" {
			t.Errorf("HTTP/%d: %s", major, diff)
		}
	}
}

func TestOnlyAConnectionWithABodyIsCutShort(t *testing.T) {
	// Over HTTP/2 a deadline would be that of the stream, whose frames are read
	// by the server anyway.
	for _, c := range []struct {
		major  int
		length int64
		cut    bool
	}{{1, 0, false}, {1, 6, true}, {1, -1, true}, {2, 0, false}, {2, 6, false}, {2, -1, false}, {3, -1, false}} {
		w := &deadlineRecorder{ResponseRecorder: httptest.NewRecorder()}
		Refuse(w, &http.Request{Method: "POST", ProtoMajor: c.major, ContentLength: c.length}, &Error{Status: 403, Reason: "no"})
		if w.cut != c.cut || w.Code != 403 {
			t.Errorf("HTTP/%d, length %d: status %d, deadline %v", c.major, c.length, w.Code, w.cut)
		}
	}
}

// deadlineRecorder notes whether reading was ended before the answer.
type deadlineRecorder struct {
	*httptest.ResponseRecorder
	cut bool
}

func (w *deadlineRecorder) SetReadDeadline(at time.Time) error {
	w.cut = at.Before(time.Now()) && !w.Flushed && w.Body.Len() == 0
	return nil
}

func TestSeveralOriginsAreRefusedWithoutAPolicy(t *testing.T) {
	// O1: also where the application asks neither SameOrigin nor Origins.
	head := edit(originField, originField+originField)
	_, err := ParseRequest(readRequest(t, head))
	_, rawErr := mustParse(t, head).Request()
	if verdict(t, err) != 400 || verdict(t, rawErr) != 400 {
		t.Errorf("%v, and without net/http %v", err, rawErr)
	}
}

func TestPatienceHasAnEnd(t *testing.T) {
	// Reads that bring nothing are fine as long as something comes between.
	var h Head
	for idle := range 102 {
		reads := 0
		slow := func(s string) io.Reader {
			r := &inPieces{s, 100}
			reads = 0
			return readerFunc(func(p []byte) (int, error) {
				if reads++; reads%(idle+1) != 0 {
					return 0, nil
				}
				return r.Read(p)
			})
		}
		rest, err := ReadHead(slow(browser), &h, nil)
		if idle < 100 && (err != nil || len(rest) > 0 || h.Host() != "example.com") || idle >= 100 && (err != io.ErrNoProgress || reads != 100) {
			t.Errorf("%d empty reads before each: %q, %v after %d reads", idle, rest, err, reads)
		}
		_, rest, err = ReadResponse(slow(agreed), nil)
		if idle < 100 && (err != nil || len(rest) > 0) || idle >= 100 && (!errors.Is(err, io.ErrNoProgress) || reads != 100) {
			t.Errorf("%d empty reads before each: %q, %v after %d reads", idle, rest, err, reads)
		}
	}
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestTheCauseOfARefusalIsNotTold(t *testing.T) {
	// The reason is for the other side, the cause is not.
	err := fmt.Errorf("hook: %w", &Error{Status: 403, Reason: "no", Err: errors.New("secret")})
	if got := string(AppendRefusal(nil, err)); !strings.HasPrefix(got, "HTTP/1.1 403 Forbidden\r\n") || !strings.HasSuffix(got, "\r\n\r\nno\n") || strings.Contains(got, "secret") {
		t.Errorf("%q", got)
	}
}
