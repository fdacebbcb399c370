package handshake

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// parsed tells what h holds.
func parsed(h *Head) string {
	s := fmt.Sprintf("%s %s %d.%d", h.Method(), h.Target(), h.major, h.minor)
	for name, value := range h.All() {
		s += fmt.Sprintf("\n%q: %q", name, value)
	}
	return s
}

func TestAHeadIsReadWhereItLies(t *testing.T) {
	const (
		head   = "GET /chat?x=%zz|y HTTP/1.1\r\nHost:example.com\r\nX-Empty:\r\nx-tab: \t a\tb \t\r\nx-TAB: \xE9\r\n\r\n"
		behind = "\x81\x80\x00\x00\x00\x00"
	)
	var h Head
	n, err := h.Parse([]byte(head + behind))
	if err != nil || n != len(head) {
		t.Fatalf("length %d, %v", n, err)
	}
	want := "GET /chat?x=%zz|y 1.1\n\"Host\": \"example.com\"\n\"X-Empty\": \"\"\n\"x-tab\": \"a\\tb\"\n\"x-TAB\": \"\\xe9\""
	if diff := cmp.Diff(want, parsed(&h)); diff != "" {
		t.Error(diff)
	}
	if h.Host() != "example.com" || h.Get("X-Tab") != "a\tb" || h.Get("x-none") != "" {
		t.Errorf("host %q, X-Tab %q", h.Host(), h.Get("X-Tab"))
	}
	r, err := h.HTTPRequest()
	if err != nil || r.URL.Path != "/chat" || r.Header.Get("X-Tab") != "a\tb" || r.Host != "example.com" {
		t.Errorf("as net/http's: %v, %v", r, err)
	}
}

// syntax are heads that are no HTTP, tests H2 of which none may be let pass.
var syntax = []struct {
	name, head string
	status     int
}{
	{"empty first line", "\r\n", 400},
	{"no version", "GET /\r\n", 400},
	{"no target", "GET HTTP/1.1\r\n", 400},
	{"two spaces", "GET  / HTTP/1.1\r\n", 400},
	{"space at the end", "GET / HTTP/1.1 \r\n", 400},
	{"space in front", " GET / HTTP/1.1\r\n", 400},
	{"no method", " / HTTP/1.1\r\n", 400},
	{"tab for space", "GET\t/ HTTP/1.1\r\n", 400},
	{"method is no token", "G(T / HTTP/1.1\r\n", 400},
	{"lower-case http", "GET / http/1.1\r\n", 400},
	{"version of two digits", "GET / HTTP/1.10\r\n", 400},
	{"version without a dot", "GET / HTTP/101\r\n", 400},
	{"major version 2", "GET / HTTP/2.0\r\n", 505},
	{"HTTP/2 preface", "PRI * HTTP/2.0\r\n", 505},
	{"absolute form", "GET http://example.com/ HTTP/1.1\r\n", 400},
	{"asterisk form", "GET * HTTP/1.1\r\n", 400},
	{"authority form", "GET example.com:80 HTTP/1.1\r\n", 400},
	{"two slashes in front", "GET //evil.com/ HTTP/1.1\r\n", 400},
	{"fragment", "GET /#top HTTP/1.1\r\n", 400},
	{"bad escape in the path", "GET /%zz HTTP/1.1\r\n", 400},
	{"escape cut short", "GET /%2 HTTP/1.1\r\n", 400},
	{"8-bit target", "GET /\xE9 HTTP/1.1\r\n", 400},
	{"NUL in the target", "GET /\x00 HTTP/1.1\r\n", 400},
	{"DEL in the target", "GET /\x7F HTTP/1.1\r\n", 400},
	{"bare LF behind the first line", "GET / HTTP/1.1\n", 400},
	{"bare LF behind a field", "GET / HTTP/1.1\r\nHost: a\n", 400},
	{"bare CR in a field", "GET / HTTP/1.1\r\nHost: a\rb\r\n", 400},
	{"CR CR LF", "GET / HTTP/1.1\r\nHost: a\r\r\n", 400},
	{"CR and no LF at the end", "GET / HTTP/1.1\r\nHost: a\r\n\rX", 400},
	{"LF alone at the end", "GET / HTTP/1.1\r\nHost: a\r\n\n", 400},
	{"NUL in a value", "GET / HTTP/1.1\r\nHost: a\x00\r\n", 400},
	{"ESC in a value", "GET / HTTP/1.1\r\nX: long enough \x1B[31m for a word\r\n", 400},
	{"DEL in a value", "GET / HTTP/1.1\r\nX: \xFF\x7F long enough\r\n", 400},
	{"folded line", "GET / HTTP/1.1\r\nX: a\r\n b\r\n", 400},
	{"folded with a tab", "GET / HTTP/1.1\r\nX: a\r\n\tb\r\n", 400},
	{"space before the colon", "GET / HTTP/1.1\r\nHost : a\r\n", 400},
	{"no colon", "GET / HTTP/1.1\r\nHost\r\n", 400},
	{"empty name", "GET / HTTP/1.1\r\n: a\r\n", 400},
	{"name is no token", "GET / HTTP/1.1\r\nA(b: c\r\n", 400},
	{"8-bit name", "GET / HTTP/1.1\r\nH\xF6st: c\r\n", 400},
}

