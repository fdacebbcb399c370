package client_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/parleyws/parley/client"
	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
	"github.com/parleyws/parley/handshake"
)

func mustEcho(t testing.TB, c *conn.Conn, typ conn.Type, data []byte) {
	t.Helper()
	if err := c.Write(timeout(t), typ, data); err != nil {
		t.Fatal(err)
	}
	m, err := c.Read(timeout(t))
	if err != nil || m.Type != typ || !bytes.Equal(m.Data, data) {
		t.Fatalf("echo of %d bytes is %v of %d, %v", len(data), m.Type, len(m.Data), err)
	}
}

func TestDialEchoes(t *testing.T) {
	url := startEcho(t)
	for name, opts := range map[string]*client.Options{
		"nil":          nil,
		"subprotocols": {Subprotocols: []string{"chat", "other"}},
		"deflate":      {Deflate: &deflate.Offer{ClientWindow: true}},
		"no takeover":  {Deflate: &deflate.Offer{Params: deflate.Params{ServerNoContextTakeover: true, ServerMaxWindowBits: 9}}},
	} {
		t.Run(name, func(t *testing.T) {
			c, resp, err := client.Dial(timeout(t), url, opts)
			if err != nil {
				t.Fatal(err)
			}
			defer c.CloseNow()
			if resp.StatusCode != http.StatusSwitchingProtocols {
				t.Errorf("status %s", resp.Status)
			}
			if opts != nil && len(opts.Subprotocols) > 0 && c.Subprotocol() != "chat" {
				t.Errorf("subprotocol %q", c.Subprotocol())
			}
			if _, ok := c.Deflate(); ok != (opts != nil && opts.Deflate != nil) {
				t.Errorf("compression %v", ok)
			}
			mustEcho(t, c, conn.Text, []byte("hello"))
			mustEcho(t, c, conn.Binary, bytes.Repeat([]byte("long "), 20_000))
			mustEcho(t, c, conn.Text, nil)
			if err := c.Close(timeout(t), frame.NormalClosure, ""); err != nil {
				t.Error(err)
			}
		})
	}
}

// Row 165.
func TestURLsThatCannotBeDialledRow165(t *testing.T) {
	for _, url := range []string{"", "foo://x", "ws://", "ws:///path", "://", "ws://x/#fragment", "localhost:80", "ws://bad host/"} {
		if _, _, err := client.Dial(timeout(t), url, nil); err == nil {
			t.Errorf("%q: no error", url)
		}
	}
}

// Row 172: what the URL says of the user is sent as Basic, unless the caller
// says something else.
func TestUserinfoBecomesBasicRow172(t *testing.T) {
	url := strings.Replace(startEcho(t), "ws://", "ws://user:pass@", 1) + "/a?b=c"
	for want, h := range map[string]http.Header{
		"Basic dXNlcjpwYXNz": nil,
		"Bearer token":       {"Authorization": {"Bearer token"}},
	} {
		c, resp, err := client.Dial(timeout(t), url, &client.Options{Header: h})
		if err != nil {
			t.Fatal(err)
		}
		c.CloseNow()
		if got := resp.Header.Get("X-Saw-Authorization"); got != want {
			t.Errorf("sent %q, want %q", got, want)
		}
		if got := resp.Header.Get("X-Saw-Path"); got != "/a?b=c" {
			t.Errorf("sent path %q", got)
		}
	}
}

