package conn_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"

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
