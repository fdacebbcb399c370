package interop

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/parleyws/parley/testdata"
)

// knockAllHTTP2 makes every request that has a form in HTTP/2, one connection
// for all of a server, and returns the verdicts by the names of cases.
func knockAllHTTP2(t *testing.T, list []opening, doors []string) map[string]verdict {
	conns := map[int]*http2Conn{}
	got := map[string]verdict{}
	for _, o := range list {
		if o.HTTP2 == nil {
			continue
		}
		c := conns[o.setup]
		if c == nil {
			c = dialHTTP2(t, doors[o.setup])
			if !c.extendedConnect {
				t.Fatal("the server's SETTINGS do not allow extended CONNECT")
			}
			conns[o.setup] = c
		}
		t.Run(o.Name, func(t *testing.T) {
			c.t = t
			v := c.knock(o)
			got[o.Name] = v
			judgeHTTP2(t, o, v)
		})
	}
	return got
}

// judgeHTTP2 holds a verdict to the case.
func judgeHTTP2(t *testing.T, o opening, got verdict) {
	t.Helper()
	want := http.StatusOK
	if o.Refuse != nil {
		want = o.Refuse.Status
	}
	as := got.status // as over HTTP/1.1
	if as == http.StatusOK {
		as = http.StatusSwitchingProtocols
	}
	if got.status != want && !o.tolerates(as, testdata.ByServer, testdata.ByHTTP) {
		t.Errorf("%v, want %d (%s)\n%q", got, want, o.Section, o.HTTP2Fields())
	}
	wantOnlyOfTheStream(t, got.header)
	if o.Refuse == nil || got.status != o.Refuse.Status {
		return
	}
	for name, value := range o.Refuse.Header {
		if name != "Upgrade" && name != "Connection" && got.header.Get(name) != value {
			t.Errorf("%s: %q, want %q", name, got.header.Get(name), value)
		}
	}
}

// knock makes the request of a case on a stream of its own, with DATA behind it.
func (c *http2Conn) knock(o opening) verdict {
	c.t.Helper()
	fields := o.HTTP2Fields()
	// A request that announces how much is to come must keep to it (RFC 9113
	// 8.1.1): there are such cases with nothing to come.
	silent := slices.Contains(fields, [2]string{"content-length", "0"})
	stream := c.open(fields, false)
	if !silent {
		c.data(stream, "Hello", false)
	}
	a, ended := c.head(stream)
	if a.status == http.StatusOK && silent {
		c.data(stream, "", true)
	}
	if a.status == http.StatusOK && !silent {
		if !ended {
			ended = c.body(&a, stream, len("Hello"))
		}
		if ended || a.body != "Hello" {
			c.t.Errorf("%q came back, ended %v, want Hello and more to come", a.body, ended)
		}
		if got, ok := a.header["Sec-Websocket-Accept"]; ok {
			c.t.Errorf("Sec-WebSocket-Accept: %q over HTTP/2, RFC 8441 5", got)
		}
		if o.Accept != nil {
			wantAgreed(c.t, o, a.header)
		}
		c.data(stream, " again", true)
	}
	if !ended {
		c.body(&a, stream, 1<<30)
	}
	if a.status == http.StatusOK && !silent && a.body != "Hello again" {
		c.t.Errorf("%q came back, want what was sent", a.body)
	}
	if a.reset != nil {
		c.t.Errorf("the stream ended with %v, want END_STREAM, after %d %q", *a.reset, a.status, a.body)
	}
	if a.status == http.StatusOK {
		return verdict{status: a.status, header: a.header}
	}
	return verdict{status: a.status, reason: strings.TrimSuffix(a.body, "\n"), header: a.header}
}

// A Server has no WebSocket over HTTP/2 yet. It says so on the stream, and the
// connection serves the next one.
func TestAServerSaysOverHTTP2WhatItDoesNotServe(t *testing.T) { // RFC 8441, RFC 9220 3
	list, _, err := openings()
	if err != nil {
		t.Fatal(err)
	}
	c := dialHTTP2(t, startHTTP2Doors(t).Server)
	asked := 0
	for _, o := range list {
		if o.HTTP2 == nil || o.Accept == nil || o.Setup.Origins != nil {
			continue
		}
		asked++
		a := c.answer(c.open(o.HTTP2Fields(), false))
		wantRefusedStream(t, a, http.StatusNotImplemented, "WebSocket over HTTP/2 or HTTP/3 is not served here")
	}
	if asked == 0 {
		t.Error("no case asks for a WebSocket over HTTP/2")
	}
	plain := [][2]string{{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":authority", "example.com"}}
	for _, alone := range []bool{true, false} {
		a := c.answer(c.open(plain, alone))
		wantRefusedStream(t, a, http.StatusUpgradeRequired, "over HTTP/2 and HTTP/3 a WebSocket takes extended CONNECT")
	}
}

// wantRefusedStream checks a whole answer.
func wantRefusedStream(t *testing.T, a streamAnswer, status int, reason string) {
	t.Helper()
	if a.status != status || a.reason() != reason || a.reset != nil {
		t.Errorf("%d %q, reset %v, want %d %q", a.status, a.reason(), a.reset, status, reason)
	}
	wantOnlyOfTheStream(t, a.header)
}

// wantOnlyOfTheStream checks that a header does not speak of the connection,
// which would end for it (RFC 9113 8.2.2).
func wantOnlyOfTheStream(t *testing.T, h http.Header) {
	t.Helper()
	for _, name := range []string{"Connection", "Upgrade", "Keep-Alive", "Transfer-Encoding", "Proxy-Connection"} {
		if value, ok := h[name]; ok {
			t.Errorf("%s: %q over HTTP/2", name, value)
		}
	}
}
