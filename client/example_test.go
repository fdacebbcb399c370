package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/parleyws/parley/client"
	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
	"github.com/parleyws/parley/handshake"
)

// exampleURL is that of a server that sends back what it gets.
func exampleURL() (url string, stop func()) {
	hs := httptest.NewServer(http.HandlerFunc(echoHandler))
	return "ws" + strings.TrimPrefix(hs.URL, "http"), hs.Close
}

func ExampleDial() {
	url, stop := exampleURL()
	defer stop()

	ctx := context.Background()
	c, _, err := client.Dial(ctx, url, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.CloseNow()

	c.Write(ctx, conn.Text, []byte("hello"))
	m, err := c.Read(ctx)
	fmt.Println(string(m.Data), err)
	fmt.Println(c.Close(ctx, frame.NormalClosure, ""))
	// Output:
	// hello <nil>
	// <nil>
}

// With compression, a subprotocol, and a field of one's own.
func ExampleOptions() {
	url, stop := exampleURL()
	defer stop()

	c, _, err := client.Dial(context.Background(), url, &client.Options{
		Subprotocols: []string{"chat.v2", "chat.v1"},
		Deflate:      &deflate.Offer{ClientWindow: true},
		Header:       http.Header{"Origin": {"https://example.com"}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.CloseNow()
	_, compressed := c.Deflate()
	fmt.Println(c.Subprotocol(), compressed)
	// Output: chat.v2 true
}

// What a server that refuses has answered.
func ExampleDial_refused() {
	hs := httptest.NewServer(http.NotFoundHandler())
	defer hs.Close()

	_, resp, err := client.Dial(context.Background(), hs.URL, nil)
	var refused *handshake.Error
	fmt.Println(errors.As(err, &refused), resp.Status)
	// Output: true 404 Not Found
}
