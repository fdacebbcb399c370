package conn_test

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/frame"
)

// expectDeadline wants an error as package net has them.
func expectDeadline(t *testing.T, err error) {
	t.Helper()
	var timeout net.Error
	if !errors.Is(err, os.ErrDeadlineExceeded) || !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("%v, want os.ErrDeadlineExceeded", err)
	}
}

// Row 164: after a read that came too late all goes on, also inside a message.
func TestAReadDeadlineThatPassesLosesNothingRow164(t *testing.T) {
	onEveryStream(t, func(t *testing.T, o rigOptions) {
		r := newRig(t, o)
		n := r.NetConn(conn.Binary)
		whole := append(r.raw(false, 0, frame.Binary, "first "), r.last("second")...)
		var got []byte
		for i := range whole {
			r.says(whole[i : i+1])
			n.SetReadDeadline(time.Now().Add(time.Second))
			for range 2 {
				p := make([]byte, 10)
				start := time.Now()
				k, err := n.Read(p)
				if got = append(got, p[:k]...); k > 0 {
					break
				}
				expectDeadline(t, err)
				if d := time.Since(start); d != 0 && d != time.Second { // the second time it has passed already
					t.Errorf("after %v", d)
				}
			}
		}
		if string(got) != "first second" {
			t.Errorf("got %q", got)
		}
		n.SetReadDeadline(time.Time{})
		time.AfterFunc(time.Hour, func() { r.says(r.binary("late, but still")) })
		if got := readNow(t, n); got != "late, but still" {
			t.Errorf("without a deadline: %q", got)
		}
	})
}

// Row 164: a deadline is for the calls that wait already, too.
func TestADeadlineMovesTheEndOfAReadThatWaitsRow164(t *testing.T) {
	onEveryStream(t, func(t *testing.T, o rigOptions) {
		r := newRig(t, o)
		n := r.NetConn(conn.Binary)
		for _, tc := range []struct {
			name string
			sets []time.Duration // one a second, from now; 0 for none
			ends time.Duration   // after the first; 0 if the byte comes first, after a minute
		}{
			{"sooner", []time.Duration{time.Hour, 2 * time.Second}, 3 * time.Second},
			{"later", []time.Duration{2 * time.Second, 5 * time.Second}, 6 * time.Second},
			{"at once", []time.Duration{0, -time.Second}, time.Second},
			{"for the first time", []time.Duration{0, 3 * time.Second}, 4 * time.Second},
			{"never", []time.Duration{2 * time.Second, 0}, 0},
			{"often", []time.Duration{2 * time.Second, 2 * time.Second, 2 * time.Second, time.Hour}, 0},
		} {
			start := time.Now()
			set := func(d time.Duration) {
				at := time.Time{}
				if d != 0 {
					at = time.Now().Add(d)
				}
				if err := n.SetReadDeadline(at); err != nil {
					t.Error(err)
				}
			}
			set(tc.sets[0])
			for i, d := range tc.sets[1:] {
				time.AfterFunc(time.Duration(i+1)*time.Second, func() { set(d) })
			}
			byteComes := time.AfterFunc(time.Minute, func() { r.says(r.binary("x")) })
			_, err := n.Read(make([]byte, 1))
			d := time.Since(start)
			if tc.ends == 0 {
				if err != nil || d != time.Minute {
					t.Errorf("%s: %v after %v", tc.name, err, d)
				}
				continue
			}
			byteComes.Stop()
			expectDeadline(t, err)
			if d != tc.ends {
				t.Errorf("%s: after %v, want %v", tc.name, d, tc.ends)
			}
		}
	})
}

// Row 164: each direction has its own.
func TestTheDeadlinesOfANetConnAreTwoRow164(t *testing.T) {
	onEveryStream(t, func(t *testing.T, o rigOptions) {
		r := newRig(t, o)
		n := r.NetConn(conn.Binary)
		n.SetReadDeadline(time.Unix(1, 0))
		if _, err := n.Write([]byte("out")); err != nil {
			t.Errorf("Write: %v", err)
		}
		r.says(r.binary("in"))
		n.SetReadDeadline(time.Time{})
		n.SetWriteDeadline(time.Unix(1, 0))
		if got := readNow(t, n); got != "in" {
			t.Errorf("got %q", got)
		}
		k, err := n.Write([]byte("never"))
		if expectDeadline(t, err); k != 0 {
			t.Errorf("%d bytes are written", k)
		}
		n.SetDeadline(time.Unix(1, 0))
		_, err = n.Read(nil)
		expectDeadline(t, err)
		n.SetDeadline(time.Time{})
		if _, err := n.Read(nil); err != nil { // of nothing, which waits for nothing
			t.Errorf("Read: %v", err)
		}
		if _, err := n.Write([]byte("again")); err != nil {
			t.Errorf("Write: %v", err)
		}
		r.expectHeard("binary out", "binary again")
	})
}

