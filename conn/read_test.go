package conn_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/frame"
)

// Row G3: a read that a context ends costs nothing.
func TestACancelledReadLosesNothingG3(t *testing.T) {
	server, peer := serverAndPeer(t, nil)
	message := frame.AppendFrame(nil, frame.Header{Opcode: frame.Text, Masked: true}, []byte("first "))
	message = append(message, fromClient(frame.Ping, "!")...)
	message = frame.AppendFrame(message, frame.Header{Fin: true, Opcode: frame.Continuation, Masked: true}, []byte("second"))
	go func() {
		buf := make([]byte, 3)
		io.ReadFull(peer, buf) // the pong
	}()
	stop := errors.New("enough")
	last := len(message) - 1
	for i := range message[:last] {
		// A byte arrives, and then the reader's patience ends.
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			send(t, peer, message[i:i+1])
		}()
		for arrived := false; !arrived; {
			ctx, cancel := context.WithCancelCause(bg)
			time.AfterFunc(time.Millisecond, func() { cancel(stop) })
			if _, err := server.Read(ctx); !errors.Is(err, stop) {
				t.Fatalf("after %d bytes: %v, want the context's cause", i+1, err)
			}
			select {
			case <-sent:
				arrived = true
			default:
			}
		}
	}
	go send(t, peer, message[last:])
	m, err := server.Read(timeout(t))
	if err != nil || m.Type != conn.Text || string(m.Data) != "first second" {
		t.Errorf("got %v %q, %v", m.Type, m.Data, err)
	}
}

func TestReadsInDifferentStylesContinueEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, peer := serverAndPeer(t, nil)
		go func() {
			send(t, peer, frame.AppendFrame(nil, frame.Header{Opcode: frame.Binary, Masked: true}, []byte("one ")))
			time.Sleep(10 * time.Second)
			send(t, peer, frame.AppendFrame(nil, frame.Header{Fin: true, Opcode: frame.Continuation, Masked: true}, []byte("message")))
			send(t, peer, closeFromClient(frame.NormalClosure, ""))
			expect(t, peer, []byte{0x88, 2, 0x03, 0xE8})
		}()
		opts := func(d time.Duration) context.Context {
			ctx, cancel := context.WithTimeout(bg, d)
			t.Cleanup(cancel)
			return ctx
		}
		if _, err := server.Read(opts(time.Second)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Read: %v", err)
		}
		var got string
		closed := 0
		h := conn.Handler{
			OnMessage: func(_ *conn.Conn, m conn.Message) { got = string(m.Data) },
			OnClose:   func(*conn.Conn, error) { closed++ },
		}
		if err := server.Serve(opts(time.Second), h); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Serve: %v", err)
		}
		if _, _, err := server.ReadInto(opts(time.Second), make([]byte, 3)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("ReadInto: %v", err)
		}
		if err := server.Serve(bg, h); err != nil {
			t.Errorf("Serve: %v", err)
		}
		if got != "one message" || closed != 1 {
			t.Errorf("got %q, %d closes", got, closed)
		}
	})
}

// Row G5, test C10.
func TestReadAfterTheEndReturnsTheSameErrorForEverG5(t *testing.T) {
	server, client := pair(t, nil, nil)
	client.CloseNow()
	_, first := server.Read(bg)
	end := closeError(t, first)
	if !end.Remote || end.Clean || end.Code != frame.AbnormalClosure || !errors.Is(first, io.ErrUnexpectedEOF) {
		t.Errorf("first error %+v", end)
	}
	for range 100_000 {
		if _, err := server.Read(bg); err != first {
			t.Fatalf("then %v", err)
		}
	}
}

func TestASecondReaderGetsAnErrorAndDisturbsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, peer := serverAndPeer(t, nil)
		got := make(chan error, 1)
		go func() {
			m, err := server.Read(bg)
			if string(m.Data) != "x" {
				t.Errorf("first reader got %q", m.Data)
			}
			got <- err
		}()
		synctest.Wait()
		if _, err := server.Read(bg); err != conn.ErrConcurrentRead {
			t.Errorf("second reader got %v", err)
		}
		if err := server.Serve(bg, conn.Handler{}); err != conn.ErrConcurrentRead {
			t.Errorf("second reader got %v", err)
		}
		send(t, peer, fromClient(frame.Text, "x"))
		if err := <-got; err != nil {
			t.Error(err)
		}
		server.CloseNow()
	})
}

