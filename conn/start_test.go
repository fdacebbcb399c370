package conn_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/frame"
)

// tellsOf returns a Handler that tells of its calls, and echoes messages.
func tellsOf(calls chan<- string) conn.Handler {
	return conn.Handler{
		OnOpen: func(*conn.Conn) { calls <- "open" },
		OnMessage: func(c *conn.Conn, m conn.Message) {
			calls <- "message " + string(m.Data)
			c.Write(bg, m.Type, m.Data)
		},
		OnPing:  func(*conn.Conn, []byte) { calls <- "ping" },
		OnPong:  func(*conn.Conn, []byte) { calls <- "pong" },
		OnClose: func(_ *conn.Conn, err error) { calls <- fmt.Sprint("close ", err) },
	}
}

// next takes the next call, which must begin as it should.
func next(t *testing.T, calls <-chan string, want string) {
	t.Helper()
	if got := <-calls; !strings.HasPrefix(got, want) {
		t.Fatalf("heard %q, want %q", got, want)
	}
}

// Start serves as Serve does, on every stream, and returns at once.
func TestStartServesAsServeDoes(t *testing.T) {
	streams := map[string]func(testing.TB) (server, client *conn.Conn){
		"TCP":       func(t testing.TB) (server, client *conn.Conn) { return pairTCP(t, nil, nil) },
		"in memory": func(t testing.TB) (server, client *conn.Conn) { return pair(t, nil, nil) },
	}
	for name, pair := range streams {
		t.Run(name, func(t *testing.T) {
			server, client := pair(t)
			calls := make(chan string, 100)
			if err := server.Start(tellsOf(calls)); err != nil {
				t.Fatal(err)
			}
			next(t, calls, "open")
			for i := range 10 {
				text := fmt.Sprint("number ", i)
				if err := client.WriteText(bg, text); err != nil {
					t.Fatal(err)
				}
				if m, err := client.Read(bg); err != nil || string(m.Data) != text {
					t.Fatalf("%q, %v", m.Data, err)
				}
				next(t, calls, "message "+text)
			}
			if err := client.Close(bg, frame.NormalClosure, ""); err != nil {
				t.Fatal(err)
			}
			next(t, calls, "close <nil>")
			if err := server.Start(tellsOf(calls)); err != server.Err() || err == nil {
				t.Errorf("Start after the end returns %v", err)
			}
		})
	}
}

// The one who reads is one.
func TestStartIsAReader(t *testing.T) {
	server, _ := pairTCP(t, nil, nil)
	calls := make(chan string, 100)
	if err := server.Start(tellsOf(calls)); err != nil {
		t.Fatal(err)
	}
	next(t, calls, "open")
	if err := server.Start(tellsOf(calls)); err != conn.ErrConcurrentRead {
		t.Errorf("Start returns %v", err)
	}
	if _, err := server.Read(bg); err != conn.ErrConcurrentRead {
		t.Errorf("Read returns %v", err)
	}
	server.CloseNow()
	next(t, calls, "close ")
}

// A function that panics, or ends its goroutine, ends its connection with 1011, is
// told of, and OnClose is called, once.
func TestAFunctionThatDoesNotReturnEndsItsConnection(t *testing.T) {
	reason := errors.New("not a good day")
	ways := map[string]func(){
		"panics": func() { panic(reason) },
		"exits":  runtime.Goexit,
	}
	places := []string{"OnOpen", "OnMessage", "OnPing", "OnClose"}
	for way, do := range ways {
		for _, place := range places {
			t.Run(place+" "+way, func(t *testing.T) {
				server, client := pairTCP(t, nil, nil)
				calls := make(chan string, 100)
				doIn := func(here string) {
					if here == place {
						do()
					}
				}
				h := tellsOf(calls)
				h.OnOpen = func(*conn.Conn) { calls <- "open"; doIn("OnOpen") }
				h.OnMessage = func(*conn.Conn, conn.Message) { calls <- "message"; doIn("OnMessage") }
				h.OnPing = func(*conn.Conn, []byte) { calls <- "ping"; doIn("OnPing") }
				h.OnClose = func(_ *conn.Conn, err error) { calls <- "close"; doIn("OnClose") }
				h.OnPanic = func(c *conn.Conn, r any) {
					if c != server || r != reason {
						t.Errorf("OnPanic hears of %v", r)
					}
					calls <- "panic"
				}
				if err := server.Start(h); err != nil {
					t.Fatal(err)
				}
				want := []string{"open"}
				code := frame.InternalError
				switch place {
				case "OnMessage":
					client.WriteText(bg, "go on")
					want = append(want, "message")
				case "OnPing":
					go client.Ping(bg)
					want = append(want, "ping")
				case "OnClose":
					go client.Close(bg, frame.GoingAway, "")
					code = frame.GoingAway
				}
				switch {
				case place == "OnClose" && way == "panics":
					want = append(want, "close", "panic")
				case place == "OnClose":
					want = append(want, "close")
				case way == "panics":
					want = append(want, "panic", "close")
				default:
					want = append(want, "close")
				}
				if place != "OnClose" {
					var end *conn.CloseError
					if _, err := client.Read(bg); !errors.As(err, &end) || end.Code != code {
						t.Errorf("the peer reads %v", err)
					}
				}
				for _, w := range want {
					next(t, calls, w)
				}
				<-server.Done()
				var end *conn.CloseError
				if err := server.Err(); !errors.As(err, &end) || end.Code != code || !end.Clean {
					t.Errorf("it ended with %v", err)
				}
				select {
				case more := <-calls:
					t.Errorf("heard %q as well", more)
				default:
				}
			})
		}
	}
}

// ReadTimeout is how long no message may come; then the connection is closed.
func TestStartHeedsReadTimeout(t *testing.T) {
	a, b := tcp(t)
	server := newConn(t, a, conn.Setup{}, &conn.Options{ReadTimeout: 1})
	client := newConn(t, b, conn.Setup{Client: true}, nil)
	calls := make(chan string, 100)
	if err := server.Start(tellsOf(calls)); err != nil {
		t.Fatal(err)
	}
	var end *conn.CloseError
	if _, err := client.Read(bg); !errors.As(err, &end) || end.Code != frame.NormalClosure {
		t.Errorf("the peer reads %v", err)
	}
	next(t, calls, "open")
	next(t, calls, "close websocket: closed here: 1000 normal closure")
}
