package conn_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/conn/conntest"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
	"pgregory.net/rapid"
)

// Row 158: the shape is that of package net.
var (
	_ net.Conn           = (*conn.NetConn)(nil)
	_ io.ReadWriteCloser = (*conn.NetConn)(nil)
)

func TestANetConnHasTheAddressesOfItsStreamRow158(t *testing.T) {
	onEveryStream(t, func(t *testing.T, o rigOptions) {
		r := newRig(t, o)
		n := r.NetConn(conn.Binary)
		local, remote := r.end.LocalAddr(), r.end.RemoteAddr()
		if o.kind.name != renewable.name { // which have none
			if a := n.LocalAddr(); a.Network() != "websocket" || a.String() != "websocket" || n.RemoteAddr() != a {
				t.Errorf("of nowhere: %v", a)
			}
			if r.LocalAddr() != nil || r.RemoteAddr() != nil {
				t.Errorf("the Conn has %v, %v", r.LocalAddr(), r.RemoteAddr())
			}
			return
		}
		if n.LocalAddr() != local || n.RemoteAddr() != remote || r.LocalAddr() != local {
			t.Errorf("%v, %v, want %v, %v", n.LocalAddr(), n.RemoteAddr(), local, remote)
		}
	})
}

// Row 159: one Write is one message.
func TestEveryWriteOfANetConnIsAMessageRow159(t *testing.T) {
	onEveryStream(t, func(t *testing.T, o rigOptions) {
		o.deflate, o.CompressFrom = &deflate.Params{}, -1
		r := newRig(t, o)
		binary, text := r.NetConn(conn.Binary), r.NetConn(conn.Text)
		for _, write := range []func() (int, error){
			func() (int, error) { return binary.Write([]byte("one")) },
			func() (int, error) { return text.Write([]byte("two")) },
			func() (int, error) { return binary.Write(nil) },
			func() (int, error) { return io.WriteString(binary, "four") },
		} {
			if _, err := write(); err != nil {
				t.Error(err)
			}
		}
		r.expectHeard("binary one", "text two", "binary ", "binary four")
		big := make([]byte, 1<<20)
		if n, err := binary.Write(big); n != len(big) || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		if frames := r.hears(); len(frames) != 1 || frames[0].payload != string(big) {
			t.Errorf("heard %q", said(frames))
		}
	})
}

// Row 160: the bytes are what counts, however they are written and read.
func TestANetConnKnowsNoMessagesRow160(t *testing.T) {
	checkInBubble(t, func(t *rapid.T) {
		opts := &conntest.PairOptions{Pipe: &conntest.Options{Window: rapid.SampledFrom([]int{1, 100, 100_000}).Draw(t, "window")}}
		if rapid.Bool().Draw(t, "compressed") {
			opts.Deflate = &deflate.Params{}
		}
		c, err := conntest.Pair(opts)
		if err != nil {
			t.Fatal(err)
		}
		defer c.CloseNow()
		from, to := c.Server, c.Client
		if rapid.Bool().Draw(t, "from the client") {
			from, to = to, from
		}
		source := rapid.SliceOfN(rapid.Byte(), 0, 10_000).Draw(t, "bytes")
		sizes := rapid.SliceOfN(rapid.IntRange(0, 3000), 1, 20).Draw(t, "writes")
		reads := rapid.SliceOfN(rapid.IntRange(0, 3000), 1, 20).Draw(t, "reads")
		left := make(chan error, 1)
		go func() {
			n := from.NetConn(conn.Binary)
			defer io.Copy(io.Discard, n) // the answer to the close frame
			for i, b := 0, source; ; i++ {
				k := min(sizes[i%len(sizes)], len(b))
				if k == 0 && i%len(sizes) == 0 {
					k = min(1, len(b))
				}
				if _, err := n.Write(b[:k]); err != nil {
					left <- err
					return
				}
				if b = b[k:]; len(b) == 0 {
					break
				}
			}
			left <- n.CloseWrite()
		}()
		var got []byte
		n := to.NetConn(conn.Binary)
		for i := 0; err == nil; i++ {
			p := make([]byte, reads[i%len(reads)]+1-i%2)
			var k int
			k, err = n.Read(p)
			got = append(got, p[:k]...)
		}
		if err != io.EOF || !bytes.Equal(got, source) {
			t.Fatalf("%d bytes of %d came, %v", len(got), len(source), err)
		}
		if err := <-left; err != nil {
			t.Fatal(err)
		}
	})
}

// Row 160, RFC 6455 section 7.4.1: of the other type nothing is understood.
func TestAMessageOfTheWrongTypeFailsANetConnRow160(t *testing.T) {
	onEveryStream(t, func(t *testing.T, o rigOptions) {
		r := newRig(t, o)
		n := r.NetConn(conn.Binary)
		r.says(r.binary("right"), r.text("wrong"))
		if got := readNow(t, n); got != "right" {
			t.Errorf("got %q", got)
		}
		k, err := n.Read(make([]byte, 10))
		if end := closeError(t, err); k != 0 || end.Remote || end.Code != frame.UnsupportedData {
			t.Errorf("%d bytes, %+v", k, end)
		}
		r.expectHeard("close 1003 unsupported data message of the wrong type")
		if _, again := n.Read(make([]byte, 10)); again != err { // row 162
			t.Errorf("then %v", again)
		}
	})
}