// Rows 138 and 145 of the table of behaviour, tests L1, L2, K1, K5, K7: what the
// peer reads last is the close frame.
func TestABreachIsAnsweredWithItsCloseCode(t *testing.T) {
	for _, tc := range []struct {
		name, sent string
		code       frame.CloseCode
	}{
		{"row 145 no mask", "\x81\x00", 1002},
		{"row 139 RSV2", "\xa1\x80\x00\x00\x00\x00", 1002},
		{"row 140 RSV1 without extension Z9", "\xc1\x80\x00\x00\x00\x00", 1002},
		{"row 141 opcode 3", "\x83\x80\x00\x00\x00\x00", 1002},
		{"row 142 continuation of nothing", "\x80\x80\x00\x00\x00\x00", 1002},
		{"row 143 ping in fragments K1", "\x09\x80\x00\x00\x00\x00", 1002},
		{"row 144 ping of 126 K1", "\x89\xfe\x00\x7e\x00\x00\x00\x00", 1002},
		{"row 144 close of 1 byte K5", "\x88\x81\x00\x00\x00\x00\x03", 1002},
		{"row 147 close with 1005 K5", "\x88\x82\x00\x00\x00\x00\x03\xed", 1002},
		{"row 149 close reason FF K5", "\x88\x83\x00\x00\x00\x00\x03\xe8\xff", 1007},
		{"row 148 text C0 80 K7", "\x01\x82\x00\x00\x00\x00\xc0\x80", 1007},
		{"row 150 too big L2", "\x82\xff\x00\x00\x00\x00\x00\x10\x00\x01\x00\x00\x00\x00", 1009},
		{"row 151 top bit L1", "\x82\xff\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 1002},
		{"row 152 length not shortest L4", "\x82\xfe\x00\x05\x00\x00\x00\x00", 1002},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a, peer := tcp(t)
			server := newConn(t, a, conn.Setup{}, nil)
			send(t, peer, []byte(tc.sent+"and what was in flight already"))
			read := make(chan error, 1)
			go func() {
				_, err := server.Read(bg)
				read <- err
			}()
			fr := frame.NewReader(peer)
			h, err := fr.Next()
			if err != nil || h.Opcode != frame.Close {
				t.Fatalf("peer reads %+v, %v", h, err)
			}
			payload, err := io.ReadAll(fr)
			if err != nil {
				t.Fatal(err)
			}
			code, reason, err := frame.ParseClose(payload)
			if err != nil || code != tc.code || reason == "" {
				t.Errorf("peer reads close %v %q, %v, want %v and a reason", code, reason, err, tc.code)
			}
			if _, err := fr.Next(); err != io.EOF {
				t.Errorf("behind the close frame: %v", err)
			}
			peer.Close()
			end := closeError(t, <-read)
			if end.Remote || end.Clean || end.Code != tc.code || end.Err == nil {
				t.Errorf("server ended by %+v", end)
			}
			if errors.Is(end, conn.ErrPingTimeout) {
				t.Error("wrong cause")
			}
		})
	}
}

func TestALimitIsNamedWithItsOption(t *testing.T) {
	server, client := pairTCP(t, nil, &conn.Options{MaxMessage: 10})
	go client.Write(bg, conn.Binary, make([]byte, 11))
	go client.Read(bg)
	_, err := server.Read(timeout(t))
	var limit *conn.LimitError
	if !errors.As(err, &limit) || limit.Option != "MaxMessage" || limit.Limit != 10 {
		t.Errorf("got %v", err)
	}
	if end := closeError(t, err); end.Code != frame.MessageTooBig {
		t.Errorf("got %+v", end)
	}
}

// Row 66: what came with the handshake is read first.
func TestBufferedBytesComeFirstRow66(t *testing.T) {
	all := append(fromClient(frame.Text, "early"), fromClient(frame.Text, "late")...)
	for cut := range all {
		a, peer := tcp(t)
		server := newConn(t, a, conn.Setup{Buffered: append([]byte(nil), all[:cut]...)}, nil)
		send(t, peer, all[cut:])
		for _, want := range []string{"early", "late"} {
			if m, err := server.Read(timeout(t)); err != nil || string(m.Data) != want {
				t.Fatalf("cut at %d: got %q, %v, want %q", cut, m.Data, err, want)
			}
		}
		server.CloseNow()
		peer.Close()
	}
}
