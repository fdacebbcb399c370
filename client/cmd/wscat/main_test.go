package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/frame"
	"github.com/parleyws/parley/handshake"
)

// startServer serves each connection with serve, on a server made of the parts.
func startServer(t *testing.T, serve func(c *conn.Conn, r *http.Request)) (wsURL string) {
	t.Helper()
	hs := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		req, err := handshake.ParseRequest(r)
		if err != nil {
			handshake.Refuse(w, r, err)
			return
		}
		var resp handshake.Response
		if len(req.Subprotocols) > 0 {
			resp.Subprotocol = req.Subprotocols[0]
		}
		head, err := handshake.AppendResponse(nil, resp, req, nil)
		if err != nil {
			handshake.Refuse(w, r, err)
			return
		}
		nc, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		nc.Write(head)
		c, err := conn.New(nc, conn.Setup{Subprotocol: resp.Subprotocol}, nil)
		if err != nil {
			nc.Close()
			return
		}
		defer c.CloseNow()
		serve(c, r)
	}))
	t.Cleanup(hs.Close)
	return "ws" + strings.TrimPrefix(hs.URL, "http")
}

func echo(c *conn.Conn, r *http.Request) {
	c.Serve(context.Background(), conn.Handler{OnMessage: func(c *conn.Conn, m conn.Message) {
		c.Write(context.Background(), m.Type, m.Data)
	}})
}

// wscat runs the command with input as its standard input.
func wscat(t *testing.T, input string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	go func() {
		io.WriteString(w, input)
		w.Close()
	}()
	var out, errs bytes.Buffer
	status = run(args, r, &out, &errs)
	return status, out.String(), errs.String()
}

func TestExecuteSendsAndPrintsTheAnswers(t *testing.T) {
	url := startServer(t, echo)
	status, stdout, stderr := wscat(t, "", "-x", "hello", "-wait", "1s", url)
	if status != 0 || stdout != "hello\n" || stderr != "" {
		t.Errorf("status %d, %q, %q", status, stdout, stderr)
	}
	// An empty message is a message.
	status, stdout, stderr = wscat(t, "", "-x", "", "-wait", "1s", url)
	if status != 0 || stdout != "\n" || stderr != "" {
		t.Errorf("status %d, %q, %q", status, stdout, stderr)
	}
}

func TestLinesFromAPipeAreMessages(t *testing.T) {
	status, stdout, stderr := wscat(t, "one\ntwo\n", "-wait", "1s", startServer(t, echo))
	if status != 0 || stdout != "< one\n< two\n" || stderr != "" {
		t.Errorf("status %d, %q, %q", status, stdout, stderr)
	}
}

func TestBinaryIsShownAsHexAndControlFramesOnRequest(t *testing.T) {
	url := startServer(t, func(c *conn.Conn, r *http.Request) {
		go c.Serve(context.Background(), conn.Handler{}) // takes the answer to the ping
		c.Ping(context.Background())
		c.Pong(context.Background(), []byte("beat"))
		c.Write(context.Background(), conn.Binary, []byte{0, 0xFF})
		c.Close(context.Background(), frame.NormalClosure, "")
	})
	status, stdout, stderr := wscat(t, "", "-P", url)
	if status != 0 || stderr != "" {
		t.Errorf("status %d, %q", status, stderr)
	}
	for _, line := range []string{"< binary 00ff\n", "< pong \"beat\"\n", "< ping "} {
		if !strings.Contains(stdout, line) {
			t.Errorf("no %q in %q", line, stdout)
		}
	}
}

func TestSlashCommands(t *testing.T) {
	ended := make(chan error, 1)
	url := startServer(t, func(c *conn.Conn, r *http.Request) {
		var pongs []string
		c.Serve(context.Background(), conn.Handler{OnPong: func(c *conn.Conn, p []byte) { pongs = append(pongs, string(p)) }})
		if len(pongs) != 1 || pongs[0] != "beat" {
			t.Errorf("pongs %q", pongs)
		}
		ended <- c.Err()
	})
	status, stdout, _ := wscat(t, "/nonsense\n/close 99\n/pong beat\n/close 3001 see you\n", "--slash", url)
	if status != 0 || !strings.Contains(stdout, "commands are") || !strings.Contains(stdout, `"99" is not a close code`) {
		t.Errorf("status %d, %q", status, stdout)
	}
	var end *conn.CloseError
	if err := <-ended; !errors.As(err, &end) || end.Code != 3001 || end.Reason != "see you" {
		t.Errorf("server ended by %v", err)
	}
}

func TestWhatTheFlagsSend(t *testing.T) {
	url := startServer(t, func(c *conn.Conn, r *http.Request) {
		c.Write(context.Background(), conn.Text, []byte(strings.Join([]string{
			c.Subprotocol(), r.Header.Get("Origin"), r.Header.Get("X-A"), r.Header.Get("X-B"),
		}, " ")))
		c.Close(context.Background(), frame.NormalClosure, "")
	})
	status, stdout, stderr := wscat(t, "", "-s", "chat,other", "-o", "http://origin", "-H", "X-A: a", "-H", "X-B:b", url)
	if status != 0 || stdout != "< chat http://origin a b\n" {
		t.Errorf("status %d, %q, %q", status, stdout, stderr)
	}
}

func TestAnEndThatIsNotNormalIsAnError(t *testing.T) {
	url := startServer(t, func(c *conn.Conn, r *http.Request) {
		c.Close(context.Background(), frame.InternalError, "oops")
	})
	status, _, stderr := wscat(t, "", url)
	if status != 1 || stderr != "wscat: closed by the peer: 1011 internal error: oops\n" {
		t.Errorf("status %d, %q", status, stderr)
	}
}

func TestBadInputIsOneLineAndAStatus(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := l.Addr().String()
	l.Close()
	noSocket := httptest.NewServer(http.NotFoundHandler())
	defer noSocket.Close()
	for _, tc := range []struct {
		args   string
		status int
		says   string
	}{
		{"", 2, "URL"},
		{"a b", 2, "URL"},
		{"-nonsense ws://x", 2, "-nonsense"},
		{"-wait soon ws://x", 2, "soon"},
		{"-H nocolon ws://x", 2, "header"},
		{"-listen :0", 2, "not available yet"},
		{"localhost", 1, "ws or wss"},
		{"foo://x", 1, "foo"},
		{"ws://", 1, "host"},
		{"-s a,a ws://x", 1, "subprotocol"},
		{"ws://" + nobody, 1, "refused"},
		{noSocket.URL, 1, "404"},
	} {
		status, stdout, stderr := wscat(t, "", strings.Fields(tc.args)...)
		if status != tc.status || strings.Count(stderr, "\n") != 1 || !strings.HasPrefix(stderr, "wscat: ") || !strings.Contains(stderr, tc.says) || stdout != "" {
			t.Errorf("wscat %s: status %d, stderr %q, stdout %q", tc.args, status, stderr, stdout)
		}
	}
}

func TestHelpGoesToStandardOutput(t *testing.T) {
	status, stdout, stderr := wscat(t, "", "-help")
	if status != 0 || stderr != "" {
		t.Errorf("status %d, %q", status, stderr)
	}
	for _, f := range []string{"-x", "-wait", "-listen", "-H", "-o", "-s", "-k", "-P", "-slash"} {
		if !strings.Contains(stdout, "\n  "+f) {
			t.Errorf("the help does not tell of %s", f)
		}
	}
}
