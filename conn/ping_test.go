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

func TestPingReturnsTheRoundTripTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, peer := serverAndPeer(t, nil)
		go server.Read(bg)
		go func() {
			fr := frame.NewReader(peer)
			for range 3 {
				h, err := fr.Next()
				if err != nil || h.Opcode != frame.Ping {
					t.Errorf("peer reads %+v, %v", h, err)
				}
				payload := make([]byte, h.Length)
				fr.Read(payload)
				time.Sleep(70 * time.Millisecond)
				send(t, peer, fromClient(frame.Pong, "another")) // test K4: releases nobody
				send(t, peer, fromClient(frame.Pong, string(payload)))
			}
		}()
		for range 3 {
			if d, err := server.Ping(bg); err != nil || d != 70*time.Millisecond {
				t.Errorf("Ping: %v, %v", d, err)
			}
		}
		server.CloseNow()
	})
}

func TestAPongForALaterPingAnswersTheEarlier(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, peer := serverAndPeer(t, nil)
		go server.Read(bg)
		answered := make(chan error, 2)
		for range 2 {
			go func() {
				_, err := server.Ping(bg)
				answered <- err
			}()
		}
		fr := frame.NewReader(peer)
		var last []byte
		for range 2 {
			h, err := fr.Next()
			if err != nil {
				t.Fatal(err)
			}
			payload := make([]byte, h.Length)
			fr.Read(payload)
			if string(payload) > string(last) { // the numbers grow
				last = payload
			}
		}
		send(t, peer, fromClient(frame.Pong, string(last)))
		for range 2 {
			if err := <-answered; err != nil {
				t.Error(err)
			}
		}
		server.CloseNow()
	})
}

func TestPingEndsWithItsContextAndWithTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, peer := serverAndPeer(t, nil)
		go server.Read(bg)
		go io.Copy(io.Discard, peer) // reads but answers nothing
		ctx, cancel := context.WithTimeout(bg, time.Second)
		defer cancel()
		if _, err := server.Ping(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Ping: %v", err)
		}
		go func() {
			time.Sleep(time.Second)
			server.CloseNow()
		}()
		_, err := server.Ping(bg)
		closeError(t, err)
	})
}

// Row G7.
func TestASilentPeerIsFoundByKeepaliveG7(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, peer := serverAndPeer(t, &conn.Options{PingInterval: 20 * time.Second, PongTimeout: 15 * time.Second})
		go func() {
			time.Sleep(7 * time.Second)
			send(t, peer, fromClient(frame.Text, "the last sign of life"))
			expect(t, peer, []byte("\x89\x00")) // the ping, read but not answered
		}()
		if _, err := server.Read(bg); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		_, err := server.Read(bg)
		if !errors.Is(err, conn.ErrPingTimeout) {
			t.Errorf("Read: %v", err)
		}
		if d := time.Since(start); !onTime(d, 35*time.Second) {
			t.Errorf("found after %v of silence", d)
		}
		if end := closeError(t, err); !end.LastRead.Equal(start) {
			t.Errorf("last read at %v, want %v", end.LastRead, start)
		}
	})
}

func TestAnyByteIsASignOfLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, peer := serverAndPeer(t, nil)
		go func() { // a long message that comes slowly, and no pong
			send(t, peer, []byte("\x82\xfe\x01\x00\x00\x00\x00\x00"))
			for range 256 {
				time.Sleep(15 * time.Second)
				send(t, peer, []byte{0})
			}
		}()
		if m, err := server.Read(bg); err != nil || len(m.Data) != 256 {
			t.Errorf("Read: %d bytes, %v", len(m.Data), err)
		}
		server.CloseNow()
	})
}

func TestAPeerIsNotJudgedWhileNobodyReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, peer := serverAndPeer(t, nil)
		go io.Copy(io.Discard, peer) // the answers, if there are any, wait to be read
		time.Sleep(time.Hour)
		if err := server.Err(); err != nil {
			t.Errorf("ended by %v", err)
		}
		start := time.Now()
		_, err := server.Read(bg)
		if d := time.Since(start); !errors.Is(err, conn.ErrPingTimeout) || d < conn.DefaultPongTimeout {
			t.Errorf("after %v of reading: %v", d, err)
		}
	})
}
