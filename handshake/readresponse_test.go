package handshake

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// cuts returns readers that bring s in pieces: cut anywhere, byte by byte, and
// with the end of the stream beside the last piece.
func cuts(s string) map[string]io.Reader {
	readers := map[string]io.Reader{
		"whole":              strings.NewReader(s),
		"a byte at a time":   iotest.OneByteReader(strings.NewReader(s)),
		"half":               iotest.HalfReader(strings.NewReader(s)),
		"end with the bytes": iotest.DataErrReader(strings.NewReader(s)),
	}
	for i := range min(len(s), 512) {
		readers[fmt.Sprintf("cut at %d", i)] = io.MultiReader(strings.NewReader(s[:i]), strings.NewReader(s[i:]))
	}
	return readers
}

// outcome is all that can be seen of ReadResponse.
type outcome struct {
	Status   int
	Header   http.Header
	Body     string
	Rest     string
	Error    string
	ErrEnded bool
}

func read(r io.Reader) (o outcome) {
	resp, behind, err := ReadResponse(r, nil)
	if err != nil {
		return outcome{Error: err.Error(), ErrEnded: errors.Is(err, io.ErrUnexpectedEOF)}
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		o.Error = err.Error()
	}
	later, err := io.ReadAll(r) // of the frames, what was not read with the head
	if err != nil {
		o.Error = err.Error()
	}
	o.Status, o.Header, o.Body = resp.StatusCode, resp.Header, string(body)
	if resp.StatusCode == 101 {
		o.Rest = string(behind) + string(later)
	} else if behind != nil {
		o.Error = "rest beside a status that is not 101"
	}
	return o
}

func TestAResponseIsReadTheSameHoweverItComes(t *testing.T) {
	const frames = "\x81\x02hi\x89\x00\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"
	h := func(pairs ...string) http.Header {
		h := http.Header{}
		for i := 0; i < len(pairs); i += 2 {
			h.Add(pairs[i], pairs[i+1])
		}
		return h
	}
	const hints = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
	for _, c := range []struct {
		name, stream string
		want         outcome
	}{
		{"101", "HTTP/1.1 101 X\r\nA: b\r\n\r\n", outcome{Status: 101, Header: h("A", "b")}},
		{"101 and frames (C4)", "HTTP/1.1 101 X\r\nA: b\r\n\r\n" + frames, outcome{Status: 101, Header: h("A", "b"), Rest: frames}},
		{"101 that announces a body, which it cannot have", "HTTP/1.1 101 X\r\nContent-Length: 3\r\n\r\n" + frames, outcome{Status: 101, Header: h("Content-Length", "3"), Rest: frames}},
		{"101 that announces chunks, which it cannot have", "HTTP/1.1 101 X\r\nTransfer-Encoding: chunked\r\n\r\n" + frames, outcome{Status: 101, Header: h(), Rest: frames}},
		{"lines that end in LF", "HTTP/1.1 101 X\nA: b\n\n" + frames, outcome{Status: 101, Header: h("A", "b"), Rest: frames}},
		{"no fields", "HTTP/1.1 101 X\r\n\r\n\r\n", outcome{Status: 101, Header: h(), Rest: "\r\n"}},
		{"100 and 103 before (RFC 9110 15.2)", "HTTP/1.1 100 Continue\r\n\r\n" + hints + "HTTP/1.1 101 X\r\n\r\n" + frames, outcome{Status: 101, Header: h(), Rest: frames}},
		{"H6: five interim responses", strings.Repeat(hints, 5) + "HTTP/1.1 101 X\r\n\r\n", outcome{Status: 101, Header: h()}},
		{"H6: six interim responses", strings.Repeat(hints, 6) + "HTTP/1.1 101 X\r\n\r\n", outcome{Error: "websocket: more than 5 interim responses, status 103"}},
		{"403 with a body", "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nnobehind", outcome{Status: 403, Header: h("Content-Length", "2"), Body: "no"}},
		{"403 with chunks", "HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n1\r\n!\r\n0\r\n\r\n", outcome{Status: 403, Header: h(), Body: "no!"}},
		{"403 and body to the end", "HTTP/1.1 403 Forbidden\r\n\r\nno", outcome{Status: 403, Header: h(), Body: "no"}},
		{"403 with less body than it says", "HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\nno", outcome{Status: 403, Header: h("Content-Length", "9"), Body: "no"}},
		{"403 with more than 1 KiB", "HTTP/1.1 403 Forbidden\r\nContent-Length: 2000\r\n\r\n" + strings.Repeat("x", 2000), outcome{Status: 403, Header: h("Content-Length", "2000"), Body: strings.Repeat("x", 1024)}},
		{"403 after 103", hints + "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno", outcome{Status: 403, Header: h("Content-Length", "2"), Body: "no"}},
		{"204", "HTTP/1.1 204 No Content\r\n\r\n", outcome{Status: 204, Header: h()}},
		{"nothing", "", outcome{Error: "websocket: no whole response head: unexpected EOF", ErrEnded: true}},
		{"end in the head", "HTTP/1.1 101 X\r\nA: b\r\n", outcome{Error: "websocket: no whole response head: unexpected EOF", ErrEnded: true}},
		{"end behind 103", hints, outcome{Error: "websocket: no whole response head, status 103: unexpected EOF", ErrEnded: true}},
		{"not HTTP (H2)", "SSH-2.0-OpenSSH\r\n\r\n", outcome{Error: `websocket: malformed response head (RFC 9112 4): malformed HTTP response "SSH-2.0-OpenSSH"`}},
		{"space before the colon (H2)", "HTTP/1.1 101 X\r\nA : b\r\n\r\n", outcome{Error: "websocket: malformed response head (RFC 9112 4)"}},
	} {
		for how, r := range cuts(c.stream) {
			got := read(r)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s, %s: %s", c.name, how, diff)
			}
		}
	}
}