// Row 161, row G19: a peer that leaves in good order is the end of a file.
func TestTheEndOfANetConnIsEOFOnlyInGoodOrderRow161G19(t *testing.T) {
	for _, tc := range []struct {
		code frame.CloseCode
		eof  bool
	}{
		{frame.NormalClosure, true}, {frame.GoingAway, true}, {frame.NoStatusReceived, true},
		{frame.ProtocolError, false}, {frame.InternalError, false}, {3000, false}, {4999, false},
		{frame.AbnormalClosure, false}, // the stream ends without a close frame
	} {
		t.Run(tc.code.String(), func(t *testing.T) {
			onEveryStream(t, func(t *testing.T, o rigOptions) {
				r := newRig(t, o)
				n := r.NetConn(conn.Binary)
				r.says(r.binary("the rest"))
				if tc.code == frame.AbnormalClosure {
					r.peer.CloseWrite()
				} else {
					r.says(r.close(tc.code, ""))
				}
				got, err := io.ReadAll(n)
				if string(got) != "the rest" {
					t.Errorf("got %q", got)
				}
				for range 2 {
					if tc.eof {
						if k, again := n.Read(make([]byte, 1)); err != nil || k != 0 || again != io.EOF {
							t.Errorf("%v, then %v", err, again)
						}
						continue
					}
					if end := closeError(t, err); !end.Remote || end.Code != tc.code {
						t.Errorf("%+v", end)
					}
					if errors.Is(err, io.EOF) {
						t.Errorf("%v looks like the end", err)
					}
				}
			})
		})
	}
}

// Row 161, row G19: CloseWrite says the last word and hears the peer out.
func TestCloseWriteOfANetConnIsACloseFrameRow161G19(t *testing.T) {
	onEveryStream(t, func(t *testing.T, o rigOptions) {
		r := newRig(t, o)
		n := r.NetConn(conn.Binary)
		if err := n.CloseWrite(); err != nil {
			t.Error(err)
		}
		r.expectHeard("close 1000 normal closure ")
		if _, err := n.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Write: %v", err)
		}
		r.says(r.binary("the peer's last "))
		if got := readNow(t, n); got != "the peer's last " {
			t.Errorf("got %q", got)
		}
		r.says(r.binary("words"))
		if got := readNow(t, n); got != "words" {
			t.Errorf("got %q", got)
		}
		r.says(r.close(frame.NormalClosure, ""))
		r.peer.CloseWrite()
		n.Read(make([]byte, 1))
		if end := closeError(t, r.Err()); !end.Clean || end.Code != frame.NormalClosure {
			t.Errorf("the end: %+v", end)
		}
	})
}

func TestANetConnThatClosedItsHalfReadsToEOFRow161G19(t *testing.T) {
	onEveryStream(t, func(t *testing.T, o rigOptions) {
		r := newRig(t, o)
		n := r.NetConn(conn.Binary)
		n.CloseWrite()
		r.says(r.binary("all of it"), r.close(frame.NormalClosure, ""))
		if got, err := io.ReadAll(n); err != nil || string(got) != "all of it" {
			t.Errorf("got %q, %v", got, err)
		}
	})
}

// Rows 161 and 163: Close ends what waits, and the rest goes by itself, also if
// bytes are there that nobody has read.
func TestCloseOfANetConnNeedsNobodyRows161And163(t *testing.T) {
	onEveryStream(t, func(t *testing.T, o rigOptions) {
		r := newRig(t, o)
		n := r.NetConn(conn.Binary)
		waiting := make(chan error, 1)
		go func() {
			_, err := n.Read(make([]byte, 10))
			waiting <- err
		}()
		synctest.Wait()
		start := time.Now()
		if err := n.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		if err := <-waiting; err != net.ErrClosed {
			t.Errorf("who was reading: %v", err)
		}
		if d := time.Since(start); d != 0 {
			t.Errorf("it took %v", d)
		}
		r.expectHeard("close 1000 normal closure ")
		// The peer has not heard it yet, and its answer is behind what it had to say.
		r.says(r.binary("too late"), r.close(frame.NormalClosure, ""))
		r.peer.CloseWrite()
		<-r.Done()
		if end := closeError(t, r.Err()); end.Remote || !end.Clean || end.Code != frame.NormalClosure {
			t.Errorf("the end: %+v", end)
		}
		for what, call := range map[string]func() error{
			"Read":             func() error { _, err := n.Read(make([]byte, 1)); return err },
			"Write":            func() error { _, err := n.Write([]byte("x")); return err },
			"SetDeadline":      func() error { return n.SetDeadline(time.Time{}) },
			"SetReadDeadline":  func() error { return n.SetReadDeadline(time.Now().Add(time.Hour)) },
			"SetWriteDeadline": func() error { return n.SetWriteDeadline(time.Unix(1, 0)) },
		} {
			if err := call(); !errors.Is(err, net.ErrClosed) {
				t.Errorf("%s after Close: %v", what, err)
			}
		}
		if err := n.Close(); err != nil {
			t.Errorf("Close again: %v", err)
		}
	})
}

