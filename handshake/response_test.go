package handshake

import (
	"bufio"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// agreed is how the server of RFC 6455 1.2 answers.
const agreed = "HTTP/1.1 101 Switching Protocols\r\n" +
	"Upgrade: websocket\r\n" +
	"Connection: Upgrade\r\n" +
	"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" +
	"Sec-WebSocket-Protocol: chat\r\n" +
	"Sec-WebSocket-Extensions: a; b=1\r\n" +
	"\r\n"

var asking = Request{Key: sampleKey, Subprotocols: []string{"superchat", "chat"}, Extensions: []string{"a; b, c", "d"}}

func readResponse(t *testing.T, head string) *http.Response {
	t.Helper()
	r, err := http.ReadResponse(bufio.NewReader(strings.NewReader(head)), nil)
	if err != nil {
		t.Fatalf("%q: %v", head, err)
	}
	return r
}

func TestAResponseThatAgreesIsRead(t *testing.T) {
	const extensions = "Sec-WebSocket-Extensions: a; b=1\r\n"
	for _, c := range []struct {
		name, from, to          string
		subprotocol, extensions string
	}{
		{"as it is", "", "", "chat", "<a>[b|1]"},
		{"no subprotocol, row 184", "Sec-WebSocket-Protocol: chat\r\n", "", "", "<a>[b|1]"},
		{"no extension", extensions, "", "chat", ""},
		{"several extensions", extensions, "Sec-WebSocket-Extensions: d\r\nSec-WebSocket-Extensions: a; x=\"y\"\r\n", "chat", "<d><a>[x|y]"},
		{"tokens in lists", "Upgrade: websocket\r\nConnection: Upgrade", "Upgrade: h2c, WebSocket\r\nConnection: keep-alive\r\nConnection: upgrade", "chat", "<a>[b|1]"},
		{"names in lower case", "Sec-WebSocket-Accept", "sec-websocket-accept", "chat", "<a>[b|1]"},
		{"space around", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "\t s3pPLMBiTxaQ9kYGzzhZRbK+xOo= ", "chat", "<a>[b|1]"},
		{"another phrase", "Switching Protocols", "WebSocket Protocol Handshake", "chat", "<a>[b|1]"},
	} {
		got, err := ParseResponse(readResponse(t, strings.Replace(agreed, c.from, c.to, 1)), asking)
		if err != nil || got.Subprotocol != c.subprotocol || printAll(got.Extensions) != c.extensions {
			t.Errorf("%s: %q, %s, %v", c.name, got.Subprotocol, printAll(got.Extensions), err)
		}
	}
}

func TestAResponseThatDoesNotAgreeIsAnError(t *testing.T) {
	// C1, C2, rows 180 and 182 to 185, RFC 6455 4.1.
	const accept = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
	for _, c := range []struct {
		name, from, to string
		status         int
		reason         string
	}{
		{"C1: 200", "101 Switching Protocols", "200 OK", 200, "unexpected status"},
		{"C1: 204", "101 Switching Protocols", "204 No Content", 204, "unexpected status"},
		{"C1: 301", "101 Switching Protocols", "301 Moved", 301, "unexpected status"},
		{"C1: 426", "101 Switching Protocols", "426 Upgrade Required", 426, "unexpected status"},
		{"HTTP/1.0", "HTTP/1.1", "HTTP/1.0", 101, "HTTP version of the response is not 1.1"},
		{"C1: no Upgrade", "Upgrade: websocket\r\n", "", 101, `Upgrade of the response lacks "websocket"`},
		{"C1: Upgrade: foo", "websocket\r\n", "foo\r\n", 101, `Upgrade of the response lacks "websocket"`},
		{"C1: no Connection", "Connection: Upgrade\r\n", "", 101, `Connection of the response lacks "Upgrade"`},
		{"C1: Connection: close", "Connection: Upgrade", "Connection: close", 101, `Connection of the response lacks "Upgrade"`},
		{"C1: no accept", accept, "", 101, "response needs exactly one Sec-WebSocket-Accept"},
		{"C1: accept twice", accept, accept + accept, 101, "response needs exactly one Sec-WebSocket-Accept"},
		{"C1: wrong accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "s3pPLMBiTxaQ9kYGzzhZRbK+xOp=", 101, "Sec-WebSocket-Accept does not answer the key"},
		{"C1: empty accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "", 101, "Sec-WebSocket-Accept does not answer the key"},
		{"C1: accept in another case", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "S3PPLMBITXAQ9KYGZZHZRBK+XOO=", 101, "Sec-WebSocket-Accept does not answer the key"},
		{"C1: accept of another key", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "ICX+Yqv66kxgM0FcWaLWlFLwTAI=", 101, "Sec-WebSocket-Accept does not answer the key"},
		{"C1: accept of an empty key", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "Kfh9QIsMVZcl6xEPYxPHzW8SZ8w=", 101, "Sec-WebSocket-Accept does not answer the key"},
		{"C1: the key itself", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", sampleKey, 101, "Sec-WebSocket-Accept does not answer the key"},
		{"C2: subprotocol not offered", "chat", "other", 101, `bad Sec-WebSocket-Protocol: "other" was not offered`},
		{"C2: subprotocol in another case", "chat", "Chat", 101, `bad Sec-WebSocket-Protocol: "Chat" was not offered`},
		{"C2: empty subprotocol", "chat", "", 101, `bad Sec-WebSocket-Protocol: "" was not offered`},
		{"C2: two subprotocols", "chat", "chat, superchat", 101, `bad Sec-WebSocket-Protocol: "chat, superchat" was not offered`},
		{"C2: two subprotocol lines", "chat", "chat\r\nSec-WebSocket-Protocol: chat", 101, "bad Sec-WebSocket-Protocol: several in the answer"},
		{"C2: extension not offered", "a; b=1", "permessage-deflate", 101, `bad Sec-WebSocket-Extensions: "permessage-deflate" was not offered`},
		{"C2: second extension not offered", "a; b=1", "a; b=1, e", 101, `bad Sec-WebSocket-Extensions: "e" was not offered`},
		{"C2: extension in another case", "a; b=1", "A", 101, `bad Sec-WebSocket-Extensions: "A" was not offered`},
		{"C2: parameter for an extension", "a; b=1", "b", 101, `bad Sec-WebSocket-Extensions: "b" was not offered`},
		{"row 185: unparsable extension", "a; b=1", "a; b=", 101, `bad Sec-WebSocket-Extensions: value of "b" is not a token`},
		{"row 185: empty extension", "a; b=1", "", 101, "bad Sec-WebSocket-Extensions: empty"},
	} {
		r := readResponse(t, strings.Replace(agreed, c.from, c.to, 1))
		got, err := ParseResponse(r, asking)
		var e *Error
		if !errors.As(err, &e) || e.Status != c.status || e.Reason != c.reason || e.Section == "" || !cmp.Equal(e.Header, r.Header) {
			t.Errorf("%s: %+v, %v; want status %d: %s", c.name, got, err, c.status, c.reason)
		}
		if got.Subprotocol != "" || got.Extensions != nil {
			t.Errorf("%s: %+v beside %v", c.name, got, err)
		}
	}
}

func TestWhatWasNotAskedForIsNotTaken(t *testing.T) {
	for _, c := range []struct {
		name string
		req  Request
	}{
		{"no subprotocol", Request{Key: sampleKey, Extensions: []string{"a"}}},
		{"no extension", Request{Key: sampleKey, Subprotocols: []string{"chat"}}},
		{"no key", Request{Subprotocols: []string{"chat"}, Extensions: []string{"a"}}},
		{"an offer that could not be sent", Request{Key: sampleKey, Subprotocols: []string{"chat"}, Extensions: []string{"a;"}}},
	} {
		var e *Error
		if got, err := ParseResponse(readResponse(t, agreed), c.req); !errors.As(err, &e) || e.Status != 101 {
			t.Errorf("%s: %+v, %v", c.name, got, err)
		}
	}
}

func TestAnEmptyKeyHasNoAnswer(t *testing.T) {
	// A caller that forgot the key must not be told that all is well.
	r := readResponse(t, strings.Replace(agreed, AcceptKey(sampleKey), AcceptKey(""), 1))
	if _, err := ParseResponse(r, Request{Subprotocols: asking.Subprotocols, Extensions: asking.Extensions}); err == nil {
		t.Error("agreed")
	}
}

func TestOverHTTP2AndHTTP3SuccessIsAnAgreement(t *testing.T) {
	// RFC 8441 5, RFC 9220 3.
	for _, c := range []struct {
		major, status int
		subprotocol   string
		ok            bool
	}{
		{2, 200, "chat", true}, {3, 200, "chat", true}, {2, 204, "chat", true},
		{2, 101, "chat", false}, {2, 300, "chat", false}, {2, 501, "chat", false}, {3, 404, "chat", false},
		{2, 200, "other", false}, {3, 200, "other", false},
	} {
		r := &http.Response{StatusCode: c.status, ProtoMajor: c.major, Header: http.Header{"Sec-Websocket-Protocol": {c.subprotocol}}}
		got, err := ParseResponse(r, Request{Subprotocols: []string{"chat"}})
		var e *Error
		if c.ok && (err != nil || got.Subprotocol != "chat") || !c.ok && (!errors.As(err, &e) || e.Status != c.status) {
			t.Errorf("HTTP/%d, %d, %s: %+v, %v", c.major, c.status, c.subprotocol, got, err)
		}
	}
}

func TestAnErrorSaysWhatHappenedInOneLine(t *testing.T) {
	cause := errors.New("the wire broke")
	for _, c := range []struct {
		err  error
		want string
	}{
		{&Error{Status: 403, Reason: "no", Section: "RFC 6455 10.2"}, "websocket: no, status 403 (RFC 6455 10.2)"},
		{&Error{Reason: "no whole response head", Err: cause}, "websocket: no whole response head: the wire broke"},
		{&ArgumentError{Argument: `header field "X"`, Reason: "bad"}, `websocket: header field "X": bad`},
	} {
		if got := c.err.Error(); got != c.want {
			t.Errorf("says %q, want %q", got, c.want)
		}
	}
	if !errors.Is(&Error{Err: cause}, cause) {
		t.Error("the cause cannot be found")
	}
}
