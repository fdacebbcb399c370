package main

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/frame"
	"github.com/parleyws/parley/handshake"
)

var bg = context.Background()

func timeout(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(bg, 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// dial opens a connection, made of the parts.
func dial(t *testing.T, address, path string) *conn.Conn {
	t.Helper()
	u, err := url.Parse(address + path)
	if err != nil {
		t.Fatal(err)
	}
	nc, err := net.Dial("tcp", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	req := handshake.Request{Key: handshake.NewKey()}
	head, err := handshake.AppendRequest(nil, u, req, nil)
	if err != nil {
		t.Fatal(err)
	}
	nc.Write(head)
	resp, early, err := handshake.ReadResponse(nc, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := handshake.ParseResponse(resp, req); err != nil {
		t.Fatal(err)
	}
	c, err := conn.New(nc, conn.Setup{Client: true, Buffered: early}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.CloseNow() })
	return c
}

func say(t *testing.T, c *conn.Conn, text string) {
	t.Helper()
	if err := c.Write(timeout(t), conn.Text, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

func hear(t *testing.T, c *conn.Conn, want string) {
	t.Helper()
	m, err := c.Read(timeout(t))
	if err != nil || string(m.Data) != want {
		t.Fatalf("heard %q, %v, want %q", m.Data, err, want)
	}
}

// Who joins when is not known outside, so the test waits for what it sends itself.
func TestChatIsForTheOthersAndBroadcastForAll(t *testing.T) {
	address := start(t)
	a, b, c := dial(t, address, "/broadcast"), dial(t, address, "/broadcast"), dial(t, address, "/broadcast")
	all := []*conn.Conn{a, b, c}
	for i, who := range all { // who hears itself is in the room
		say(t, who, fmt.Sprint(i))
		for heard := ""; heard != fmt.Sprint(i); {
			m, err := who.Read(timeout(t))
			if err != nil {
				t.Fatal(err)
			}
			heard = string(m.Data)
		}
	}
	say(t, b, "to all")
	for _, who := range all {
		for heard := ""; heard != "to all"; {
			m, err := who.Read(timeout(t))
			if err != nil {
				t.Fatal(err)
			}
			heard = string(m.Data)
		}
	}

	x, y := dial(t, address, "/chat"), dial(t, address, "/chat")
	ready := make(chan struct{})
	go func() { // until y is in the room
		for {
			x.Write(bg, conn.Text, []byte("anybody?"))
			select {
			case <-ready:
				return
			case <-time.After(time.Millisecond):
			}
		}
	}()
	hear(t, y, "anybody?")
	close(ready)
	say(t, y, "only for x")
	hear(t, x, "only for x")
	say(t, y, "first")
	say(t, y, "second")
	hear(t, x, "first") // so nothing of its own came between
	hear(t, x, "second")
}

func TestWhoReadsTooSlowlyIsSentAwayAndHoldsUpNobody(t *testing.T) {
	r := newRoom(false, &stats{})
	a, peer := net.Pipe()
	defer peer.Close()
	c, err := conn.New(a, conn.Setup{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	slow := &member{c: c, queue: make(chan conn.Message, queueLength)}
	fast := &member{queue: make(chan conn.Message, 2*queueLength)}
	r.join(slow)
	r.join(fast)
	for range queueLength + 1 {
		r.send(nil, conn.Message{Type: conn.Text})
	}
	if len(fast.queue) != queueLength+1 {
		t.Errorf("the other one got %d", len(fast.queue))
	}
	fr := frame.NewReader(peer)
	h, err := fr.Next()
	if err != nil || h.Opcode != frame.Close {
		t.Fatalf("the slow one got %+v, %v", h, err)
	}
	payload := make([]byte, h.Length)
	fr.Read(payload)
	if code, _, _ := frame.ParseClose(payload); code != frame.TryAgainLater {
		t.Errorf("the slow one got %v", code)
	}
}

func TestMetricsCount(t *testing.T) {
	address := start(t)
	c := dial(t, address, "/echo")
	say(t, c, "12345")
	hear(t, c, "12345")
	if err := c.Close(timeout(t), frame.NormalClosure, ""); err != nil {
		t.Fatal(err)
	}
	_, h, body := get(t, address+"/metrics")
	for _, line := range []string{
		"websocket_connections_total 1",
		"websocket_messages_received_total 1",
		"websocket_messages_sent_total 1",
		"websocket_message_bytes_received_total 5",
		"websocket_message_bytes_sent_total 5",
	} {
		if !strings.Contains(body, "\n"+line+"\n") {
			t.Errorf("no %q in\n%s", line, body)
		}
	}
	if !strings.HasPrefix(h.Get("Content-Type"), "text/plain; version=0.0.4") {
		t.Errorf("type %q", h.Get("Content-Type"))
	}
}

// Both the peer and the operator see a clean end.
func TestTheEndIsGoingAway(t *testing.T) {
	cfg, err := parseFlags([]string{"-addr", "127.0.0.1:0"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(bg)
	defer cancel()
	out := newOutput()
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, cfg, out, newOutput()) }()
	<-out.first
	c := dial(t, strings.TrimSpace(strings.TrimPrefix(out.String(), "listening on ")), "/echo")
	say(t, c, "x")
	hear(t, c, "x")
	cancel()
	_, err = c.Read(timeout(t))
	if end := c.Err(); end == nil || !strings.Contains(err.Error(), "1001 going away") {
		t.Errorf("client: %v", err)
	}
	if err := <-ended; err != nil {
		t.Errorf("serve: %v", err)
	}
}