func TestAMalformedHeadIsAnError(t *testing.T) {
	// H2 with the reader that we lean on: what it refuses, and so do we.
	for _, stream := range []string{
		"\r\nHTTP/1.1 101 X\r\n\r\n", "\n\n", "HTTP/1.1\r\n\r\n", "HTTP/1.1 1 X\r\n\r\n", "HTTP/1.1 -11 X\r\n\r\n", "HTTP/1.1 099 X\r\n\r\n", "HTTP/x 101 X\r\n\r\n",
		"HTTP/1.1 101 X\r\nA\r\n\r\n", "HTTP/1.1 101 X\r\n: b\r\n\r\n", "HTTP/1.1 101 X\r\nA : b\r\n\r\n", "HTTP/1.1 101 X\r\n A: b\r\n\r\n", "HTTP/1.1 101 X\r\nA: b\x00\r\n\r\n",
		"HTTP/1.1 200 X\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 200 X\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
	} {
		resp, rest, err := ReadResponse(strings.NewReader(stream), nil)
		var e *Error
		if !errors.As(err, &e) || resp != nil || rest != nil || e.Reason != "malformed response head" {
			t.Errorf("%q: %v", stream, err)
		}
	}
}

func TestAHeadHasItsLimits(t *testing.T) {
	// H6. The counter proves that nothing is read beyond the limit.
	const start, end = "HTTP/1.1 101 X\r\n", "\r\n\r\n"
	fill := func(n int) string { return start + "A: " + strings.Repeat("b", n-len(start)-len("A: ")-len(end)) + end }
	for _, c := range []struct {
		name   string
		stream io.Reader
		reason string
	}{
		{"16 KiB", strings.NewReader(fill(16 << 10)), ""},
		{"16 KiB, and frames", strings.NewReader(fill(16<<10) + "\x81\x00"), ""},
		{"16 KiB and a byte", strings.NewReader(fill(16<<10 + 1)), "response head of more than 16 KiB"},
		{"16 KiB in two heads", strings.NewReader("HTTP/1.1 103 X\r\n\r\n" + fill(16<<10-len("HTTP/1.1 103 X\r\n\r\n"))), ""},
		{"16 KiB and a byte in two heads", strings.NewReader("HTTP/1.1 103 X\r\n\r\n" + fill(16<<10-len("HTTP/1.1 103 X\r\n\r\n")+1)), "response head of more than 16 KiB"},
		{"endless line", endless("x"), "response head of more than 16 KiB"},
		{"endless line, a byte at a time", iotest.OneByteReader(endless("x")), "response head of more than 16 KiB"},
		{"endless fields", endless("A: b\r\n"), "response head of more than 100 fields"},
		{"endless interim responses", endless("HTTP/1.1 100 X\r\n\r\n"), "more than 5 interim responses"},
		{"endless empty lines", endless("\r\n"), "malformed response head"},
		{"100 fields", strings.NewReader(start + strings.Repeat("A: b\r\n", 100) + "\r\n"), ""},
		{"101 fields", strings.NewReader(start + strings.Repeat("A: b\r\n", 101) + "\r\n"), "response head of more than 100 fields"},
		{"10 000 fields", strings.NewReader(start + strings.Repeat("A: b\r\n", 10000) + "\r\n"), "response head of more than 100 fields"},
	} {
		counter := &countReader{r: c.stream}
		_, rest, err := ReadResponse(counter, nil)
		var e *Error
		switch {
		case c.reason == "" && err != nil, c.reason != "" && (!errors.As(err, &e) || e.Reason != c.reason):
			t.Errorf("%s: %v; want %q", c.name, err, c.reason)
		case counter.n > 16<<10 || len(rest) > 16<<10:
			t.Errorf("%s: %d bytes read", c.name, counter.n)
		}
	}
}

