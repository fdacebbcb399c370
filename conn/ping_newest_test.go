package conn_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyws/parley/conn"
)

// A ping of keepalive may be the one that the peer answers, of those before it too.
func TestAPingIsAnsweredByThatOfKeepaliveThatFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, rigOptions{Options: conn.Options{PingInterval: time.Second, PongTimeout: time.Minute}})
		go r.Read(bg)
		done := make(chan error, 1)
		go func() { _, err := r.Ping(bg); done <- err }()
		time.Sleep(1500 * time.Millisecond)
		frames := r.hears()
		// The ping, then that of keepalive; a peer may answer only the newest, RFC 6455
		// section 5.5.3.
		r.says(r.pong(frames[len(frames)-1].payload))
		synctest.Wait()
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
		default:
			t.Error("Ping waits, though the newest ping is answered")
		}
	})
}

// So may one whose caller has left.
func TestAPingIsAnsweredByOneThatWasGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, rigOptions{})
		go r.Read(bg)
		done := make(chan error, 1)
		go func() { _, err := r.Ping(bg); done <- err }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(bg, time.Second)
		defer cancel()
		r.Ping(ctx)
		frames := r.hears()
		r.says(r.pong(frames[len(frames)-1].payload))
		synctest.Wait()
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
		default:
			t.Error("Ping waits, though the newest ping is answered")
		}
	})
}
