package conn_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"strings"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/frame"
)

// connect returns the two ends of a connection, as an opening handshake would.
func connect() (server, client *conn.Conn) {
	a, b := net.Pipe()
	server, err := conn.New(a, conn.Setup{}, nil)
	if err != nil {
		log.Fatal(err)
	}
	client, err = conn.New(b, conn.Setup{Client: true}, nil)
	if err != nil {
		log.Fatal(err)
	}
	return server, client
}

// Messages by range: the loop ends when the peer closes.
func ExampleConn_Messages() {
	ctx := context.Background()
	server, client := connect()
	go func() {
		client.Write(ctx, conn.Text, []byte("hello"))
		client.Write(ctx, conn.Binary, []byte{1, 2, 3})
		client.Close(ctx, frame.NormalClosure, "")
	}()

	for m, err := range server.Messages(ctx) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(m.Type, len(m.Data))
	}
	fmt.Println(server.Err())
	// Output:
	// text 5
	// binary 3
	// websocket: closed by the peer: 1000 normal closure
}

// Blocking calls.
func ExampleConn_Read() {
	ctx := context.Background()
	server, client := connect()
	go func() {
		m, _ := server.Read(ctx)
		server.Write(ctx, m.Type, append(m.Data, '!'))
		server.Read(ctx) // for the closing handshake
	}()

	client.Write(ctx, conn.Text, []byte("hello"))
	m, err := client.Read(ctx)
	fmt.Println(string(m.Data), err)
	fmt.Println(client.Close(ctx, frame.NormalClosure, "that is all"))
	// Output:
	// hello! <nil>
	// <nil>
}

// Events: the data is lent, and one goroutine does it all.
func ExampleConn_Serve() {
	ctx := context.Background()
	server, client := connect()
	go func() {
		client.Write(ctx, conn.Text, []byte("hello"))
		client.Close(ctx, 4000, "enough")
	}()

	server.Serve(ctx, conn.Handler{
		OnOpen:    func(c *conn.Conn) { fmt.Println("open") },
		OnMessage: func(c *conn.Conn, m conn.Message) { fmt.Printf("%s\n", m.Data) },
		OnClose:   func(c *conn.Conn, err error) { fmt.Println(err) },
	})
	// Output:
	// open
	// hello
	// websocket: closed by the peer: 4000: enough
}

// Start returns at once; the connection is served until it ends.
func ExampleConn_Start() {
	ctx := context.Background()
	server, client := connect()
	over := make(chan struct{})
	server.Start(conn.Handler{
		OnMessage: func(c *conn.Conn, m conn.Message) { c.Write(ctx, m.Type, m.Data) },
		OnClose:   func(c *conn.Conn, err error) { fmt.Println(err); close(over) },
	})

	client.Write(ctx, conn.Text, []byte("hello"))
	m, err := client.Read(ctx)
	fmt.Println(string(m.Data), err)
	client.Close(ctx, frame.NormalClosure, "")
	<-over
	// Output:
	// hello <nil>
	// <nil>
}

// A context ends one call, not the connection.
func ExampleConn_Read_context() {
	server, client := connect()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := server.Read(ctx)
	fmt.Println(err)

	go client.Write(context.Background(), conn.Text, []byte("still there"))
	m, err := server.Read(context.Background())
	fmt.Println(string(m.Data), err)
	// Output:
	// context canceled
	// still there <nil>
}

// How a connection ended: which side, the code, and why.
func ExampleCloseError() {
	ctx := context.Background()
	server, client := connect()
	go client.Close(ctx, frame.GoingAway, "see you")

	_, err := server.Read(ctx)
	var end *conn.CloseError
	if errors.As(err, &end) {
		fmt.Println(end.Remote, end.Clean, end.Code, end.Reason)
	}
	// Output:
	// true true 1001 going away see you
}

func ExampleLimitError() {
	ctx := context.Background()
	a, b := net.Pipe()
	server, _ := conn.New(a, conn.Setup{}, &conn.Options{MaxMessage: 10})
	client, _ := conn.New(b, conn.Setup{Client: true}, nil)
	go client.Write(ctx, conn.Text, []byte("more than ten bytes"))
	go client.Read(ctx)

	_, err := server.Read(ctx)
	var limit *conn.LimitError
	fmt.Println(errors.As(err, &limit))
	fmt.Println(limit)
	// Output:
	// true
	// websocket: bytes in a message over the limit of 10 (option MaxMessage)
}

