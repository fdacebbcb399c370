package server_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unicode"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/server"
)

// latin1 is bytes that stand in a table as text: each code point up to U+00FF
// is a byte, and an ellipsis is the place of a fill.
type latin1 string

type fill struct {
	Text  latin1 `json:"text"`
	Times int    `json:"times"`
}

func (s latin1) wire(fills []fill) (b []byte) {
	for _, c := range s {
		if c != '…' {
			b = append(b, byte(c))
			continue
		}
		b = append(b, bytes.Repeat(fills[0].Text.wire(nil), fills[0].Times)...)
		fills = fills[1:]
	}
	return b
}

// handshakeCase is a case of handshake.json, whose README says what the fields
// mean.
type handshakeCase struct {
	Name    string          `json:"name"`
	IDs     []string        `json:"ids"`
	Section string          `json:"section"`
	Setup   json.RawMessage `json:"setup"`
	Request latin1          `json:"request"`
	HTTP2   json.RawMessage `json:"http2"` // for the tests of HTTP/2
	Fill    []fill          `json:"fill"`
	Accept  *struct {
		Key         string `json:"key"`
		Subprotocol string `json:"subprotocol"`
		Extensions  string `json:"extensions"`
	} `json:"accept"`
	Refuse *struct {
		Status int               `json:"status"`
		Header map[string]string `json:"header"`
	} `json:"refuse"`
	Also []struct {
		Status int    `json:"status"`
		By     string `json:"by"`
		Why    string `json:"why"`
	} `json:"also"`
}

type handshakeSetup struct {
	Subprotocols []string `json:"subprotocols"`
	Deflate      *struct {
		ServerNoContextTakeover bool `json:"server_no_context_takeover"`
		ClientNoContextTakeover bool `json:"client_no_context_takeover"`
		ServerMaxWindowBits     int  `json:"server_max_window_bits"`
		ClientMaxWindowBits     int  `json:"client_max_window_bits"`
	} `json:"deflate"`
	Origins []string        `json:"origins"`
	TLS     bool            `json:"tls"`
	Limits  json.RawMessage `json:"limits"` // those that every server has by default
}

// title names the case in the report of a test, its ids in front.
func (c handshakeCase) title() string {
	if len(c.IDs) == 0 {
		return c.Name
	}
	return strings.Join(c.IDs, "/") + ": " + c.Name
}

func (c handshakeCase) wire() []byte { return c.Request.wire(c.Fill) }

func (c handshakeCase) status() int {
	if c.Refuse != nil {
		return c.Refuse.Status
	}
	return http.StatusSwitchingProtocols
}

// tolerates says whether the table puts up with status from a server that
// stands on a general HTTP server, or from any.
func (c handshakeCase) tolerates(status int) bool {
	for _, a := range c.Also {
		if a.Status == status && a.By != "proxy" {
			return true
		}
	}
	return false
}

// handshakeCases returns the cases of handshake.json that are for HTTP/1.1.
// The tables belong to another module: who has this one alone skips the test,
// but the project's CI may not.
func handshakeCases(tb testing.TB) []handshakeCase {
	tb.Helper()
	b, err := os.ReadFile(filepath.Join("..", "testdata", "handshake.json"))
	if errors.Is(err, fs.ErrNotExist) && os.Getenv("CI") == "" {
		tb.Skip("the tables are not beside this module: ", err)
	}
	if err != nil {
		tb.Fatal(err)
	}
	var cases []handshakeCase
	decodeStrictly(tb, b, &cases)
	cases = slices.DeleteFunc(cases, func(c handshakeCase) bool { return c.Request == "" })
	if len(cases) == 0 {
		tb.Fatal("the table is empty")
	}
	return cases
}

func decodeStrictly(tb testing.TB, b []byte, v any) {
	tb.Helper()
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		tb.Fatal("handshake.json: ", err)
	}
}

// decode returns the options that the setup of a case asks for.
func decodeSetup(tb testing.TB, raw json.RawMessage) (opts server.Options, secure bool) {
	tb.Helper()
	var s handshakeSetup
	if len(raw) > 0 {
		decodeStrictly(tb, raw, &s)
	}
	opts = server.Options{Subprotocols: s.Subprotocols, Origins: s.Origins}
	if d := s.Deflate; d != nil {
		opts.Deflate = &deflate.Terms{Params: deflate.Params{
			ServerNoContextTakeover: d.ServerNoContextTakeover,
			ClientNoContextTakeover: d.ClientNoContextTakeover,
			ServerMaxWindowBits:     d.ServerMaxWindowBits,
			ClientMaxWindowBits:     d.ClientMaxWindowBits,
		}}
	}
	return opts, s.TLS
}