// Row 162: to destroy is to cut.
func TestCloseNowCutsANetConnRow162(t *testing.T) {
	onEveryStream(t, func(t *testing.T, o rigOptions) {
		r := newRig(t, o)
		n := r.NetConn(conn.Binary)
		waiting := make(chan error, 1)
		go func() {
			_, err := n.Read(make([]byte, 10))
			waiting <- err
		}()
		synctest.Wait()
		r.CloseNow()
		if end := closeError(t, <-waiting); end.Remote || end.Code != frame.AbnormalClosure {
			t.Errorf("Read: %+v", end)
		}
		if _, err := n.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Write: %v", err)
		}
		if err := n.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		r.expectHeard()
	})
}

func TestCloseOfANetConnWhosePeerIsGoneReturns(t *testing.T) {
	onEveryStream(t, func(t *testing.T, o rigOptions) {
		r := newRig(t, o)
		r.end.Out().FailWriteAfter(0, errBroken)
		if err := r.NetConn(conn.Binary).Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		<-r.Done()
	})
}

// Tests Z8 and L6, row 11: no message is collected, so there is no limit to its
// size; for who reads the Conn itself there is one as before.
func TestANetConnHasNoLimitToAMessageZ8Row11(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, rigOptions{Options: conn.Options{MaxMessage: 1000, MaxFrames: 10}})
		n := r.NetConn(conn.Binary)
		one := make([]byte, 5000)
		r.says(r.binary(string(one)), r.raw(false, 0, frame.Binary, ""))
		for range 100 {
			r.says(r.more("x"))
		}
		r.says(r.last("!"))
		if got, err := io.ReadAll(io.LimitReader(n, 5101)); err != nil || len(got) != 5101 {
			t.Errorf("%d bytes, %v", len(got), err)
		}
		r.says(r.binary(string(one)))
		_, err := r.Read(bg)
		var over *conn.LimitError
		if !errors.As(err, &over) || over.Limit != 1000 {
			t.Errorf("Read: %v", err)
		}
	})
}

// All its methods may be called from any goroutine: every byte goes to one reader,
// and what is written at once is not mixed.
func TestManyMayUseOneNetConnG1(t *testing.T) {
	c, err := conntest.Pair(&conntest.PairOptions{Pipe: &conntest.Options{Window: 1000}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	const each, many, size = 50, 8, 300
	out, in := c.Client.NetConn(conn.Binary), c.Server.NetConn(conn.Binary)
	var writers, readers sync.WaitGroup
	for i := range many {
		writers.Go(func() {
			for range each {
				if _, err := out.Write(bytes.Repeat([]byte{byte('a' + i)}, size)); err != nil {
					t.Error(err)
				}
				out.SetWriteDeadline(time.Now().Add(guard))
			}
		})
	}
	var mu sync.Mutex
	counts := map[byte]int{}
	for range many {
		readers.Go(func() {
			p := make([]byte, 77)
			for {
				k, err := in.Read(p)
				mu.Lock()
				for _, b := range p[:k] {
					counts[b]++
				}
				mu.Unlock()
				if err != nil {
					if err != io.EOF {
						t.Errorf("Read: %v", err)
					}
					return
				}
				in.SetReadDeadline(time.Now().Add(guard))
			}
		})
	}
	writers.Wait()
	if err := out.CloseWrite(); err != nil {
		t.Error(err)
	}
	io.Copy(io.Discard, out) // the answer to the close frame
	readers.Wait()
	for i := range many {
		if n := counts[byte('a'+i)]; n != each*size {
			t.Errorf("%d bytes of writer %d, want %d", n, i, each*size)
		}
	}
}

// The Conn is there for all else.
func TestAConnIsOfUseBesideItsNetConn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, rigOptions{})
		n := r.NetConn(conn.Binary)
		go n.Read(make([]byte, 10))
		answered := make(chan error, 1)
		go func() {
			_, err := r.Ping(bg)
			answered <- err
		}()
		frames := r.hears()
		if len(frames) != 1 {
			t.Fatalf("heard %q", said(frames))
		}
		r.says(r.ping("!"), r.pong(frames[0].payload))
		if err := <-answered; err != nil {
			t.Error(err)
		}
		r.expectHeard("pong !")
	})
}

// A NetConn goes on where another style was cut short.
func TestANetConnGoesOnWhereAReadWasCutShortG3(t *testing.T) {
	onEveryStream(t, func(t *testing.T, o rigOptions) {
		r := newRig(t, o)
		r.says(r.raw(false, 0, frame.Binary, "one "))
		ctx, cancel := context.WithTimeout(bg, time.Second)
		defer cancel()
		if _, err := r.Read(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Read: %v", err)
		}
		r.says(r.last("and two, "), r.binary("three"))
		got, err := io.ReadAll(io.LimitReader(r.NetConn(conn.Binary), 18))
		if err != nil || string(got) != "one and two, three" {
			t.Errorf("got %q, %v", got, err)
		}
	})
}
