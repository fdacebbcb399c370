package handshake_test

import (
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/parleyws/parley/handshake"
)

// second is a request that must not be answered if it comes behind one that
// was refused (S1), for whoever let the first one pass took it for frames.
const second = "GET /second HTTP/1.1\r\nHost: x\r\n\r\n"

// doors are the ways that a request takes to the judgement.
func doors(t *testing.T) []door {
	return []door{httpDoor(t), http2Door(), rawDoor()}
}

// httpDoor is a real HTTP server on a real socket.
func httpDoor(t *testing.T) door {
	var current atomic.Pointer[handshakeCase]
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	hs := &http.Server{
		ErrorLog:                     log.New(io.Discard, "", 0),
		MaxHeaderBytes:               handshake.DefaultHeadBytes - 4<<10, // net/http adds as much
		DisableGeneralOptionsHandler: true,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c := current.Load()
			if c.Setup.TLS {
				r.TLS = &tls.ConnectionState{}
			}
			req, resp, err := c.judgeHTTP(r)
			if err != nil {
				handshake.Refuse(w, r, err)
				return
			}
			head, err := handshake.AppendResponse(nil, resp, req, w.Header())
			if err != nil {
				handshake.Refuse(w, r, err)
				return
			}
			nc, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer nc.Close()
			nc.Write(head)
		}),
	}
	go hs.Serve(l)
	t.Cleanup(func() { hs.Close() })

	return door{
		name:   "net http",
		serves: func(c handshakeCase) bool { return c.Request != "" },
		answer: func(t *testing.T, c handshakeCase) answer {
			current.Store(&c)
			nc, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer nc.Close()
			nc.SetDeadline(time.Now().Add(casesGuard))
			go nc.Write(append(c.wire(), second...)) // who refuses a long head does not read it
			raw, err := io.ReadAll(nc)
			if err != nil && !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("the server did not close: %v", err)
			}
			return parseAnswer(t, c, raw)
		},
		others: map[string]int{
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
		},
	}
}

// http2Door is a request as net/http's HTTP/2 server delivers it.
func http2Door() door {
	return door{
		name:   "HTTP/2",
		serves: func(c handshakeCase) bool { return len(c.HTTP2) > 0 },
		answer: func(t *testing.T, c handshakeCase) answer {
			r := c.http2Request(t)
			w := httptest.NewRecorder()
			req, resp, err := c.judgeHTTP(r)
			if err == nil {
				err = resp.SetHeader(w.Header(), req)
			}
			if err != nil {
				handshake.Refuse(w, r, err)
			} else {
				w.WriteHeader(http.StatusOK)
			}
			res := w.Result()
			return answer{status: res.StatusCode, header: res.Header, body: w.Body.String()}
		},
		others: map[string]int{},
	}
}

// http2Request makes the HTTP/2 form of the case what net/http gives to a
// handler.
func (c handshakeCase) http2Request(t *testing.T) *http.Request {
	t.Helper()
	r := &http.Request{
		Proto: "HTTP/2.0", ProtoMajor: 2,
		Header:        http.Header{},
		Body:          http.NoBody,
		ContentLength: -1, // not known, since the stream does not end
	}
	if c.Setup.TLS {
		r.TLS = &tls.ConnectionState{}
	}
	fills := c.Fill
	for _, f := range c.HTTP2 {
		name, rest := f[0].wire(fills)
		value, rest := f[1].wire(rest)
		fills = rest
		switch string(name) {
		case ":method":
			r.Method = string(value)
		case ":path":
			r.RequestURI = string(value)
		case ":authority":
			r.Host = string(value)
		case ":scheme":
		case ":protocol":
			r.Header[":protocol"] = append(r.Header[":protocol"], string(value))
		case "content-length":
			n, err := strconv.ParseInt(string(value), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			r.ContentLength = n
			r.Header.Add(string(name), string(value))
		default:
			r.Header.Add(string(name), string(value))
		}
	}
	if r.RequestURI == "" {
		r.RequestURI = r.Host
	}
	u, err := url.ParseRequestURI(r.RequestURI)
	if err == nil {
		r.URL = u
	}
	return r
}
