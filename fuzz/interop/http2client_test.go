package interop

import (
	"bytes"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// http2Conn is the client's side of an HTTP/2 connection, frame by frame: what
// Go's own client would put right, or refuse to send, goes out as it is.
type http2Conn struct {
	t               *testing.T
	framer          *http2.Framer
	block           bytes.Buffer // what fields writes to
	fields          *hpack.Encoder
	lastStream      uint32 // odd, RFC 9113 5.1.1
	extendedConnect bool   // the server's SETTINGS allow it, RFC 8441 3
}

// dialHTTP2 opens a connection in the clear, by prior knowledge (RFC 9113 3.3),
// that ends with the test.
func dialHTTP2(t *testing.T, addr string) *http2Conn {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(patience))
	const none = ^uint32(0) // two before the first
	c := &http2Conn{t: t, framer: http2.NewFramer(nc, nc), lastStream: none}
	c.fields = hpack.NewEncoder(&c.block)
	c.framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	if _, err := nc.Write([]byte(http2.ClientPreface)); err != nil {
		t.Fatal(err)
	}
	c.must(c.framer.WriteSettings())
	settings, ok := c.read().(*http2.SettingsFrame)
	if !ok {
		t.Fatal("the server does not begin with SETTINGS")
	}
	if v, ok := settings.Value(http2.SettingEnableConnectProtocol); ok {
		c.extendedConnect = v == 1
	}
	c.must(c.framer.WriteSettingsAck())
	return c
}

func (c *http2Conn) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

// read returns the next frame. The end of the connection fails the test.
func (c *http2Conn) read() http2.Frame {
	c.t.Helper()
	f, err := c.framer.ReadFrame()
	if err != nil {
		c.t.Fatalf("the connection ended: %v", err)
	}
	if f, ok := f.(*http2.GoAwayFrame); ok {
		c.t.Fatalf("the server says goodbye: %v %q", f.ErrCode, f.DebugData())
	}
	return f
}

// open begins a stream with the fields of a request. Nothing more will come
// from the client if alone.
func (c *http2Conn) open(fields [][2]string, alone bool) (stream uint32) {
	c.t.Helper()
	c.lastStream += 2
	c.block.Reset()
	for _, f := range fields {
		c.must(c.fields.WriteField(hpack.HeaderField{Name: f[0], Value: f[1]}))
	}
	block := c.block.Bytes()
	first := block[:min(len(block), 16<<10)]
	c.must(c.framer.WriteHeaders(http2.HeadersFrameParam{
		StreamID: c.lastStream, BlockFragment: first, EndHeaders: len(first) == len(block), EndStream: alone,
	}))
	for block = block[len(first):]; len(block) > 0; {
		piece := block[:min(len(block), 16<<10)]
		block = block[len(piece):]
		c.must(c.framer.WriteContinuation(c.lastStream, len(block) == 0, piece))
	}
	return c.lastStream
}

// data sends bytes on a stream.
func (c *http2Conn) data(stream uint32, s string, last bool) {
	c.t.Helper()
	c.must(c.framer.WriteData(stream, last, []byte(s)))
}

// streamAnswer is what comes on one stream.
type streamAnswer struct {
	answer
	reset *http2.ErrCode // if the server cut the stream before its end
}

// head reads the response on a stream up to its body. Frames of other streams
// are passed over: they are the last of streams that the client has left.
func (c *http2Conn) head(stream uint32) (a streamAnswer, ended bool) {
	c.t.Helper()
	for {
		f := c.read()
		if f.Header().StreamID != stream {
			continue
		}
		switch f := f.(type) {
		case *http2.MetaHeadersFrame:
			a.header = http.Header{}
			for _, field := range f.RegularFields() {
				if strings.ToLower(field.Name) != field.Name {
					c.t.Errorf("field %q is not in lower case, RFC 9113 8.2", field.Name)
				}
				name := http.CanonicalHeaderKey(field.Name)
				a.header[name] = append(a.header[name], field.Value)
			}
			var err error
			a.status, err = strconv.Atoi(f.PseudoValue("status"))
			c.must(err)
			return a, f.StreamEnded()
		case *http2.RSTStreamFrame:
			a.reset = &f.ErrCode
			return a, true
		}
	}
}

// body reads what follows on a stream until it has ended, or until at least n
// bytes have come.
func (c *http2Conn) body(a *streamAnswer, stream uint32, n int) (ended bool) {
	c.t.Helper()
	for len(a.body) < n {
		f := c.read()
		if f.Header().StreamID != stream {
			continue
		}
		switch f := f.(type) {
		case *http2.DataFrame:
			a.body += string(f.Data())
			if f.StreamEnded() {
				return true
			}
		case *http2.MetaHeadersFrame: // trailers
			return true
		case *http2.RSTStreamFrame:
			a.reset = &f.ErrCode
			return true
		}
	}
	return false
}

// answer reads the whole response on a stream.
func (c *http2Conn) answer(stream uint32) streamAnswer {
	c.t.Helper()
	a, ended := c.head(stream)
	if !ended {
		c.body(&a, stream, 1<<30)
	}
	return a
}