func TestTLSIsVerified(t *testing.T) {
	hs := httptest.NewTLSServer(http.HandlerFunc(echoHandler))
	hs.Config.ErrorLog = nil
	defer hs.Close()
	url := "wss" + strings.TrimPrefix(hs.URL, "https")
	var unknown x509.UnknownAuthorityError
	if _, _, err := client.Dial(timeout(t), url, nil); !errors.As(err, &unknown) {
		t.Errorf("a certificate that nobody signed: %v", err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(hs.Certificate())
	opts := &client.Options{TLS: &tls.Config{RootCAs: roots}}
	c, _, err := client.Dial(timeout(t), url, opts)
	if err != nil {
		t.Fatal(err)
	}
	mustEcho(t, c, conn.Text, []byte("secret"))
	if err := c.Close(timeout(t), frame.NormalClosure, ""); err != nil {
		t.Error(err)
	}
	var wrongName x509.HostnameError
	opts.TLS.ServerName = "other.example"
	if _, _, err := client.Dial(timeout(t), url, opts); !errors.As(err, &wrongName) {
		t.Errorf("a certificate for another name: %v", err)
	}
}

// Tests C1 and C2, rows 180 to 185: an answer that is not the right one.
func TestWrongAnswersAreRefusedC1C2(t *testing.T) {
	const good = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: KEY\r\n"
	for _, tc := range []struct{ name, answer string }{
		{"row 180 404", "HTTP/1.1 404 Not Found\r\nContent-Length: 8\r\n\r\nno such!"},
		{"row 180 200", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
		{"row 182 no Upgrade", strings.Replace(good, "Upgrade: websocket\r\n", "", 1) + "\r\n"},
		{"row 182 no Connection", strings.Replace(good, "Connection: Upgrade\r\n", "", 1) + "\r\n"},
		{"row 183 wrong Accept", strings.Replace(good, "KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=", 1) + "\r\n"},
		{"row 184 unasked subprotocol C2", good + "Sec-WebSocket-Protocol: chat\r\n\r\n"},
		{"row 185 unasked extension C2", good + "Sec-WebSocket-Extensions: foo\r\n\r\n"},
		{"row 185 compression twice Z11", good + "Sec-WebSocket-Extensions: permessage-deflate, permessage-deflate\r\n\r\n"},
		{"row 185 window of 16 Z11", good + "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=16\r\n\r\n"},
		{"row 185 client window not offered Z11", good + "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=10\r\n\r\n"},
		{"not HTTP", "SSH-2.0-OpenSSH\r\n\r\n"},
		{"nothing", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			url := startRaw(t, func(nc net.Conn, key string) {
				io.WriteString(nc, strings.Replace(tc.answer, "KEY", handshake.AcceptKey(key), 1))
			})
			_, resp, err := client.Dial(timeout(t), url, &client.Options{Deflate: &deflate.Offer{}})
			var refused *handshake.Error
			if !errors.As(err, &refused) {
				t.Fatalf("got %v", err)
			}
			if strings.HasPrefix(tc.answer, "HTTP") && (resp == nil || refused.Status != resp.StatusCode) {
				t.Errorf("got %v, %+v", resp, refused)
			}
			if tc.name == "row 180 404" {
				if body, _ := io.ReadAll(resp.Body); string(body) != "no such!" {
					t.Errorf("body %q", body)
				}
			}
		})
	}
}

// Test C4, row 66: frames on the heels of the 101.
func TestFramesGluedToTheAnswerAreReadC4(t *testing.T) {
	url := startRaw(t, func(nc net.Conn, key string) {
		io.WriteString(nc, "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "+handshake.AcceptKey(key)+"\r\n\r\n\x81\x05early\x88\x02\x03\xe8")
		io.Copy(io.Discard, nc)
	})
	c, _, err := client.Dial(timeout(t), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	if m, err := c.Read(timeout(t)); err != nil || string(m.Data) != "early" {
		t.Errorf("got %q, %v", m.Data, err)
	}
}

// Test C5: nothing that the caller gives can add a line to the request.
func TestStringsThatWouldBreakTheHeadAreErrorsC5(t *testing.T) {
	url := startRaw(t, func(nc net.Conn, key string) { t.Error("a request was sent") })
	for _, opts := range []client.Options{
		{Header: http.Header{"X-A": {"b\r\nX-Evil: c"}}},
		{Header: http.Header{"X-A\r\nX-Evil": {"b"}}},
		{Header: http.Header{"Sec-Websocket-Key": {"mine"}}},
		{Header: http.Header{"Host": {"elsewhere"}}},
		{Subprotocols: []string{"a\r\nX-Evil: b"}},
		{Subprotocols: []string{"a", "a"}},
	} {
		var wrong *handshake.ArgumentError
		if _, _, err := client.Dial(timeout(t), url, &opts); !errors.As(err, &wrong) {
			t.Errorf("%+v: %v", opts, err)
		}
	}
}

// Test C11, row 168: patience ends in every phase.
func TestDialEndsWithItsContextC11(t *testing.T) {
	released := make(chan struct{})
	defer close(released)
	silent := startRaw(t, func(nc net.Conn, key string) { <-released })
	slow := func(ctx context.Context, network, addr string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	l, err := net.Listen("tcp", "127.0.0.1:0") // accepts, and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, tc := range []struct {
		phase, url string
		opts       client.Options
	}{
		{"TCP", silent, client.Options{DialContext: slow}},
		{"TLS", "wss://" + l.Addr().String(), client.Options{}},
		{"head", silent, client.Options{}},
	} {
		t.Run(tc.phase, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(bg, 20*time.Millisecond)
			defer cancel()
			if _, _, err := client.Dial(ctx, tc.url, &tc.opts); !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("context: %v", err)
			}
			tc.opts.HandshakeTimeout = 20 * time.Millisecond
			if _, _, err := client.Dial(bg, tc.url, &tc.opts); !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("HandshakeTimeout: %v", err)
			}
		})
	}
}

func TestTheContextOfDialMeansNothingToTheConnection(t *testing.T) {
	ctx, cancel := context.WithCancel(bg)
	c, _, err := client.Dial(ctx, startEcho(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	cancel()
	mustEcho(t, c, conn.Text, []byte("still there"))
}

func TestDialConnUsesTheCallersStream(t *testing.T) {
	url := startEcho(t)
	nc, err := net.Dial("tcp", strings.TrimPrefix(url, "ws://"))
	if err != nil {
		t.Fatal(err)
	}
	c, _, err := client.DialConn(timeout(t), nc, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	mustEcho(t, c, conn.Binary, []byte{1, 2, 3})

	a, b := net.Pipe()
	defer b.Close()
	if _, _, err := client.DialConn(timeout(t), a, "foo://x", nil); err == nil {
		t.Error("no error")
	}
	if _, err := a.Write([]byte{0}); err == nil {
		t.Error("the stream is still open after an error")
	}
}