// caseDoor is one way for connections to reach a server.
type caseDoor struct {
	name string

	// open makes s serve at the door until the test ends, and returns how to
	// connect.
	open func(t *testing.T, s *server.Server, secure bool) (connect func() (net.Conn, error))

	// bytewise says that each byte is read alone; requests of more than
	// mostBytewise bytes are then left out.
	bytewise bool

	// others are the statuses that differ from the table's, because what the
	// door stands on answers by itself or mends the request. The table must
	// put up with them.
	others map[string]int
}

const mostBytewise = 600

func caseDoors() []caseDoor {
	return []caseDoor{
		{
			name:   "Serve",
			open:   openServe,
			others: othersOfHTTP,
		}, {
			name:     "Serve, a byte at a time",
			open:     openPipe,
			bytewise: true,
			others:   othersOfHTTP,
		}, {
			name:   "AcceptConn",
			open:   openAcceptConn,
			others: othersOfConn,
		}, {
			name:     "AcceptConn, a byte at a time",
			open:     openAcceptConnPipe,
			bytewise: true,
			others:   othersOfConn,
		},
	}
}

// othersOfHTTP are the cases that net/http answers by itself, or lets pass
// after it has mended them.
var othersOfHTTP = map[string]int{
	"body: Content-Length: 0 twice":               101,
	"body: Transfer-Encoding: chunked twice":      501,
	"body: Transfer-Encoding: empty":              501,
	"body: Transfer-Encoding: gzip":               501,
	"body: Transfer-Encoding: gzip, chunked":      501,
	"body: Transfer-Encoding: identity":           501,
	"body: Transfer-Encoding: xchunked":           501,
	"body: two Transfer-Encoding":                 501,
	"head: LF CR for an end":                      101,
	"head: LF alone at the end":                   101,
	"head: LF alone behind a field":               101,
	"head: LF alone behind the request line":      101,
	"head: LF alone everywhere":                   101,
	"head: Upgrade folded":                        101,
	"head: a folded empty line":                   101,
	"head: a folded line":                         101,
	"head: a folded line with a tab":              101,
	"head: a request line that does not end":      431,
	"method: PRI of HTTP 2":                       405,
	"request line: 8-bit bytes in the target":     101,
	"request line: a fragment in the target":      101,
	"request line: absolute-form":                 101,
	"request line: absolute-form of another host": 101,
	"request line: an asterisk":                   101,
	"request line: an empty line in front":        400,
	"request line: authority-form":                101,
	"request line: two slashes":                   101,
}

// othersOfConn are the cases in which our own reading of a head makes use of
// the freedom that it has.
var othersOfConn = map[string]int{
	"method: CONNECT to a host":            400, // the target is looked at first
	"method: OPTIONS for the whole server": 400,
	"request line: an empty line in front": 400,
}

// openServe lets s listen on a TCP port of loopback.
func openServe(t *testing.T, s *server.Server, secure bool) func() (net.Conn, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dial := func() (net.Conn, error) { return net.Dial("tcp", l.Addr().String()) }
	serveCases(t, s, l, secure)
	return secureDial(secure, dial)
}

// openPipe lets s listen in memory, where each write of one side is a read of
// the other.
func openPipe(t *testing.T, s *server.Server, secure bool) func() (net.Conn, error) {
	l := pipeListener{make(chan net.Conn), make(chan struct{})}
	serveCases(t, s, l, secure)
	return secureDial(secure, l.dial)
}

func serveCases(t *testing.T, s *server.Server, l net.Listener, secure bool) {
	if secure {
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{testCertificate()}})
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Close()
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("Serve: %v", err)
		}
	})
}

// testCertificate is the one of httptest.
func testCertificate() tls.Certificate {
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	return s.TLS.Certificates[0]
}

func secureDial(secure bool, dial func() (net.Conn, error)) func() (net.Conn, error) {
	if !secure {
		return dial
	}
	return func() (net.Conn, error) {
		nc, err := dial()
		if err != nil {
			return nil, err
		}
		return tls.Client(nc, &tls.Config{InsecureSkipVerify: true}), nil
	}
}

