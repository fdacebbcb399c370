package handshake_test

import (
	"bufio"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/parleyws/parley/handshake"
)

// A server takes the connection over from net/http when every check has
// passed, and answers on it.
func Example_server() {
	mux := http.NewServeMux()
	mux.HandleFunc("/chat", func(w http.ResponseWriter, r *http.Request) {
		req, err := handshake.ParseRequest(r)
		if err == nil {
			err = handshake.SameOrigin(r)
		}
		if err != nil {
			handshake.Refuse(w, r, err)
			return
		}
		head, err := handshake.AppendResponse(nil, handshake.Response{}, req, w.Header())
		if err != nil {
			handshake.Refuse(w, r, err)
			return
		}
		nc, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer nc.Close()
		nc.Write(head)
		// From here on the connection carries frames.
	})

	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest("GET", "/chat", nil))
	fmt.Println(w.Code, w.Header()["Upgrade"], w.Body)
	// Output: 426 [websocket] Upgrade lacks "websocket"
}

// A client writes its request, reads the answer, and checks it.
func Example_client() {
	u, err := url.Parse("ws://example.com/chat")
	if err != nil {
		fmt.Println(err)
		return
	}
	req := handshake.Request{Key: handshake.NewKey(), Subprotocols: []string{"chat"}}
	head, err := handshake.AppendRequest(nil, u, req, http.Header{"Cookie": {"a=b"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	conn := answering(head) // where a client would write head, and read from the connection

	r, rest, err := handshake.ReadResponse(conn, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	resp, err := handshake.ParseResponse(r, req)
	fmt.Println(resp.Subprotocol, err, len(rest))
	// Output: chat <nil> 2
}

// answering plays the server: it agrees, and sends a ping on the heels of it.
func answering(head []byte) *strings.Reader {
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(string(head))))
	if err != nil {
		return strings.NewReader("")
	}
	req, err := handshake.ParseRequest(r)
	if err != nil {
		return strings.NewReader(string(handshake.AppendRefusal(nil, err)))
	}
	head, err = handshake.AppendResponse(nil, handshake.Response{Subprotocol: "chat"}, req, nil)
	if err != nil {
		return strings.NewReader("")
	}
	return strings.NewReader(string(head) + "\x89\x00")
}

func ExampleParseRequest() {
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader("GET /chat HTTP/1.1\r\n" +
		"Host: server.example.com\r\n" +
		"Upgrade: websocket\r\n" +
		"Connection: Upgrade\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
		"Origin: http://example.com\r\n" +
		"Sec-WebSocket-Protocol: chat, superchat\r\n" +
		"Sec-WebSocket-Version: 8\r\n\r\n")))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = handshake.ParseRequest(r)
	fmt.Println(err)

	r.Header.Set("Sec-WebSocket-Version", "13")
	req, err := handshake.ParseRequest(r)
	fmt.Println(req.Subprotocols, err)
	// Output:
	// websocket: Sec-WebSocket-Version must be 13, status 426 (RFC 6455 4.4)
	// [chat superchat] <nil>
}

func ExampleRequest_SetHeader() {
	h := http.Header{"Origin": {"https://example.com"}}
	req := handshake.Request{Subprotocols: []string{"chat", "superchat"}} // no Key: for HTTP/2
	fmt.Println(req.SetHeader(h))
	fmt.Println(h.Get("Origin"), h.Get("Sec-WebSocket-Version"), h.Get("Sec-WebSocket-Protocol"))
	// Output:
	// <nil>
	// https://example.com 13 chat, superchat
}

func ExampleAppendRequest() {
	u := &url.URL{Scheme: "wss", Host: "example.com:443", Path: "/chat", RawQuery: "room=1"}
	req := handshake.Request{Key: "dGhlIHNhbXBsZSBub25jZQ==", Subprotocols: []string{"chat"}}
	head, err := handshake.AppendRequest(nil, u, req, http.Header{"Origin": {"https://example.com"}})
	fmt.Printf("%s%v\n", strings.ReplaceAll(string(head), "\r\n", "\n"), err)

	_, err = handshake.AppendRequest(nil, u, req, http.Header{"X-Id": {"1\r\nX-Evil: 2"}})
	fmt.Println(err)
	// Output:
	// GET /chat?room=1 HTTP/1.1
	// Host: example.com
	// Upgrade: websocket
	// Connection: Upgrade
	// Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
	// Sec-WebSocket-Version: 13
	// Sec-WebSocket-Protocol: chat
	// Origin: https://example.com
	//
	// <nil>
	// websocket: header field "X-Id": value has a byte that is not visible ASCII, or space around it
}