func TestH2HeadsThatAreNoHTTPAreRefused(t *testing.T) {
	for _, tc := range syntax {
		t.Run(tc.name, func(t *testing.T) {
			for _, more := range []string{"", "Host: a\r\n\r\n"} {
				var h Head
				_, err := h.Parse([]byte(tc.head + more))
				var e *Error
				if !errors.As(err, &e) || e.Status != tc.status || e.Section == "" {
					t.Errorf("with %q behind: %v, want status %d", more, err, tc.status)
				}
			}
		})
	}
}

func TestH1LimitsOfAHead(t *testing.T) {
	const first = "GET / HTTP/1.1\r\n"
	fields := func(n int) string { return strings.Repeat("a: b\r\n", n) }
	long := func(line int) string { return "x: " + strings.Repeat("y", line-3) + "\r\n" }
	target := func(line int) string { return "GET /" + strings.Repeat("y", line-14) + " HTTP/1.1\r\n" }
	for _, tc := range []struct {
		name   string
		limits HeadLimits
		head   string
		status int // 0 if it is let pass
	}{
		{"100 fields", HeadLimits{}, first + fields(100) + "\r\n", 0},
		{"101 fields", HeadLimits{}, first + fields(101) + "\r\n", 431},
		{"a line of 8 KiB", HeadLimits{}, first + long(8<<10) + "\r\n", 0},
		{"a line of 8 KiB and 1", HeadLimits{}, first + long(8<<10+1) + "\r\n", 431},
		{"a request line of 8 KiB", HeadLimits{}, target(8<<10) + "\r\n", 0},
		{"a request line of 8 KiB and 1", HeadLimits{}, target(8<<10+1) + "\r\n", 414},
		{"16 KiB", HeadLimits{}, first + long(8190) + long(16<<10-16-8192-2-2) + "\r\n", 0},
		{"16 KiB and 1", HeadLimits{}, first + long(8190) + long(16<<10-16-8192-2-2+1) + "\r\n", 431},
		{"own limits", HeadLimits{Bytes: 50, Line: 20, Fields: 2}, first + "a: b\r\nc: d\r\n\r\n", 0},
		{"own limit of fields", HeadLimits{Fields: 1}, first + "a: b\r\nc: d\r\n\r\n", 431},
		{"own limit of a line", HeadLimits{Line: 14}, first + "a: 012345678901\r\n\r\n", 431},
		{"own limit of bytes", HeadLimits{Bytes: 23}, first + "a: b\r\n\r\n", 431},
		{"own limit of bytes, just met", HeadLimits{Bytes: 24}, first + "a: b\r\n\r\n", 0},
		{"no limits", HeadLimits{-1, -1, -1}, first + fields(1000) + long(20<<10) + "\r\n", 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, piece := range []int{1, 7, 1000, len(tc.head)} {
				h := Head{Limits: tc.limits}
				n, err := parseInPieces(&h, tc.head, piece)
				var e *Error
				switch {
				case tc.status == 0 && (err != nil || n != len(tc.head)):
					t.Errorf("pieces of %d: length %d of %d, %v", piece, n, len(tc.head), err)
				case tc.status != 0 && (!errors.As(err, &e) || e.Status != tc.status || !strings.Contains(e.Reason, "HeadLimits.")):
					t.Errorf("pieces of %d: %v, want status %d", piece, err, tc.status)
				}
			}
		})
	}
}