func ExampleConn_ReadInto() {
	ctx := context.Background()
	server, client := connect()
	go client.Write(ctx, conn.Text, []byte("into a buffer of the caller's"))

	buf := make([]byte, 0, 1024) // used again for every message
	t, data, err := server.ReadInto(ctx, buf)
	fmt.Println(t, string(data), err)
	// Output: text into a buffer of the caller's <nil>
}

func ExampleConn_Ping() {
	ctx := context.Background()
	server, client := connect()
	defer server.CloseNow()
	go client.Read(ctx) // answers pings
	go server.Read(ctx) // sees the pong

	d, err := server.Ping(ctx)
	fmt.Println(d > 0, err)
	// Output: true <nil>
}

// New over a stream of one's own, on which the handshake has been done.
func ExampleNew() {
	a, b := net.Pipe()
	server, err := conn.New(a, conn.Setup{Subprotocol: "chat"}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	go server.Write(context.Background(), conn.Text, []byte("hi"))

	// The other side by hand: one frame, without a mask.
	r := frame.NewReader(b)
	h, _ := r.Next()
	payload := make([]byte, h.Length)
	r.Read(payload)
	fmt.Println(server.Subprotocol(), h.Opcode, h.Masked, string(payload))
	// Output: chat text false hi
}

// A string as a text message. Text that is not UTF-8 is not sent, as the peer would
// fail the connection for it.
func ExampleConn_WriteText() {
	ctx := context.Background()
	server, client := connect()
	go server.WriteText(ctx, "schöne Grüße")

	m, err := client.Read(ctx)
	fmt.Println(m.Type, string(m.Data), err)
	fmt.Println(server.WriteText(ctx, "\xff"))
	// Output:
	// text schöne Grüße <nil>
	// websocket: text to be sent is not UTF-8 (RFC 6455 8.1)
}

// A message as it comes, for one that is larger than memory: the reader is an
// io.Reader of its bytes.
func ExampleConn_NextReader() {
	ctx := context.Background()
	server, client := connect()
	go client.WriteText(ctx, "one line\nand another\n")

	t, r, err := server.NextReader(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(t)
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		fmt.Println(lines.Text())
	}
	// Output:
	// text
	// one line
	// and another
}

// A message piece by piece, of which the end is not known at the beginning.
func ExampleConn_NextWriter() {
	ctx := context.Background()
	server, client := connect()
	go func() {
		w, err := server.NextWriter(ctx, conn.Text)
		if err != nil {
			log.Print(err)
			return
		}
		defer w.Close() // ends the message
		for i := range 3 {
			fmt.Fprintf(w, "%d, ", i)
		}
		io.WriteString(w, "and so on")
	}()

	m, err := client.Read(ctx)
	fmt.Println(string(m.Data), err)
	// Output: 0, 1, 2, and so on <nil>
}

// All that a reader has, a file for instance, as one message.
func ExampleMessageWriter_ReadFrom() {
	ctx := context.Background()
	server, client := connect()
	file := strings.NewReader(strings.Repeat("0123456789", 10_000))
	go func() {
		w, err := server.NextWriter(ctx, conn.Binary)
		if err != nil {
			log.Print(err)
			return
		}
		if _, err := io.Copy(w, file); err != nil {
			log.Print(err)
		}
		w.Close()
	}()

	t, r, err := client.NextReader(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	n, err := io.Copy(io.Discard, r)
	fmt.Println(t, n, err)
	// Output: binary 100000 <nil>
}

// To give up a message that has been begun, end its context and close the writer.
// As nothing of it has left, the connection goes on.
func ExampleMessageWriter_Close() {
	server, client := connect()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	w, err := server.NextWriter(ctx, conn.Text)
	if err != nil {
		fmt.Println(err)
		return
	}
	io.WriteString(w, "on second thoughts")
	cancel()
	fmt.Println(w.Close())

	go server.WriteText(context.Background(), "something else")
	m, err := client.Read(context.Background())
	fmt.Println(string(m.Data), err)
	// Output:
	// context canceled
	// something else <nil>
}

// A connection as a net.Conn, to carry a protocol that knows nothing of messages.
func ExampleConn_NetConn() {
	server, client := connect()
	go func() {
		n := client.NetConn(conn.Binary)
		fmt.Fprint(n, "HELO exam")
		fmt.Fprint(n, "ple.com\r\nQUIT\r\n")
		n.CloseWrite()
		io.Copy(io.Discard, n) // for the closing handshake
	}()

	var n net.Conn = server.NetConn(conn.Binary)
	defer n.Close()
	lines := bufio.NewScanner(n)
	for lines.Scan() {
		fmt.Println(lines.Text())
	}
	fmt.Println(lines.Err()) // nil: the peer closed in good order
	// Output:
	// HELO example.com
	// QUIT
	// <nil>
}

// A deadline of a net.Conn that has passed does no harm.
func ExampleNetConn_SetReadDeadline() {
	server, client := connect()
	n := server.NetConn(conn.Binary)
	n.SetReadDeadline(time.Now().Add(-time.Second))
	_, err := n.Read(make([]byte, 10))
	fmt.Println(errors.Is(err, os.ErrDeadlineExceeded))

	n.SetReadDeadline(time.Time{}) // none
	go client.Write(context.Background(), conn.Binary, []byte("late"))
	b := make([]byte, 10)
	k, err := n.Read(b)
	fmt.Println(string(b[:k]), err)
	// Output:
	// true
	// late <nil>
}

// The last word, and the peer's answer to it.
func ExampleConn_CloseWrite() {
	ctx := context.Background()
	server, client := connect()
	go func() {
		for m, err := range client.Messages(ctx) {
			if err != nil {
				log.Print(err)
				return
			}
			client.WriteText(ctx, "you said "+string(m.Data))
		}
	}()
	read := make(chan error)
	go func() {
		for m, err := range server.Messages(ctx) {
			if err != nil {
				read <- err
				return
			}
			fmt.Println(string(m.Data))
		}
	}()

	server.WriteText(ctx, "one last thing")
	server.CloseWrite(ctx, frame.NormalClosure, "done")
	fmt.Println(<-read)
	// Output:
	// you said one last thing
	// websocket: closed here: 1000 normal closure: done
}

func ExampleConn_State() {
	ctx := context.Background()
	server, client := connect()
	fmt.Println(server.State())

	go client.Read(ctx)
	server.CloseWrite(ctx, frame.GoingAway, "")
	fmt.Println(server.State())

	server.Read(ctx) // the rest of the closing handshake
	fmt.Println(server.State())
	// Output:
	// open
	// closing
	// closed
}

// A context for what is to live as long as the connection.
func ExampleConn_Context() {
	server, client := connect()
	go client.Close(context.Background(), frame.GoingAway, "see you")

	ctx := server.Context()
	go server.Read(context.Background())
	<-ctx.Done()
	fmt.Println(context.Cause(ctx))
	// Output: websocket: closed by the peer: 1001 going away: see you
}

// How long to wait for a message, for those who do not want a context.
func ExampleOptions_readTimeout() {
	ctx := context.Background()
	a, b := net.Pipe()
	server, _ := conn.New(a, conn.Setup{}, &conn.Options{ReadTimeout: time.Millisecond})
	client, _ := conn.New(b, conn.Setup{Client: true}, nil)

	_, err := server.Read(ctx)
	fmt.Println(err == conn.ErrReadTimeout, errors.Is(err, os.ErrDeadlineExceeded))

	// Nothing is lost, and the connection goes on.
	go client.WriteText(ctx, "late")
	for {
		m, err := server.Read(ctx)
		if err == conn.ErrReadTimeout {
			continue
		}
		fmt.Println(string(m.Data), err)
		return
	}
	// Output:
	// true true
	// late <nil>
}

// One bound for what all connections may hold of messages that have not ended.
func ExampleBudget() {
	ctx := context.Background()
	budget := conn.NewBudget(100 << 10)
	a, b := net.Pipe()
	server, _ := conn.New(a, conn.Setup{}, &conn.Options{Budget: budget})
	client, _ := conn.New(b, conn.Setup{Client: true}, nil)
	go func() {
		w, _ := client.NextWriter(ctx, conn.Binary)
		io.Copy(w, io.LimitReader(zeros{}, 500<<10)) // larger than there is room for
		w.Close()
	}()
	go client.Read(ctx)

	_, err := server.Read(ctx)
	var limit *conn.LimitError
	fmt.Println(errors.As(err, &limit))
	fmt.Println(limit)
	fmt.Println(budget.Used())
	// Output:
	// true
	// websocket: bytes in the unfinished messages of all connections over the limit of 102400 (option Budget)
	// 0
}