func ExampleAppendResponse() {
	req := handshake.Request{Key: "dGhlIHNhbXBsZSBub25jZQ==", Subprotocols: []string{"chat"}}
	head, err := handshake.AppendResponse(nil, handshake.Response{Subprotocol: "chat"}, req, nil)
	fmt.Printf("%s%v\n", strings.ReplaceAll(string(head), "\r\n", "\n"), err)
	// Output:
	// HTTP/1.1 101 Switching Protocols
	// Upgrade: websocket
	// Connection: Upgrade
	// Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
	// Sec-WebSocket-Protocol: chat
	//
	// <nil>
}

func ExampleResponse_SetHeader() {
	h := http.Header{}
	req := handshake.Request{Subprotocols: []string{"chat"}} // no Key: over HTTP/2
	fmt.Println(handshake.Response{Subprotocol: "chat"}.SetHeader(h, req))
	fmt.Println(h)
	// Output:
	// <nil>
	// map[Sec-Websocket-Protocol:[chat]]
}

func ExampleParseResponse() {
	r := &http.Response{StatusCode: 403, ProtoMajor: 1, ProtoMinor: 1}
	_, err := handshake.ParseResponse(r, handshake.Request{Key: handshake.NewKey()})
	var e *handshake.Error
	fmt.Println(errors.As(err, &e), e.Status, e.Reason)
	// Output: true 403 unexpected status
}

func ExampleReadResponse() {
	conn := strings.NewReader("HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n" +
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x89\x00")
	resp, rest, err := handshake.ReadResponse(conn, nil)
	fmt.Printf("%d %q %v\n", resp.StatusCode, rest, err)
	// Output: 101 "\x89\x00" <nil>
}

func ExampleAcceptKey() {
	fmt.Println(handshake.AcceptKey("dGhlIHNhbXBsZSBub25jZQ=="))
	// Output: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
}

func ExampleNewKey() {
	first, second := handshake.NewKey(), handshake.NewKey()
	fmt.Println(len(first), first == second)
	// Output: 24 false
}

func ExampleParseExtensions() {
	list, err := handshake.ParseExtensions([]string{`mux; max-channels="4"; flow-control, deflate-stream`})
	for _, e := range list {
		fmt.Print(e.Name)
		for name, value := range e.Params() {
			fmt.Printf(" %s(%s)", name, value)
		}
		fmt.Println()
	}
	fmt.Println(err)
	// Output:
	// mux max-channels(4) flow-control()
	// deflate-stream
	// <nil>
}

func ExampleExtension() {
	offer := handshake.NewExtension("permessage-deflate", func(yield func(name, value string) bool) {
		_ = yield("client_max_window_bits", "") && yield("server_max_window_bits", "10")
	})
	req := handshake.Request{Key: handshake.NewKey(), Extensions: []string{offer.String()}}
	fmt.Println(req.Extensions[0])
	// Output: permessage-deflate; client_max_window_bits; server_max_window_bits=10
}

func ExampleParseSubprotocols() {
	fmt.Println(handshake.ParseSubprotocols([]string{"chat, superchat", "chat"}))
	// Output: [] websocket: bad Sec-WebSocket-Protocol: element "chat" stands twice, status 400 (RFC 6455 4.1)
}

func ExampleSameOrigin() {
	r := httptest.NewRequest("GET", "http://example.com/chat", nil)
	fmt.Println(handshake.SameOrigin(r)) // no browser

	r.Header.Set("Origin", "http://example.com")
	fmt.Println(handshake.SameOrigin(r))

	r.Header.Set("Origin", "http://evil.example")
	fmt.Println(handshake.SameOrigin(r))
	// Output:
	// <nil>
	// <nil>
	// websocket: origin "http://evil.example" is not the same as "http://example.com", status 403 (RFC 6455 10.2)
}

func ExampleOrigins() {
	origins, err := handshake.ParseOrigins([]string{"https://example.com", "https://*.example.com"})
	if err != nil {
		fmt.Println(err)
		return
	}
	r := httptest.NewRequest("GET", "http://backend/chat", nil)
	for _, origin := range []string{"https://example.com", "https://a.b.example.com", "https://evilexample.com", "null"} {
		r.Header.Set("Origin", origin)
		fmt.Println(origin, origins.Check(r) == nil)
	}
	// Output:
	// https://example.com true
	// https://a.b.example.com true
	// https://evilexample.com false
	// null false
}

func ExampleRefuse() {
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "/chat", nil)
	handshake.Refuse(w, r, &handshake.Error{Status: 503, Header: http.Header{"Retry-After": {"5"}}, Reason: "draining"})
	fmt.Println(w.Code, w.Header()["Retry-After"], w.Header()["Connection"], w.Body)
	// Output: 503 [5] [close] draining
}

