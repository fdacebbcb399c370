package interop

import (
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/conn/conntest"
	"github.com/parleyws/parley/frame"
)

const (
	helloOfClient       = "828500000000" + "68656c6c6f"
	normalCloseOfClient = "888200000000" + "03e8"
	normalCloseOfServer = "8802" + "03e8"
)

func TestCloseWriteIsACloseFrameG19(t *testing.T) { // RFC 6455 5.5.1
	synctest.Test(t, func(t *testing.T) {
		n, _, peer := netConnAndPeer(t, nil, nil)
		for range 2 {
			if err := n.CloseWrite(); err != nil {
				t.Error(err)
			}
		}
		peer.expect(normalCloseOfServer)
		if k, err := n.Write([]byte("late")); k > 0 || !errors.Is(err, net.ErrClosed) {
			t.Errorf("a later Write returns %d, %v", k, err)
		}
		peer.send(helloOfClient)
		got := make([]byte, 100)
		if k, err := n.Read(got); string(got[:k]) != "hello" || err != nil {
			t.Errorf("read %q, %v", got[:k], err)
		}
		go peer.send(normalCloseOfClient)
		n.Read(got)
		peer.expectEnd()
	})
}

func TestAStreamEndsByEOFAfterCloseWriteG19(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, _, peer := netConnAndPeer(t, nil, nil)
		n.CloseWrite()
		peer.send(helloOfClient + normalCloseOfClient)
		if got, err := io.ReadAll(n); string(got) != "hello" || err != nil {
			t.Errorf("read %q, %v", got, err)
		}
		if k, err := n.Read(make([]byte, 1)); k > 0 || err != io.EOF {
			t.Errorf("then read %d bytes, %v", k, err)
		}
	})
}

// Who has said all and works on what it hears is not one who has left.
func TestAReaderAtWorkHearsThePeerOutAfterCloseWriteG19(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, _, peer := netConnAndPeer(t, nil, nil)
		n.CloseWrite()
		const messages = 10
		go func() {
			for range messages {
				time.Sleep(1100 * time.Millisecond)
				if _, err := peer.Write(unhex(t, helloOfClient)); err != nil {
					return
				}
			}
			peer.Write(unhex(t, normalCloseOfClient))
		}()
		got, buf := 0, make([]byte, 100)
		for {
			k, err := n.Read(buf)
			got += k
			if err != nil {
				if got != messages*len("hello") {
					t.Errorf("after %d of %d bytes: %v", got, messages*len("hello"), err)
				}
				break
			}
			time.Sleep(900 * time.Millisecond) // so at work when CloseTimeout passes, after 5 s
		}
		peer.Close()
		time.Sleep(time.Minute) // of the bubble, until the peer has noticed
	})
}

func TestCloseSaysNormalClosureAndWakesWhoWaitsG19(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, under, peer := netConnAndPeer(t, nil, nil)
		read := make(chan error)
		go func() {
			_, err := n.Read(make([]byte, 1))
			read <- err
		}()
		synctest.Wait()
		for range 2 {
			if err := n.Close(); err != nil {
				t.Error(err)
			}
		}
		if err := <-read; !errors.Is(err, net.ErrClosed) {
			t.Errorf("Read returns %v", err)
		}
		peer.expect(normalCloseOfServer)
		peer.send(helloOfClient + normalCloseOfClient) // hello comes too late
		peer.expectEnd()
		peer.Close()
		<-under.Done()
		var end *conn.CloseError
		if !errors.As(under.Err(), &end) || !end.Clean || end.Code != frame.NormalClosure {
			t.Errorf("ended by %v, want a clean end", under.Err())
		}
		if _, err := n.Write([]byte("late")); !errors.Is(err, net.ErrClosed) {
			t.Errorf("a later Write returns %v", err)
		}
		if err := n.SetDeadline(time.Time{}); !errors.Is(err, net.ErrClosed) {
			t.Errorf("a later SetDeadline returns %v", err)
		}
	})
}

func TestCloseWakesAWriteThatWaitsG19(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, _, peer := netConnAndPeer(t, &conntest.Options{Window: 1000}, nil)
		wrote := make(chan error)
		go func() {
			_, err := n.Write(make([]byte, 2000))
			wrote <- err
		}()
		synctest.Wait()
		start := time.Now()
		closed := make(chan error)
		go func() { closed <- n.Close() }()
		err := <-wrote
		if waited := time.Since(start); !errors.Is(err, net.ErrClosed) || waited > 0 {
			t.Errorf("after %v Write returns %v", waited, err)
		}
		peer.Close()
		<-closed
	})
}

// The closing handshake takes its course without the caller, so a peer that
// does not read is no reason to wait for longer than a second.
func TestCloseDoesNotWaitForAPeerThatDoesNotReadG19(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, _, peer := netConnAndPeer(t, &conntest.Options{Window: 1000}, nil)
		n.SetWriteDeadline(time.Now().Add(time.Second))
		if _, err := n.Write(make([]byte, 2000)); err == nil {
			t.Error("the window is not full")
		}
		start := time.Now()
		n.Close()
		if waited := time.Since(start); waited > time.Second {
			t.Errorf("Close took %v", waited)
		}
		peer.Close()
	})
}

// Two ends that close at once each have a close frame to send and one to read.
func TestBothEndsMayCloseAtOnceG19(t *testing.T) {
	p := netConnsOverTCP(t)
	go p.server.Close()
	p.client.Close()
	<-p.serverConn.Done()
	<-p.clientConn.Done()
	for _, c := range []*conn.Conn{p.serverConn, p.clientConn} {
		var end *conn.CloseError
		if !errors.As(c.Err(), &end) || !end.Clean || end.Code != frame.NormalClosure {
			t.Errorf("ended by %v, want a clean end", c.Err())
		}
	}
}

// A message that is larger than MaxMessage, which does not hold for a stream,
// must not turn a normal closure into a failure.
func TestCloseInsideALargeMessageIsNormalG19(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, under, peer := netConnAndPeer(t, nil, nil)
		const size = 2 << 20
		go func() {
			peer.send("82ff" + "0000000000200000" + "00000000")
			for sent := 0; sent < size; {
				k, err := peer.Write(make([]byte, min(size-sent, 32<<10)))
				if err != nil {
					return
				}
				sent += k
			}
			peer.send(normalCloseOfClient)
		}()
		if _, err := io.ReadFull(n, make([]byte, 10)); err != nil {
			t.Error(err)
		}
		n.Close()
		io.Copy(io.Discard, peer)
		peer.Close()
		<-under.Done()
		var end *conn.CloseError
		if !errors.As(under.Err(), &end) || !end.Clean || end.Code != frame.NormalClosure {
			t.Errorf("ended by %v, want a clean end", under.Err())
		}
	})
}

// A peer that says goodbye and is gone before the answer has left in good order
// all the same.
func TestAPeerThatTakesNoAnswerHasClosedNormallyG19(t *testing.T) { // RFC 6455 7.1.5
	a, b := net.Pipe()
	c, err := conn.New(a, conn.Setup{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	n := c.NetConn(conn.Binary)
	defer n.Close()
	go func() {
		b.Write(unhex(t, helloOfClient+normalCloseOfClient))
		b.Close()
	}()
	if got, err := io.ReadAll(n); string(got) != "hello" || err != nil {
		t.Errorf("read %q, %v", got, err)
	}
	if end, ok := c.Err().(*conn.CloseError); !ok || !end.Remote || end.Clean || end.Code != frame.NormalClosure {
		t.Errorf("ended by %+v, want by the peer, not clean, with 1000", c.Err())
	}
}