// parseInPieces gives head to h, some bytes more each time, and each time in
// other memory.
func parseInPieces(h *Head, head string, piece int) (n int, err error) {
	for end := 0; ; {
		end = min(end+piece, len(head))
		n, err = h.Parse([]byte(head[:end]))
		if end == len(head) || !errors.Is(err, io.ErrUnexpectedEOF) {
			return n, err
		}
	}
}

func TestH1AnEndlessHeadIsRefusedAtTheLimit(t *testing.T) {
	for name, text := range map[string]string{"line": "x", "field": "a: b\r\n", "value": "a: "} {
		var h Head
		r := &endlessHead{start: "GET / HTTP/1.1\r\n", text: text}
		_, err := ReadHead(r, &h, nil)
		var e *Error
		if !errors.As(err, &e) || e.Status != 431 {
			t.Errorf("endless %s: %v", name, err)
		}
		if r.read > DefaultHeadBytes {
			t.Errorf("endless %s: %d bytes were read", name, r.read)
		}
	}
}

// endlessHead brings start, and then its text again and again, one byte at a time.
type endlessHead struct {
	start, text string
	read        int
}

func (r *endlessHead) Read(p []byte) (int, error) {
	if r.read < len(r.start) {
		p[0] = r.start[r.read]
	} else {
		p[0] = r.text[(r.read-len(r.start))%len(r.text)]
	}
	r.read++
	return 1, nil
}

// someHead generates heads that are nearly right.
func someHead() *rapid.Generator[string] {
	pieces := []string{
		"GET / HTTP/1.1\r\n", "Host: a\r\n", "Host:a", "\r\n", "\r", "\n", " ", "\t", ":", "x", "x: y\r\n", "\x00", "\x7F", "\xFF",
		"Upgrade: websocket\r\n", strings.Repeat("a", 30), strings.Repeat("a: b\r\n", 5), "\r\n\r\n",
	}
	return rapid.Custom(func(t *rapid.T) string {
		return "GET / HTTP/1.1\r\n" + strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 12).Draw(t, "pieces"), "")
	})
}

func TestAnyCutOfAHeadGivesTheSameAnswer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		head := someHead().Draw(t, "head")
		limits := HeadLimits{Bytes: rapid.IntRange(1, 200).Draw(t, "bytes"), Line: rapid.IntRange(14, 60).Draw(t, "line"), Fields: rapid.IntRange(1, 8).Draw(t, "fields")}
		whole := Head{Limits: limits}
		wantN, wantErr := whole.Parse([]byte(head))
		want := fmt.Sprint(wantN, wantErr)
		if wantErr == nil {
			want += parsed(&whole)
		}
		cut := Head{Limits: limits}
		var n int
		var err error
		for end := 0; ; {
			end = min(end+rapid.IntRange(0, 40).Draw(t, "piece"), len(head))
			n, err = cut.Parse([]byte(head[:end]))
			if end == len(head) || !errors.Is(err, io.ErrUnexpectedEOF) {
				break
			}
		}
		got := fmt.Sprint(n, err)
		if err == nil {
			got += parsed(&cut)
		}
		if got != want {
			t.Fatalf("in pieces:\n%s\nwhole:\n%s", got, want)
		}
	})
}