func ExampleAppendRefusal() {
	head := handshake.AppendRefusal(nil, &handshake.Error{Status: 403, Reason: "not you"})
	fmt.Print(strings.ReplaceAll(string(head), "\r\n", "\n"))
	// Output:
	// HTTP/1.1 403 Forbidden
	// Connection: close
	// Content-Length: 8
	// Content-Type: text/plain; charset=utf-8
	// X-Content-Type-Options: nosniff
	//
	// not you
}

func ExampleCheckHeader() {
	fmt.Println(handshake.CheckHeader(http.Header{"X-Id": {"1"}}))
	fmt.Println(handshake.CheckHeader(http.Header{"Upgrade": {"h2c"}}))
	// Output:
	// <nil>
	// websocket: header field "Upgrade": belongs to the handshake
}

func ExampleError() {
	_, err := handshake.ParseRequest(httptest.NewRequest("POST", "/chat", nil))
	var e *handshake.Error
	if errors.As(err, &e) {
		fmt.Println(e.Status, e.Header, e.Reason, e.Section)
	}
	// Output: 405 map[Allow:[GET]] method must be GET RFC 6455 4.2.1
}

func ExampleArgumentError() {
	_, err := handshake.ParseOrigins([]string{"*"})
	var e *handshake.ArgumentError
	fmt.Println(errors.As(err, &e), err)
	// Output: true websocket: origin "*": not of the form scheme://host, scheme://host:port or scheme://*.host
}

func ExampleIsExtendedConnect() {
	r := &http.Request{Method: "CONNECT", ProtoMajor: 2, Header: http.Header{":protocol": {"websocket"}}}
	fmt.Println(handshake.IsExtendedConnect(r))
	// Output: true
}

// A server that has a connection and no net/http.
func ExampleReadHead() {
	client := strings.NewReader("GET /chat HTTP/1.1\r\n" +
		"Host: example.com\r\n" +
		"Upgrade: websocket\r\n" +
		"Connection: Upgrade\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
		"Sec-WebSocket-Version: 13\r\n" +
		"\r\n" +
		"early frames")

	var head handshake.Head // may be used again for the next client
	rest, err := handshake.ReadHead(client, &head, make([]byte, 4096))
	if err != nil {
		fmt.Println(err)
		return
	}
	req, err := head.Request()
	if err == nil {
		err = head.SameOrigin(false)
	}
	if err != nil {
		fmt.Printf("%s", handshake.AppendRefusal(nil, err))
		return
	}
	answer, err := handshake.AppendResponse(nil, handshake.Response{}, req, nil)
	fmt.Println(head.Host(), "asks for", head.Target())
	fmt.Print(strings.ReplaceAll(string(answer), "\r\n", "\n"))
	fmt.Printf("%q follows, %v\n", rest, err)
	// Output:
	// example.com asks for /chat
	// HTTP/1.1 101 Switching Protocols
	// Upgrade: websocket
	// Connection: Upgrade
	// Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
	//
	// "early frames" follows, <nil>
}

func ExampleHeadLimits_Check() {
	r := httptest.NewRequest("GET", "http://example.com/", nil)
	r.Header.Set("Cookie", strings.Repeat("crumbs ", 2000))
	fmt.Println(handshake.HeadLimits{}.Check(r))
	fmt.Println(handshake.HeadLimits{Line: 15_000}.Check(r))
	// Output:
	// websocket: a field line of more than 8192 bytes (HeadLimits.Line), status 431 (RFC 6585 5)
	// <nil>
}