// pipeListener gives out one end of a pipe for each dial.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (l pipeListener) dial() (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case l.conns <- theirs:
		return ours, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l pipeListener) Accept() (net.Conn, error) {
	select {
	case nc := <-l.conns:
		return nc, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

func (l pipeListener) Close() error {
	select {
	case <-l.closed:
	default:
		close(l.closed)
	}
	return nil
}

// caseServer is a server that is set up for some of the cases.
type caseServer struct {
	connect func() (net.Conn, error)
	calls   atomic.Int32 // of the handler
	agreed  int32        // cases that were accepted
}

// behindRefused must not be answered (S1): whoever let the refused request
// pass took it for frames.
const behindRefused = "GET /second HTTP/1.1\r\nHost: x\r\n\r\n"

// behindAccepted is a ping and a close frame, with a key of zeros, in the same
// write as the request (S4, row 66), and echoed what the server makes of them.
const (
	behindAccepted = "\x89\x82\x00\x00\x00\x00hi" + "\x88\x82\x00\x00\x00\x00\x03\xe8"
	echoed         = "\x8a\x02hi" + "\x88\x02\x03\xe8"
)

// Each request of the table gets the one answer that it must have, and then
// frames or the end.
func TestTheTableOfRequestsO3S1S2S3S7(t *testing.T) {
	cases := handshakeCases(t)
	for _, d := range caseDoors() {
		t.Run(d.name, func(t *testing.T) {
			servers := map[string]*caseServer{}
			differed := map[string]int{}
			want := maps.Clone(d.others)
			for _, c := range cases {
				if d.bytewise && len(c.wire()) > mostBytewise {
					delete(want, c.Name)
					continue
				}
				setup := string(c.Setup)
				if servers[setup] == nil {
					servers[setup] = startCaseServer(t, d, c.Setup)
				}
				t.Run(c.title(), func(t *testing.T) {
					if status := runCase(t, d, c, servers[setup]); status != c.status() {
						differed[c.Name] = status
					}
				})
			}
			for name, status := range want {
				if differed[name] != status {
					t.Errorf("%q is no longer answered with %d", name, status)
				}
			}
			for setup, s := range servers {
				if calls := s.calls.Load(); calls != s.agreed {
					t.Errorf("%s: the handler was called %d times, and %d requests accepted", setup, calls, s.agreed)
				}
			}
		})
	}
}

func startCaseServer(t *testing.T, d caseDoor, setup json.RawMessage) *caseServer {
	t.Helper()
	cs := &caseServer{}
	opts, secure := decodeSetup(t, setup)
	s := &server.Server{Options: opts, Handler: func(ctx context.Context, c *conn.Conn) {
		cs.calls.Add(1)
		echo(ctx, c)
	}}
	cs.connect = d.open(t, s, secure)
	return cs
}

// runCase returns the status of the answer.
func runCase(t *testing.T, d caseDoor, c handshakeCase, s *caseServer) int {
	sent := string(c.wire())
	if c.Accept != nil {
		sent += behindAccepted
	} else {
		sent += behindRefused
	}
	raw := exchangeCase(t, s.connect, sent, d.bytewise)
	head, behind := cutAnswer(t, raw)
	if head.status == http.StatusSwitchingProtocols {
		s.agreed++
	}
	if calls := s.calls.Load(); calls != s.agreed {
		t.Errorf("the handler was called %d times, and %d requests accepted (O3)", calls, s.agreed)
		s.agreed = calls
	}
	show := func() string { return fmt.Sprintf("%q\nanswers %.2000q", raw, sent) }
	if head.status != c.status() {
		if !c.tolerates(head.status) {
			t.Errorf("the table does not put up with %d, and wants %d\n%s", head.status, c.status(), show())
		} else if d.others[c.Name] != head.status {
			t.Errorf("status %d, want %d\n%s", head.status, c.status(), show())
		}
		return head.status
	}
	if c.Refuse != nil {
		checkCaseRefused(t, c, head, behind)
	} else {
		checkCaseAccepted(t, c, head, behind)
	}
	if t.Failed() {
		t.Log(show())
	}
	return head.status
}

// exchangeCase sends raw and returns all that comes until the server ends the
// stream, as it must.
func exchangeCase(t *testing.T, connect func() (net.Conn, error), raw string, bytewise bool) string {
	t.Helper()
	nc, err := connect()
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	nc.SetDeadline(time.Now().Add(guard))
	sent := make(chan struct{})
	go func() { // the server may answer and close before it has read all
		defer close(sent)
		if !bytewise {
			io.WriteString(nc, raw)
			return
		}
		for i := range len(raw) {
			if _, err := nc.Write([]byte{raw[i]}); err != nil {
				return
			}
		}
	}()
	all, err := io.ReadAll(nc)
	if err != nil && !isReset(err) && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("the server did not end the stream: %v", err)
	}
	nc.Close()
	<-sent
	return string(all)
}

// isReset reports whether the kernel ended the stream because the server had
// closed with bytes unread.
func isReset(err error) bool { return errors.Is(err, syscall.ECONNRESET) }

// answerHead is the head of a response, read to the letter.
type answerHead struct {
	status int
	header http.Header
}

var (
	statusLine    = regexp.MustCompile(`^HTTP/1\.[01] ([1-5][0-9][0-9]) [ -~]*$`)
	anotherAnswer = regexp.MustCompile(`HTTP/1\.[01] [1-5][0-9][0-9] `)
	fieldLine     = regexp.MustCompile(`^([-0-9A-Za-z]+): ([!-~](?:[ -~]*[!-~])?)$`)
)

// cutAnswer cuts the first head off raw.
func cutAnswer(t *testing.T, raw string) (head answerHead, behind string) {
	t.Helper()
	text, behind, ok := strings.Cut(raw, "\r\n\r\n")
	lines := strings.Split(text, "\r\n")
	status := statusLine.FindStringSubmatch(lines[0])
	if !ok || status == nil {
		t.Fatalf("no answer: %q", raw)
	}
	head.status, _ = strconv.Atoi(status[1])
	head.header = http.Header{}
	for _, line := range lines[1:] {
		field := fieldLine.FindStringSubmatch(line)
		if field == nil {
			t.Fatalf("no field line: %q in %q", line, raw)
		}
		head.header.Add(field[1], field[2])
	}
	return head, behind
}

// checkCaseRefused holds a refusal to the contract: the status, the fields that
// go with it, Connection: close, a reason, and nothing behind it.
func checkCaseRefused(t *testing.T, c handshakeCase, head answerHead, body string) {
	t.Helper()
	for name, value := range c.Refuse.Header {
		if !slices.Contains(head.header.Values(name), value) {
			t.Errorf("no %s: %s", name, value)
		}
	}
	if connection := head.header.Values("Connection"); !slices.Contains(connection, "close") {
		t.Errorf("Connection: %q", connection)
	}
	for _, name := range []string{"Sec-WebSocket-Accept", "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions", "Transfer-Encoding"} {
		if values := head.header.Values(name); len(values) > 0 {
			t.Errorf("%s: %q beside a refusal", name, values)
		}
	}
	if anotherAnswer.MatchString(body) {
		t.Error("answered more than once (S1)")
	}
	if strings.HasPrefix(string(c.Request), "HEAD ") {
		if body != "" {
			t.Errorf("%q answers HEAD", body)
		}
		return
	}
	if length := head.header.Values("Content-Length"); len(length) > 1 || len(length) == 1 && length[0] != strconv.Itoa(len(body)) {
		t.Errorf("Content-Length: %q, and %d bytes", length, len(body))
	}
	if strings.Trim(body, " \n") == "" || strings.ContainsFunc(body, func(c rune) bool { return c != '\n' && !unicode.IsPrint(c) }) {
		t.Errorf("the reason is %q", body)
	}
}

// checkCaseAccepted holds an agreement to row 62 and test S7: the fields of
// the handshake once each and no others, and behind them the answers to what
// came behind the request.
func checkCaseAccepted(t *testing.T, c handshakeCase, head answerHead, behind string) {
	t.Helper()
	want := http.Header{}
	want.Set("Upgrade", "websocket")
	want.Set("Connection", "Upgrade")
	want.Set("Sec-WebSocket-Accept", c.Accept.Key)
	if c.Accept.Subprotocol != "" {
		want.Set("Sec-WebSocket-Protocol", c.Accept.Subprotocol)
	}
	if c.Accept.Extensions != "" {
		want.Set("Sec-WebSocket-Extensions", c.Accept.Extensions)
	}
	if !maps.EqualFunc(head.header, want, slices.Equal) {
		t.Errorf("header is %v, want %v", head.header, want)
	}
	if behind != echoed {
		t.Errorf("%q behind the head, want %q", behind, echoed)
	}
}