func TestAHeadIsUsedAgain(t *testing.T) {
	var h Head
	for _, head := range []string{browser, "GET /other HTTP/1.1\r\nHost: b\r\n\r\n", browser} {
		if _, err := ReadHead(strings.NewReader(head), &h, make([]byte, 16)); err != nil {
			t.Fatal(err)
		}
		var fresh Head
		if _, err := fresh.Parse([]byte(head)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(parsed(&fresh), parsed(&h)); diff != "" {
			t.Error(diff)
		}
		if got, want := h.Host(), fresh.Host(); got != want {
			t.Errorf("host %q, want %q", got, want)
		}
		req, err := h.Request()
		freshReq, freshErr := fresh.Request()
		if diff := cmp.Diff(freshReq, req); diff != "" && freshErr == nil || fmt.Sprint(err) != fmt.Sprint(freshErr) {
			t.Error(diff, err, freshErr)
		}
	}
}

func TestReadHeadKeepsWhatIsBehindTheHead(t *testing.T) {
	const frames = "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"
	for piece := 1; piece < 40; piece++ {
		var h Head
		rest, err := ReadHead(&inPieces{browser + frames, piece}, &h, make([]byte, 0, 100))
		if err != nil || !strings.HasPrefix(frames, string(rest)) || piece > 30 && len(rest) == 0 && len(browser)%piece != 0 {
			t.Errorf("pieces of %d: rest %q, %v", piece, rest, err)
		}
	}
	var h Head
	rest, err := ReadHead(strings.NewReader(browser+frames), &h, make([]byte, 1<<10))
	if err != nil || string(rest) != frames {
		t.Errorf("rest %q, %v", rest, err)
	}
}

// inPieces brings at most n bytes at a time.
type inPieces struct {
	text string
	n    int
}

func (r *inPieces) Read(p []byte) (int, error) {
	n := copy(p, r.text[:min(r.n, len(r.text))])
	r.text = r.text[n:]
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

func TestReadHeadTellsHowTheStreamEnded(t *testing.T) {
	broken := errors.New("broken")
	for _, tc := range []struct {
		name string
		r    io.Reader
		want error
	}{
		{"at once", strings.NewReader(""), io.EOF},
		{"inside the head", strings.NewReader(browser[:40]), io.ErrUnexpectedEOF},
		{"broken", io.MultiReader(strings.NewReader(browser[:40]), failing{broken}), broken},
		{"stuck", failing{nil}, io.ErrNoProgress},
	} {
		var h Head
		if _, err := ReadHead(tc.r, &h, nil); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", tc.name, err, tc.want)
		}
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestARawHandshakeAllocatesNothing(t *testing.T) {
	var h Head
	r := strings.NewReader("")
	buf, dst := make([]byte, 4<<10), make([]byte, 0, 1<<10)
	allocs := testing.AllocsPerRun(100, func() {
		r.Reset(browser)
		if _, err := ReadHead(r, &h, buf); err != nil {
			t.Fatal(err)
		}
		req, err := h.Request()
		if err != nil {
			t.Fatal(err)
		}
		if err := h.SameOrigin(false); err != nil {
			t.Fatal(err)
		}
		if _, err := AppendResponse(dst, Response{Subprotocol: "chat"}, req, nil); err != nil {
			t.Fatal(err)
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func TestSeveralLinesOfAFieldAreOneList(t *testing.T) {
	head := edit("Sec-WebSocket-Protocol: chat, superchat\r\n", "sec-websocket-protocol: chat\r\nX: y\r\nSec-WebSocket-Protocol: superchat\r\n")
	var h Head
	if _, err := h.Parse([]byte(head)); err != nil {
		t.Fatal(err)
	}
	req, err := h.Request()
	if err != nil || !slices.Equal(req.Subprotocols, []string{"chat", "superchat"}) {
		t.Errorf("%v, %v", req.Subprotocols, err)
	}
}
