package conn_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
)

var compressions = map[string]*deflate.Params{
	"plain":               nil,
	"takeover":            {},
	"no takeover":         {ServerNoContextTakeover: true, ClientNoContextTakeover: true},
	"server window of 10": {ServerMaxWindowBits: 10},
	"client window of 9":  {ClientMaxWindowBits: 9, ServerNoContextTakeover: true},
}

// messages are of every size class, and of both types.
func messages() []conn.Message {
	var all []conn.Message
	for _, n := range []int{0, 1, 125, 126, 511, 512, 4096, 65535, 65536, 300_000} {
		text := strings.Repeat("schön, ", n/8+1)[:n]
		text = strings.ToValidUTF8(text, "?")
		all = append(all, conn.Message{Type: conn.Text, Data: []byte(text)})
		all = append(all, conn.Message{Type: conn.Binary, Data: bytes.Repeat([]byte{0xFF, byte(n), 0x00}, n/3)})
	}
	return all
}

func TestEveryStyleEchoesEveryMessage(t *testing.T) {
	readers := map[string]func(c *conn.Conn, got func(conn.Message)) error{
		"Read": func(c *conn.Conn, got func(conn.Message)) error {
			for {
				m, err := c.Read(bg)
				if err != nil {
					return err
				}
				got(m)
			}
		},
		"ReadInto": func(c *conn.Conn, got func(conn.Message)) error {
			var buf []byte
			for {
				typ, data, err := c.ReadInto(bg, buf)
				if err != nil {
					return err
				}
				got(conn.Message{Type: typ, Data: data})
				buf = data
			}
		},
		"Messages": func(c *conn.Conn, got func(conn.Message)) error {
			for m, err := range c.Messages(bg) {
				if err != nil {
					return err
				}
				got(m)
			}
			return c.Err()
		},
		"Serve": func(c *conn.Conn, got func(conn.Message)) error {
			c.Serve(bg, conn.Handler{OnMessage: func(_ *conn.Conn, m conn.Message) { got(m) }})
			return c.Err()
		},
	}
	for name, p := range compressions {
		for style, read := range readers {
			t.Run(name+"/"+style, func(t *testing.T) {
				server, client := pairTCP(t, p, nil)
				served := make(chan error, 1)
				go func() {
					served <- read(server, func(m conn.Message) {
						if err := server.Write(bg, m.Type, m.Data); err != nil {
							t.Error(err)
						}
					})
				}()
				all := messages()
				for range 2 { // so that a second round finds a context
					for _, want := range all {
						if err := client.Write(bg, want.Type, want.Data); err != nil {
							t.Fatal(err)
						}
						got, err := client.Read(timeout(t))
						if err != nil {
							t.Fatal(err)
						}
						if got.Type != want.Type || !bytes.Equal(got.Data, want.Data) {
							t.Fatalf("a %v of %d bytes came back as a %v of %d", want.Type, len(want.Data), got.Type, len(got.Data))
						}
					}
				}
				if err := client.Close(timeout(t), frame.NormalClosure, "done"); err != nil {
					t.Error(err)
				}
				end := closeError(t, <-served)
				if !end.Remote || !end.Clean || end.Code != frame.NormalClosure || end.Reason != "done" {
					t.Errorf("server ended by %+v", end)
				}
			})
		}
	}
}

func TestMessagesEndsWithoutErrorAfterNormalClosure(t *testing.T) {
	for _, code := range []frame.CloseCode{frame.NormalClosure, frame.GoingAway, frame.NoStatusReceived} {
		server, client := pair(t, nil, nil)
		go client.Close(bg, code, "")
		for m, err := range server.Messages(bg) {
			t.Errorf("%v: yields %v, %v", code, m, err)
		}
	}
	server, client := pair(t, nil, nil)
	go client.Close(bg, frame.InternalError, "oops")
	n := 0
	for _, err := range server.Messages(bg) {
		n++
		if end := closeError(t, err); end.Code != frame.InternalError || end.Reason != "oops" {
			t.Errorf("yields %v", err)
		}
	}
	if n != 1 {
		t.Errorf("yields %d errors, want one", n)
	}
}

func TestABrokenOffRangeLosesNothing(t *testing.T) {
	server, client := pairTCP(t, nil, nil)
	for i := range 3 {
		if err := client.Write(bg, conn.Text, fmt.Append(nil, i)); err != nil {
			t.Fatal(err)
		}
	}
	for want := range 3 {
		for m, err := range server.Messages(timeout(t)) {
			if err != nil || string(m.Data) != fmt.Sprint(want) {
				t.Errorf("got %s, %v, want %d", m.Data, err, want)
			}
			break
		}
	}
}

func TestEventsComeInOrderAndOnCloseOnce(t *testing.T) {
	server, peer := serverAndPeer(t, nil)
	left := make(chan struct{})
	go func() {
		defer close(left)
		send(t, peer, fromClient(frame.Text, "a"))
		send(t, peer, fromClient(frame.Ping, "b"))
		expect(t, peer, []byte("\x8a\x01b"))
		send(t, peer, fromClient(frame.Pong, "c"))
		send(t, peer, fromClient(frame.Binary, "d"))
		send(t, peer, closeFromClient(3001, "e"))
		expect(t, peer, []byte("\x88\x03\x0b\xb9e"))
		expectEOF(t, peer)
	}()
	var log []string
	note := func(format string, a ...any) { log = append(log, fmt.Sprintf(format, a...)) }
	err := server.Serve(bg, conn.Handler{
		OnOpen:    func(c *conn.Conn) { note("open") },
		OnMessage: func(c *conn.Conn, m conn.Message) { note("%v %s", m.Type, m.Data) },
		OnPing:    func(c *conn.Conn, p []byte) { note("ping %s", p) },
		OnPong:    func(c *conn.Conn, p []byte) { note("pong %s", p) },
		OnClose:   func(c *conn.Conn, err error) { note("close %v", err) },
	})
	<-left
	want := "open|text a|ping b|pong c|binary d|close websocket: closed by the peer: 3001: e"
	if got := strings.Join(log, "|"); got != want {
		t.Errorf("events\n%s, want\n%s", got, want)
	}
	if end := closeError(t, err); end.Code != 3001 {
		t.Errorf("Serve returns %v", err)
	}
}
