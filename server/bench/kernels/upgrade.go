package kernels

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	coder "github.com/coder/websocket"
	"github.com/gobwas/ws"
	"github.com/gorilla/websocket"
	"github.com/lxzan/gws"

	"github.com/parleyws/parley/handshake"
	"github.com/parleyws/parley/server"
)

// opening is one input of the opening handshake: the head of a request.
type opening struct {
	from string
	head []byte
}

// openings returns a request with nothing but what RFC 6455 4.1 wants, and one
// with all that a browser sends.
func openings() []opening {
	const common = "Upgrade: websocket\r\n" +
		"Connection: Upgrade\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
		"Sec-WebSocket-Version: 13\r\n"
	return []opening{
		{"a program", []byte("GET /chat HTTP/1.1\r\nHost: example.com\r\n" + common + "\r\n")},
		{"a browser", []byte("GET /chat?room=lobby&since=1764000000 HTTP/1.1\r\n" +
			"Host: example.com\r\n" +
			"Pragma: no-cache\r\n" +
			"Cache-Control: no-cache\r\n" +
			"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36\r\n" +
			"Origin: http://example.com\r\n" +
			"Accept-Encoding: gzip, deflate, br, zstd\r\n" +
			"Accept-Language: en-GB,en;q=0.9,de;q=0.8\r\n" +
			"Cookie: session=0123456789abcdef0123456789abcdef; theme=dark; consent=0123456789abcdef0123456789\r\n" +
			common +
			"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n")},
	}
}

// RawUpgrade returns the contests at a server's opening handshake on a bare
// connection: read a request, judge it, write the answer. Ours checks the origin
// too. Neither agrees to an extension or a subprotocol.
func RawUpgrade() []Contest {
	var contests []Contest
	for _, in := range openings() {
		contests = append(contests, rawUpgrade(in))
	}
	return contests
}

func rawUpgrade(in opening) Contest {
	nc := &wire{request: in.head}
	var head handshake.Head
	buf, answer := make([]byte, 4<<10), make([]byte, 0, 512)
	ours := func() error {
		if _, err := handshake.ReadHead(nc, &head, buf); err != nil {
			return err
		}
		req, err := head.Request()
		if err != nil {
			return err
		}
		if err := head.SameOrigin(false); err != nil {
			return err
		}
		answer, err := handshake.AppendResponse(answer, handshake.Response{}, req, nil)
		if err != nil {
			return err
		}
		_, err = nc.Write(answer)
		return err
	}
	gobwas := func() error {
		_, err := ws.Upgrader{}.Upgrade(nc)
		return err
	}
	return Contest{
		Kernel: "upgrade",
		Input:  []Field{{"from", in.from}, {"head", strconv.Itoa(len(in.head))}},
		Bytes:  len(in.head),
		Contestants: []Contestant{
			nc.contestant("ours", ours),
			nc.contestant("gobwas Upgrader", gobwas),
		},
		Duels: []Duel{{"ours", "gobwas Upgrader", 1.2}},
	}
}

// HTTPUpgrade returns the contests at the same behind net/http, which has parsed
// the request: judge it, take the connection over, answer, make the connection
// that the application gets, and drop it. The parts are package handshake
// alone: they make no connection.
func HTTPUpgrade() []Contest {
	var contests []Contest
	for _, in := range openings() {
		contests = append(contests, httpUpgrade(in))
	}
	return contests
}

func httpUpgrade(in opening) Contest {
	nc := &wire{}
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(in.head)))
	if err != nil {
		panic(err) // a constant of ours
	}
	w := &hijackable{nc: nc, rw: bufio.NewReadWriter(bufio.NewReaderSize(nc, 4<<10), bufio.NewWriterSize(nc, 4<<10))}
	ours := func() error {
		c, err := server.Accept(w, r, nil)
		if err == nil {
			c.CloseNow()
		}
		return err
	}
	var answer []byte
	parts := func() error {
		req, err := handshake.ParseRequest(r)
		if err != nil {
			return err
		}
		if err := handshake.SameOrigin(r); err != nil {
			return err
		}
		if answer, err = handshake.AppendResponse(answer[:0], handshake.Response{}, req, nil); err != nil {
			return err
		}
		nc, _, err := w.Hijack()
		if err != nil {
			return err
		}
		_, err = nc.Write(answer)
		return err
	}
	gorilla := func() error {
		c, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
		if err == nil {
			c.Close()
		}
		return err
	}
	coderAccept := func() error {
		c, err := coder.Accept(w, r, nil)
		if err == nil {
			c.CloseNow()
		}
		return err
	}
	gwsUpgrader := gws.NewUpgrader(&gws.BuiltinEventHandler{}, nil)
	gwsUpgrade := func() error {
		c, err := gwsUpgrader.Upgrade(w, r)
		if err == nil {
			c.NetConn().Close()
		}
		return err
	}
	return Contest{
		Kernel: "upgrade behind HTTP",
		Input:  []Field{{"from", in.from}, {"head", strconv.Itoa(len(in.head))}},
		Contestants: []Contestant{
			nc.contestant("ours", ours),
			nc.contestant("our parts", parts),
			nc.contestant("gorilla", gorilla),
			nc.contestant("coder", coderAccept),
			nc.contestant("gws", gwsUpgrade),
		},
		Duels: []Duel{{"ours", "gorilla", 0}, {"ours", "coder", 0}, {"ours", "gws", 0}},
	}
}

// wire is a connection on which a request comes again and again.
type wire struct {
	request []byte // left out if net/http has read it
	answer  []byte // the last one
}

// contestant makes a contestant of a way to do one handshake on nc.
func (nc *wire) contestant(name string, upgrade func() error) Contestant {
	return Contestant{
		Name: name,
		Loop: func(b *testing.B) {
			for b.Loop() {
				if err := upgrade(); err != nil {
					b.Fatal(err)
				}
			}
		},
		Once: func() string {
			if err := upgrade(); err != nil {
				return err.Error()
			}
			return accepted(nc.answer)
		},
	}
}

// accepted tells what an answer agrees to, whatever the order of its fields.
func accepted(answer []byte) string {
	resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(answer)), nil)
	if err != nil {
		return err.Error()
	}
	return resp.Status + " " + strings.Join(resp.Header["Sec-Websocket-Accept"], ",")
}

// Read brings the request whole, each time.
func (nc *wire) Read(p []byte) (int, error) {
	if nc.request == nil {
		return 0, io.EOF
	}
	return copy(p, nc.request), nil
}

// Write keeps the answer.
func (nc *wire) Write(p []byte) (int, error) {
	nc.answer = append(nc.answer[:0], p...)
	return len(p), nil
}

func (nc *wire) Close() error                     { return nil }
func (nc *wire) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (nc *wire) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (nc *wire) SetDeadline(time.Time) error      { return nil }
func (nc *wire) SetReadDeadline(time.Time) error  { return nil }
func (nc *wire) SetWriteDeadline(time.Time) error { return nil }

// hijackable is a response writer whose connection can be taken over again and
// again.
type hijackable struct {
	nc     net.Conn
	rw     *bufio.ReadWriter
	header http.Header
}

// Header returns fresh fields for each request, as net/http does.
func (w *hijackable) Header() http.Header {
	if w.header == nil {
		w.header = http.Header{}
	}
	clear(w.header)
	return w.header
}

func (w *hijackable) Write(p []byte) (int, error) { return len(p), nil }
func (w *hijackable) WriteHeader(int)             {}

// Hijack gives the connection away.
func (w *hijackable) Hijack() (net.Conn, *bufio.ReadWriter, error) { return w.nc, w.rw, nil }
