package conntest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"syscall"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/conn/conntest"
)

// Two connections that talk to each other, without a network.
func ExamplePair() {
	ctx := context.Background()
	c, err := conntest.Pair(&conntest.PairOptions{
		Server:      &conn.Options{MaxMessage: 1 << 10},
		Subprotocol: "chat",
	})
	if err != nil {
		log.Fatal(err)
	}
	defer c.CloseNow()

	if err := c.Client.Write(ctx, conn.Text, []byte("hello")); err != nil {
		log.Fatal(err)
	}
	m, err := c.Server.Read(ctx)
	fmt.Printf("%s, %v, by %s\n", m.Data, err, c.Server.Subprotocol())
	// Output: hello, <nil>, by chat
}

// A Write returns before the peer reads; Close lets the peer read to the end.
func ExamplePipe() {
	a, b := conntest.Pipe(&conntest.Options{Window: 1 << 10})
	fmt.Fprint(a, "hello")
	a.Close()
	text, err := io.ReadAll(b)
	fmt.Printf("%s, %v\n", text, err)
	// Output: hello, <nil>
}

// To close while bytes of the peer are unread resets it, and takes along what it
// has not read: the last words.
func ExampleEnd_Close() {
	a, b := conntest.Pipe(nil)
	fmt.Fprint(b, "more of the question")
	fmt.Fprint(a, "last words")
	a.Close()
	text, err := io.ReadAll(b)
	fmt.Printf("%q, reset: %t\n", text, errors.Is(err, syscall.ECONNRESET))

	// To close the half that writes, and read until the peer closes, does not.
	a, b = conntest.Pipe(nil)
	fmt.Fprint(b, "more of the question")
	fmt.Fprint(a, "last words")
	a.CloseWrite()
	text, err = io.ReadAll(b)
	fmt.Printf("%q, %v\n", text, err)
	b.Close()
	io.Copy(io.Discard, a)
	a.Close()
	// Output:
	// "", reset: true
	// "last words", <nil>
}

// Short reads, and one that returns nothing at all, are lawful; see io.Reader.
func ExampleFlow_SetReadSizes() {
	a, b := conntest.Pipe(nil)
	b.In().SetReadSizes(conntest.Cycle(1, 0, 3))
	fmt.Fprint(a, "Sec-WebSocket")
	a.Close()
	buf := make([]byte, 100)
	for {
		n, err := b.Read(buf)
		fmt.Printf("%q ", buf[:n])
		if err != nil {
			fmt.Println(err)
			return
		}
	}
	// Output: "S" "" "ec-" "W" "" "ebS" "o" "" "cke" "t" "" "" EOF
}

// What does a connection make of a reset in the middle of a frame?
func ExampleFlow_ResetAfter() {
	ctx := context.Background()
	c, err := conntest.Pair(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer c.CloseNow()
	c.ClientEnd.Out().ResetAfter(9) // bytes of the frame, of 11

	err = c.Client.Write(ctx, conn.Text, []byte("hello"))
	fmt.Println("written:", err == nil)
	_, err = c.Server.Read(ctx)
	fmt.Println("reset:", errors.Is(err, syscall.ECONNRESET))
	// Output:
	// written: false
	// reset: true
}

// A peer that has stalled: Writes go through until its window is full.
func ExampleFlow_Stall() {
	a, b := conntest.Pipe(&conntest.Options{Window: 8})
	a.Out().Stall()
	a.SetWriteDeadline(time.Now().Add(time.Millisecond))
	n, err := fmt.Fprint(a, "hello, peer")
	fmt.Println(n, errors.Is(err, os.ErrDeadlineExceeded))

	a.Close()
	a.Out().Resume()
	text, _ := io.ReadAll(b)
	fmt.Printf("%s\n", text)
	// Output:
	// 8 true
	// hello, p
}

// Bytes take their time, also without anybody to send them. In a bubble of
// testing/synctest that takes no time.
func ExampleFlow_SetLatency() {
	a, b := conntest.Pipe(nil)
	a.Out().SetLatency(20 * time.Millisecond)
	start := time.Now()
	fmt.Fprint(a, "hello")
	fmt.Printf("%+v\n", a.Out().Stats())

	n, err := b.Read(make([]byte, 100))
	fmt.Println(n, err, time.Since(start) >= 20*time.Millisecond)
	// Output:
	// {Writes:1 BytesWritten:5 Reads:0 BytesRead:0 InFlight:5 Unread:0 WritesWaiting:0 ReadsWaiting:0}
	// 5 <nil> true
}

// How many system calls would that have been?
func ExampleFlow_Stats() {
	ctx := context.Background()
	c, err := conntest.Pair(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer c.CloseNow()
	if err := c.Server.Write(ctx, conn.Binary, make([]byte, 1000)); err != nil {
		log.Fatal(err)
	}
	s := c.ServerEnd.Out().Stats()
	fmt.Printf("%d bytes in %d write, %d unread\n", s.BytesWritten, s.Writes, s.Unread)
	// Output: 1004 bytes in 1 write, 1004 unread
}

// Wait until a Write is stuck, instead of sleeping.
func ExampleFlow_Await() {
	ctx := context.Background()
	a, b := conntest.Pipe(&conntest.Options{Window: 4})
	go func() {
		fmt.Fprint(a, "hello")
		a.Close()
	}()
	err := a.Out().Await(ctx, func(s conntest.Stats) bool { return s.WritesWaiting == 1 })
	fmt.Println(err, a.Out().Stats().BytesWritten)
	text, _ := io.ReadAll(b)
	fmt.Printf("%s\n", text)
	// Output:
	// <nil> 4
	// hello
}

// A read deadline of HTTP/2 that has passed cannot be taken back.
func ExampleEnd_HTTP2() {
	a, b := conntest.Pipe(nil)
	stream := a.HTTP2()
	stream.SetReadDeadline(time.Now())
	stream.SetReadDeadline(time.Time{})
	_, err := stream.Read(make([]byte, 1))
	fmt.Println(errors.Is(err, os.ErrDeadlineExceeded))

	fmt.Fprint(stream, "but it can be written to")
	stream.Close()
	text, err := io.ReadAll(b)
	fmt.Printf("%s, %v\n", text, err)
	// Output:
	// true
	// but it can be written to, <nil>
}

// A stream without deadlines, half-close or addresses.
func ExampleEnd_Plain() {
	a, _ := conntest.Pipe(nil)
	_, ok := a.Plain().(interface{ SetReadDeadline(time.Time) error })
	fmt.Println(ok)
	// Output: false
}

// The same seed, the same sizes: a test that failed fails again.
func ExampleRandom() {
	one, two := conntest.Random(42, 1, 7), conntest.Random(42, 1, 7)
	for range 1000 {
		if n := one(); n != two() || n < 1 || n > 7 {
			fmt.Println("they differ")
		}
	}
	fmt.Println("they agree")
	// Output: they agree
}