// Row 164, row G4: of what finds no room nothing is written.
func TestAWriteDeadlineThatPassesBeforeAnythingLeftCostsNothingRow164G4(t *testing.T) {
	for _, client := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, rigOptions{client: client})
			n := r.NetConn(conn.Binary)
			r.end.Out().SetWindow(0)
			n.SetWriteDeadline(time.Now().Add(time.Second))
			for range 2 {
				k, err := n.Write([]byte("never"))
				if expectDeadline(t, err); k != 0 {
					t.Errorf("%d bytes are written", k)
				}
			}
			r.end.Out().SetWindow(-1)
			n.SetWriteDeadline(time.Now().Add(time.Second))
			if k, err := n.Write([]byte("now")); k != 3 || err != nil {
				t.Errorf("%d, %v", k, err)
			}
			r.expectHeard("binary now")
		})
	}
}

// Row 164: what has begun to leave counts as written, because it will: its rest is
// before whatever comes next.
func TestTheRestOfAFrameLeavesBeforeWhatComesNextRow164(t *testing.T) {
	for name, next := range map[string]struct {
		do   func(r *rig, n *conn.NetConn) error
		then string
	}{
		"Write":      {func(_ *rig, n *conn.NetConn) error { _, err := n.Write([]byte("next")); return err }, "binary next"},
		"Conn.Write": {func(r *rig, _ *conn.NetConn) error { return r.WriteText(bg, "next") }, "text next"},
		"Pong":       {func(r *rig, _ *conn.NetConn) error { return r.Pong(bg, []byte("next")) }, "pong next"},
		"CloseWrite": {func(_ *rig, n *conn.NetConn) error { return n.CloseWrite() }, "close 1000 normal closure "},
		"a streamed one": {func(r *rig, _ *conn.NetConn) error {
			w, err := r.NextWriter(bg, conn.Text)
			if err != nil {
				return err
			}
			io.WriteString(w, "next")
			return w.Close()
		}, "text next"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, client := range []bool{false, true} {
				for room := 1; room < 12; room++ {
					synctest.Test(t, func(t *testing.T) {
						r := newRig(t, rigOptions{client: client})
						n := r.NetConn(conn.Binary)
						r.end.Out().SetWindow(room)
						n.SetWriteDeadline(time.Now().Add(time.Second))
						const message = "more than twelve bytes"
						k, err := n.Write([]byte(message))
						if expectDeadline(t, err); k != len(message) {
							t.Errorf("room for %d: %d bytes are written", room, k)
						}
						// Again, with no more room: nothing of this one leaves.
						n.SetWriteDeadline(time.Now().Add(time.Second))
						k, err = n.Write([]byte("never"))
						if expectDeadline(t, err); k != 0 {
							t.Errorf("room for none: %d bytes are written", k)
						}
						r.end.Out().SetWindow(-1)
						n.SetWriteDeadline(time.Time{})
						if err := next.do(r, n); err != nil {
							t.Errorf("room for %d: %v", room, err)
						}
						r.expectHeard("binary "+message, next.then)
					})
				}
			}
		})
	}
}

// On a stream whose writes cannot be interrupted the rest follows by itself: it
// counts as written.
func TestAWriteDeadlineOnAStreamWithoutOneLeavesTheRestToFollowRow164(t *testing.T) {
	for _, kind := range streamKinds[1:] {
		t.Run(kind.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, rigOptions{kind: kind})
				n := r.NetConn(conn.Binary)
				r.end.Out().SetWindow(0)
				n.SetWriteDeadline(time.Now().Add(time.Second))
				start := time.Now()
				k, err := n.Write([]byte("x"))
				if k != 1 || !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("Write: %d, %v", k, err)
				}
				if d := time.Since(start); d != time.Second {
					t.Errorf("after %v", d)
				}
				r.end.Out().SetWindow(100)
				n.SetWriteDeadline(time.Time{})
				if _, err := n.Write([]byte("y")); err != nil {
					t.Errorf("the next Write: %v", err)
				}
				r.expectHeard("binary x", "binary y")
			})
		})
	}
}

// Row 164: a second reader waits for the first, no longer than its deadline.
func TestADeadlineIsForWhoWaitsToReadTooRow164(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, rigOptions{})
		n := r.NetConn(conn.Binary)
		ended := make(chan error, 2)
		for range 2 {
			go func() { _, err := n.Read(make([]byte, 1)); ended <- err }()
		}
		synctest.Wait()
		n.SetReadDeadline(time.Now().Add(time.Second))
		for range 2 {
			expectDeadline(t, <-ended)
		}
	})
}

// Row 164: after Close no deadline is heard of any more, neither one that has passed
// nor one that was still to come.
func TestCloseIsTheLastWordOfANetConnRow164(t *testing.T) {
	for name, set := range map[string]time.Duration{"passed": -time.Second, "to come": time.Second} {
		t.Run(name, func(t *testing.T) {
			onEveryStream(t, func(t *testing.T, o rigOptions) {
				r := newRig(t, o)
				n := r.NetConn(conn.Binary)
				n.SetDeadline(time.Now().Add(set))
				n.Close()
				time.Sleep(time.Minute)
				if _, err := n.Read(make([]byte, 1)); err != net.ErrClosed {
					t.Errorf("Read: %v", err)
				}
				if _, err := n.Write([]byte("x")); err != net.ErrClosed {
					t.Errorf("Write: %v", err)
				}
			})
		})
	}
}
