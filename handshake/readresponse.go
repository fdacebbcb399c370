package handshake

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
)

// What a client reads of a response.
const (
	maxHead     = 16 << 10 // bytes, interim responses included
	maxFields   = 100      // field lines of one head
	maxInterim  = 5        // interim responses that are passed over
	maxBody     = 1 << 10  // bytes of the body of a response that is not 101
	maxNoData   = 100      // reads in a row that bring nothing
	firstBuffer = 1 << 10  // bytes; most heads fit
)

// ReadResponse reads the response to req, which may be nil for GET, from r,
// for a client that dials by itself. It passes over at most 5 interim
// responses (status 100 to 199 but 101, RFC 9110 15.2) and reads at most
// 16 KiB of heads, with at most 100 field lines each, so that a server cannot
// make its client wait or grow without end; for time, set a deadline on the
// connection. Heads are read as net/http reads them, but the status line must be
// one of RFC 9112, and a field name a token.
//
// If the status is 101, rest is what was read behind the head: the first bytes
// of the peer's frames. They are the caller's. If it is not, rest is nil, and
// resp.Body holds the first 1 KiB of the body at most, for people to see why;
// what cannot be read of it is left out without an error. It needs no closing
// and does not lean on r any more.
//
// The error is an [*Error] that wraps what r returned, if it did. Status is
// that of the last head that was read, or 0.
func ReadResponse(r io.Reader, req *http.Request) (resp *http.Response, rest []byte, err error) {
	in := headReader{r: r}
	for range maxInterim + 1 {
		head, err := in.next()
		if err != nil {
			return nil, nil, err
		}
		resp, err := parseHead(head, req)
		if err != nil {
			return nil, nil, err
		}
		in.status = resp.StatusCode
		switch {
		case resp.StatusCode == http.StatusSwitchingProtocols:
			return resp, in.buf, nil
		case resp.StatusCode > 199:
			return withBody(head, io.MultiReader(bytes.NewReader(in.buf), r), req)
		}
	}
	return nil, nil, &Error{Status: in.status, Reason: "more than 5 interim responses"}
}

// headReader cuts heads off the stream that r brings.
type headReader struct {
	r      io.Reader
	buf    []byte // read, and not yet cut off
	used   int    // bytes cut off so far
	status int    // of the last head, or 0
}

// next returns the next head, with the empty line that ends it. Each byte is
// looked at once, however few come at a time.
func (in *headReader) next() ([]byte, error) {
	lines, line, idle := 0, 0, 0 // line is where the last one begins
	for i := 0; ; {
		for ; i < len(in.buf); i++ {
			if in.buf[i] != '\n' {
				continue
			}
			if text := in.buf[line:i]; lines > 0 && (len(text) == 0 || string(text) == "\r") {
				head := in.buf[:i+1]
				in.buf = in.buf[i+1:]
				in.used += len(head)
				return head[:len(head):len(head)], nil
			}
			lines, line = lines+1, i+1
			if lines > 1+maxFields {
				return nil, &Error{Status: in.status, Reason: "response head of more than 100 fields"}
			}
		}
		if in.used+len(in.buf) >= maxHead {
			return nil, &Error{Status: in.status, Reason: "response head of more than 16 KiB"}
		}
		n, err := in.fill()
		if n > 0 {
			idle = 0
			continue // an error that came with data will come again
		}
		if idle++; err == nil && idle == maxNoData {
			err = io.ErrNoProgress
		}
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, &Error{Status: in.status, Reason: "no whole response head", Err: err}
		}
	}
}

// fill reads once, and never so much that the heads could be over maxHead.
func (in *headReader) fill() (int, error) {
	if cap(in.buf) == len(in.buf) {
		size := min(max(2*len(in.buf), firstBuffer), maxHead-in.used)
		in.buf = append(make([]byte, 0, size), in.buf...)
	}
	n, err := in.r.Read(in.buf[len(in.buf):min(cap(in.buf), maxHead-in.used)])
	in.buf = in.buf[:len(in.buf)+n]
	return n, err
}

// parseHead parses a whole head, without a body.
func parseHead(head []byte, req *http.Request) (*http.Response, error) {
	br := bufio.NewReaderSize(bytes.NewReader(head), len(head))
	resp, err := http.ReadResponse(br, req)
	if err != nil {
		return nil, malformed(err)
	}
	if resp.StatusCode < 100 || br.Buffered() > 0 || !hasStatusLine(head) { // or the head ends elsewhere for net/http
		return nil, malformed(nil)
	}
	for name := range resp.Header {
		if !isToken(name) { // net/http lets some pass, such as one with a space before the colon
			return nil, malformed(nil)
		}
	}
	return resp, nil
}

// hasStatusLine reports whether head begins as RFC 9112 4 has it: with more
// than one space or a control byte net/http would let it pass. The space behind
// the status may be missing if nothing follows.
func hasStatusLine(head []byte) bool {
	const form = "HTTP/d.d ddd"
	line := head[:textLen(head)]
	switch {
	case len(line) < len(form) || len(line) > len(form) && line[len(form)] != ' ':
		return false
	case head[len(line)] != '\r' && head[len(line)] != '\n': // a head ends with a line
		return false
	}
	for i, c := range []byte(form) {
		if c == 'd' && (line[i] < '0' || line[i] > '9') || c != 'd' && line[i] != c {
			return false
		}
	}
	return true
}

func malformed(cause error) *Error {
	return &Error{Reason: "malformed response head", Section: "RFC 9112 4", Err: cause}
}

// withBody returns the response of head with what its body has to say.
func withBody(head []byte, behind io.Reader, req *http.Request) (*http.Response, []byte, error) {
	resp, err := http.ReadResponse(bufio.NewReader(io.MultiReader(bytes.NewReader(head), behind)), req)
	if err != nil {
		return nil, nil, malformed(err)
	}
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxBody)) // what came has come
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil, nil
}