// endless is s over and over.
type endlessReader struct {
	s string
	i int
}

func endless(s string) io.Reader { return &endlessReader{s: s} }

func (r *endlessReader) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = r.s[r.i]
		r.i = (r.i + 1) % len(r.s)
	}
	return len(p), nil
}

type countReader struct {
	r io.Reader
	n int
}

func (c *countReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}

func TestWhatTheConnectionSaysIsTheCause(t *testing.T) {
	broken := errors.New("broken")
	for _, c := range []struct {
		name  string
		r     io.Reader
		cause error
	}{
		{"no answer", iotest.ErrReader(os.ErrDeadlineExceeded), os.ErrDeadlineExceeded},
		{"in the head", io.MultiReader(strings.NewReader("HTTP/1.1 101"), iotest.ErrReader(broken)), broken},
		{"a reader that brings nothing", idleReader{}, io.ErrNoProgress},
	} {
		_, _, err := ReadResponse(c.r, nil)
		var e *Error
		if !errors.As(err, &e) || !errors.Is(err, c.cause) || e.Status != 0 {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	// Reads that bring nothing are fine as long as something comes between.
	if got := read(&hesitantReader{r: iotest.OneByteReader(strings.NewReader("HTTP/1.1 101 X\r\nA: " + strings.Repeat("b", 200) + "\r\n\r\nhi"))}); got.Status != 101 || got.Rest != "hi" {
		t.Errorf("%+v", got)
	}
	// A body that is cut off is no error: the status is what matters.
	r := io.MultiReader(strings.NewReader("HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\nno"), iotest.ErrReader(os.ErrDeadlineExceeded))
	if got := read(r); got.Status != 403 || got.Body != "no" {
		t.Errorf("%+v", got)
	}
}

type idleReader struct{}

func (idleReader) Read([]byte) (int, error) { return 0, nil }

// hesitantReader brings nothing every other time.
type hesitantReader struct {
	r     io.Reader
	ready bool
}

func (h *hesitantReader) Read(p []byte) (int, error) {
	if h.ready = !h.ready; h.ready {
		return 0, nil
	}
	return h.r.Read(p)
}

func TestTheAnswerToHEADHasNoBody(t *testing.T) {
	resp, _, err := ReadResponse(strings.NewReader("HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\nno answer"), &http.Request{Method: "HEAD"})
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(resp.Body); len(body) > 0 || err != nil {
		t.Errorf("%q, %v", body, err)
	}
}

func FuzzReadResponse(f *testing.F) {
	f.Add("HTTP/1.1 101 X\r\nA: b\r\n\r\n\x81\x02hi", uint16(7))
	f.Add("HTTP/1.1 103 X\r\n\r\nHTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno", uint16(30))
	f.Add("HTTP/1.1 101 X\nA: b\n folded\n\r\n\x81", uint16(20))
	f.Add("HTTP/1.1 403 X\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n", uint16(50))
	f.Add("\r\r\n\r\n", uint16(1))
	f.Fuzz(func(t *testing.T, stream string, cut uint16) {
		whole := read(strings.NewReader(stream))
		at := int(cut) % (len(stream) + 1)
		for _, r := range []io.Reader{
			io.MultiReader(strings.NewReader(stream[:at]), strings.NewReader(stream[at:])),
			iotest.OneByteReader(strings.NewReader(stream)),
		} {
			if diff := cmp.Diff(whole, read(r)); diff != "" {
				t.Fatalf("%q: %s", stream, diff)
			}
		}
		if whole.Status == 101 && !strings.HasSuffix(stream, whole.Rest) {
			t.Fatalf("%q: rest %q", stream, whole.Rest)
		}
		if len(whole.Body) > 1024 {
			t.Fatalf("%q: body of %d bytes", stream, len(whole.Body))
		}
	})
}
