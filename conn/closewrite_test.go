package conn_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
)

// hearOut reads r to its end, in some style.
var hearOut = map[string]func(r *rig) (got []string, err error){
	"Read": func(r *rig) (got []string, err error) {
		for {
			m, err := r.Read(bg)
			if err != nil {
				return got, err
			}
			got = append(got, string(m.Data))
		}
	},
	"Messages": func(r *rig) (got []string, err error) {
		for m, err := range r.Messages(bg) {
			if err != nil {
				return got, err
			}
			got = append(got, string(m.Data))
		}
		return got, r.Err()
	},
	"Serve": func(r *rig) (got []string, err error) {
		err = r.Serve(bg, conn.Handler{OnMessage: func(_ *conn.Conn, m conn.Message) { got = append(got, string(m.Data)) }})
		if err == nil {
			err = r.Err()
		}
		return got, err
	},
	"NextReader": func(r *rig) (got []string, err error) {
		for {
			_, m, err := r.NextReader(bg)
			if err != nil {
				return got, err
			}
			data, err := io.ReadAll(m)
			if err != nil {
				return got, err
			}
			got = append(got, string(data))
		}
	},
}

// Row 102, RFC 6455 section 5.5.1: after its own close frame an endpoint sends
// nothing, and still hears what the peer had to say.
func TestCloseWriteHearsThePeerOutRow102(t *testing.T) {
	for style, read := range hearOut {
		t.Run(style, func(t *testing.T) {
			onEveryStream(t, func(t *testing.T, o rigOptions) {
				r := newRig(t, o)
				if err := r.CloseWrite(bg, 4000, "my last word"); err != nil {
					t.Fatal(err)
				}
				if s := r.State(); s != conn.Closing {
					t.Errorf("it is %v", s)
				}
				r.says(r.text("one"), r.ping("which gets no answer"), r.first("t"))
				go func() {
					time.Sleep(3 * time.Second)
					r.says(r.last("wo"))
					time.Sleep(3 * time.Second) // more than CloseTimeout in all
					r.says(r.text("three"), r.close(4000, ""))
					r.peer.CloseWrite()
				}()
				got, err := read(r)
				if strings.Join(got, " ") != "one two three" {
					t.Errorf("heard %q", got)
				}
				if end := closeError(t, err); end.Remote || !end.Clean || end.Code != 4000 || end.Reason != "my last word" || end.Err != nil {
					t.Errorf("the end: %+v", end)
				}
				if s := r.State(); s != conn.Closed {
					t.Errorf("it is %v", s)
				}
				r.expectHeard("close 4000 my last word")
			})
		})
	}
}

// Row 102, the other half: Close hears nobody out. A message that comes meanwhile
// is discarded, and a breach in it, or a ping, makes no difference to the peer.
func TestCloseDiscardsWhatComesMeanwhileRow102(t *testing.T) {
	onEveryStream(t, func(t *testing.T, o rigOptions) {
		r := newRig(t, o)
		served := make(chan error, 1)
		go func() {
			served <- r.Serve(bg, conn.Handler{OnMessage: func(_ *conn.Conn, m conn.Message) {
				t.Errorf("delivered: %q", m.Data)
			}})
		}()
		synctest.Wait()
		closed := make(chan error, 1)
		go func() { closed <- r.Close(bg, frame.GoingAway, "") }()
		synctest.Wait()
		r.says(r.text("one"), r.ping("!"), r.first("t"), r.last("wo"), r.close(frame.GoingAway, ""))
		r.peer.CloseWrite()
		if err := <-closed; err != nil {
			t.Errorf("Close: %v", err)
		}
		if end := closeError(t, <-served); !end.Clean || end.Remote {
			t.Errorf("Serve: %+v", end)
		}
		r.expectHeard("close 1001 going away ")
	})
}

// Row 129: what was being written before the close leaves before it, whole.
func TestWhatWasWrittenLeavesBeforeTheCloseFrameRow129(t *testing.T) {
	for name, closing := range map[string]func(r *rig) error{
		"CloseWrite": func(r *rig) error { return r.CloseWrite(bg, frame.NormalClosure, "") },
		"Close":      func(r *rig) error { return r.Close(bg, frame.NormalClosure, "") },
		"NetConn":    func(r *rig) error { return r.NetConn(conn.Text).CloseWrite() },
	} {
		t.Run(name, func(t *testing.T) {
			onEveryStream(t, func(t *testing.T, o rigOptions) {
				r := newRig(t, o)
				r.end.Out().SetWindow(3) // the first stops inside its frame
				written := make(chan error, 10)
				var want []string
				for i := range 5 {
					text := fmt.Sprintf("message %d", i)
					want = append(want, "text "+text)
					go func() { written <- r.WriteText(bg, text) }()
					synctest.Wait()
				}
				closed := make(chan error, 1)
				go func() { closed <- closing(r) }()
				synctest.Wait()
				if len(written)+len(closed) > 0 {
					t.Errorf("one did not wait")
				}
				r.end.Out().SetWindow(-1)
				for range want {
					if err := <-written; err != nil {
						t.Error(err)
					}
				}
				r.expectHeard(append(want, "close 1000 normal closure ")...)
				r.says(r.close(frame.NormalClosure, ""))
				r.peer.CloseWrite()
				if err := <-closed; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// Row 129 of a streamed message: RFC 6455 section 5.4 lets a close frame pass
// between its fragments, and no end of it comes.
func TestACloseFrameEndsAStreamedMessageRow129(t *testing.T) {
	onEveryStream(t, func(t *testing.T, o rigOptions) {
		r := newRig(t, o)
		w, err := r.NextWriter(bg, conn.Text)
		if err != nil {
			t.Fatal(err)
		}
		w.WriteString("begun")
		w.Flush()
		w.WriteString("and collected")
		if err := r.CloseWrite(bg, frame.NormalClosure, ""); err != nil {
			t.Error(err)
		}
		if err := w.Close(); closeError(t, err).Code != frame.NormalClosure {
			t.Errorf("%v", err)
		}
		r.expectHeard("text begun +", "close 1000 normal closure ")
	})
}

// Row 101: what has come before the end is delivered before it, compressed or not,
// and also if the stream is gone by then.
func TestWhatHasComeIsDeliveredBeforeTheEndRow101(t *testing.T) {
	for style, read := range hearOut {
		for name, p := range map[string]*deflate.Params{"plain": nil, "compressed": {}} {
			for ended, end := range map[string]func(r *rig){
				"close frame": func(r *rig) { r.says(r.close(frame.GoingAway, "")); r.peer.CloseWrite() },
				"FIN":         func(r *rig) { r.peer.CloseWrite() },
				"a write that fails": func(r *rig) {
					r.end.Out().FailWriteAfter(0, errBroken)
					r.WriteText(bg, "x")
					r.peer.CloseWrite()
				},
			} {
				t.Run(style+"/"+name+"/"+ended, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						r := newRig(t, rigOptions{deflate: p})
						z, err := deflate.NewCompressor(deflate.Direction{ContextTakeover: true}, 1)
						if err != nil {
							t.Fatal(err)
						}
						const many = 200
						for range many {
							if p == nil {
								r.says(r.text(repetitive))
								continue
							}
							payload, _ := z.AppendPiece(nil, []byte(repetitive), true)
							r.says(r.raw(true, frame.RSV1, frame.Text, string(payload)))
						}
						end(r)
						got, err := read(r)
						closeError(t, err)
						for _, s := range got {
							if s != repetitive {
								t.Fatalf("got %.40q", s)
							}
						}
						if len(got) != many {
							t.Errorf("%d messages of %d, then %v", len(got), many, err)
						}
					})
				})
			}
		}
	}
}

// Whoever has sent a close frame waits for the answer, but not for ever: the time
// counts from the last byte that came, if somebody reads.
func TestCloseWriteIsBoundedByCloseTimeout(t *testing.T) {
	for name, tc := range map[string]struct {
		talks, reads bool // the peer goes on to send; somebody reads
		takes        time.Duration
	}{
		"a peer that is silent":       {false, true, 5 * time.Second},
		"nobody reads, silent":        {false, false, 5 * time.Second},
		"nobody reads what comes":     {true, false, 5 * time.Second},
		"a peer that talks on and on": {true, true, 25 * time.Second}, // until it falls silent
	} {
		t.Run(name, func(t *testing.T) {
			onEveryStream(t, func(t *testing.T, o rigOptions) {
				r := newRig(t, o)
				start := time.Now()
				if err := r.CloseWrite(bg, 4000, "bye"); err != nil {
					t.Fatal(err)
				}
				if tc.reads {
					go r.Serve(bg, conn.Handler{})
				}
				silent := make(chan struct{})
				if !tc.talks {
					close(silent)
				} else {
					go func() {
						defer close(silent)
						for range 10 {
							time.Sleep(2 * time.Second)
							r.peer.Write(r.text("and another thing"))
						}
					}()
				}
				<-r.Done()
				if d := time.Since(start); !about(d, tc.takes) {
					t.Errorf("after %v", d)
				}
				if end := closeError(t, r.Err()); end.Remote || end.Clean || end.Code != 4000 || !errors.Is(end, conn.ErrCloseTimeout) {
					t.Errorf("the end: %+v", end)
				}
				<-silent
			})
		})
	}
}

// Row 125 of CloseWrite: what cannot be said is refused before anything happens.
func TestCloseWriteJudgesItsArgumentsFirstRow125(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, rigOptions{})
		for _, tc := range []struct {
			code   frame.CloseCode
			reason string
		}{
			{0, ""}, {1004, ""}, {1006, ""}, {1015, ""}, {2999, ""}, {5000, ""},
			{frame.NoStatusReceived, "a reason without a code"},
			{1000, strings.Repeat("x", 124)}, {1000, "\xff"},
		} {
			if err := r.CloseWrite(bg, tc.code, tc.reason); err == nil || r.State() != conn.Open {
				t.Errorf("%v %.10q: %v, it is %v", tc.code, tc.reason, err, r.State())
			}
		}
		r.expectHeard()
		r.expectUsable(nil)
	})
}

// Row 127: what closes already is closed once.
func TestOneCloseFrameIsEnoughRow127(t *testing.T) {
	onEveryStream(t, func(t *testing.T, o rigOptions) {
		r := newRig(t, o)
		for range 3 {
			if err := r.CloseWrite(bg, 4000, "first"); err != nil {
				t.Error(err)
			}
		}
		closed := make(chan error, 1)
		go func() { closed <- r.Close(bg, 4001, "second") }()
		r.expectHeard("close 4000 first")
		r.says(r.close(4000, ""))
		r.peer.CloseWrite()
		if err := <-closed; err != nil {
			t.Errorf("Close: %v", err)
		}
		if end := closeError(t, r.Err()); !end.Clean || end.Code != 4000 {
			t.Errorf("the end: %+v", end)
		}
		r.expectHeard()
	})
}

// Both may have had enough at once, RFC 6455 section 5.5.1.
func TestBothMayCloseTheirHalvesAtOnce(t *testing.T) {
	onEveryStream(t, func(t *testing.T, o rigOptions) {
		r := newRig(t, o)
		r.says(r.close(4001, "theirs"))
		if err := r.CloseWrite(bg, 4000, "ours"); err != nil {
			t.Error(err)
		}
		r.peer.CloseWrite()
		_, err := r.Read(bg)
		if end := closeError(t, err); end.Remote || !end.Clean || end.Code != 4000 || end.Reason != "ours" {
			t.Errorf("the end: %+v", end)
		}
		r.expectHeard("close 4000 ours")
	})
}

// A context that ends while another is writing costs CloseWrite nothing.
func TestACloseWriteThatGivesUpWaitingHasDoneNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, rigOptions{})
		r.end.Out().SetWindow(3)
		written := make(chan error, 1)
		go func() { written <- r.WriteText(bg, "slow") }()
		synctest.Wait()
		ctx, cancel := context.WithCancelCause(bg)
		time.AfterFunc(time.Second, func() { cancel(errEnough) })
		if err := r.CloseWrite(ctx, frame.NormalClosure, ""); err != errEnough {
			t.Errorf("CloseWrite: %v", err)
		}
		r.end.Out().SetWindow(-1)
		if err := <-written; err != nil {
			t.Error(err)
		}
		r.expectHeard("text slow")
		r.expectUsable(nil)
	})
}

func TestACloseFrameThatFindsNoRoomIsTakenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, rigOptions{})
		r.end.Out().SetWindow(0)
		ctx, cancel := context.WithCancelCause(bg)
		time.AfterFunc(time.Second, func() { cancel(errEnough) })
		if err := r.CloseWrite(ctx, frame.NormalClosure, ""); err != errEnough {
			t.Errorf("CloseWrite: %v", err)
		}
		r.end.Out().SetWindow(-1)
		r.expectHeard()
		r.expectUsable(nil)
	})
}

// RFC 6455 section 7.1.5: a peer that leaves without its close frame has not closed
// in good order, whatever this endpoint had said.
func TestAPeerThatLeavesWithoutAnAnswerIsNoCleanEnd(t *testing.T) {
	for name, tc := range map[string]struct {
		closing func(r *rig)
		code    frame.CloseCode
		causes  []error
	}{
		"after CloseWrite": {
			func(r *rig) { r.CloseWrite(bg, 4000, "") },
			4000, []error{io.ErrUnexpectedEOF},
		},
		"after a message that was broken off": {
			func(r *rig) {
				ctx, cancel := context.WithCancelCause(bg)
				w, err := r.NextWriter(ctx, conn.Text)
				if err != nil {
					r.t.Fatal(err)
				}
				w.WriteString("begun")
				w.Flush()
				cancel(errEnough)
				w.Close()
				synctest.Wait()
			},
			frame.InternalError, []error{conn.ErrPartialWrite, errEnough},
		},
	} {
		t.Run(name, func(t *testing.T) {
			onEveryStream(t, func(t *testing.T, o rigOptions) {
				r := newRig(t, o)
				tc.closing(r)
				r.peer.CloseWrite()
				_, err := r.Read(bg)
				end := closeError(t, err)
				if end.Remote || end.Clean || end.Code != tc.code {
					t.Errorf("%+v", end)
				}
				for _, cause := range tc.causes {
					if !errors.Is(err, cause) {
						t.Errorf("%v, want %v", err, cause)
					}
				}
			})
		})
	}
}

// -1 is none: the peer may take its time.
func TestWithoutCloseTimeoutAPeerMayTakeItsTime(t *testing.T) {
	onEveryStream(t, func(t *testing.T, o rigOptions) {
		o.CloseTimeout = -1
		r, other := newRig(t, o), newRig(t, o)
		if err := other.CloseWrite(bg, 4000, ""); err != nil {
			t.Error(err)
		}
		closed := make(chan error, 1)
		go func() { closed <- r.Close(bg, 4000, "") }()
		time.Sleep(24 * time.Hour)
		for _, r := range []*rig{r, other} {
			if s := r.State(); s != conn.Closing {
				t.Errorf("after a day it is %v", s)
			}
			r.says(r.close(4000, ""))
			r.peer.CloseWrite()
		}
		if err := <-closed; err != nil {
			t.Errorf("Close: %v", err)
		}
		_, err := other.Read(bg)
		if !closeError(t, err).Clean {
			t.Errorf("CloseWrite: %v", err)
		}
	})
}

// Whoever wants to read while Close does learns the end, or that of its context.
func TestWhoReadsWhileCloseReadsWaitsForTheEnd(t *testing.T) {
	onEveryStream(t, func(t *testing.T, o rigOptions) {
		r := newRig(t, o)
		closed := make(chan error, 1)
		go func() { closed <- r.Close(bg, 4000, "") }()
		synctest.Wait()
		ctx, cancel := context.WithCancelCause(bg)
		time.AfterFunc(time.Second, func() { cancel(errEnough) })
		if _, err := r.Read(ctx); err != errEnough {
			t.Errorf("Read: %v", err)
		}
		read := make(chan error, 1)
		go func() { _, err := r.Read(bg); read <- err }()
		synctest.Wait()
		r.says(r.text("discarded"), r.close(4000, ""))
		r.peer.CloseWrite()
		if end := closeError(t, <-read); !end.Clean || end.Code != 4000 {
			t.Errorf("Read: %+v", end)
		}
		if err := <-closed; err != nil {
			t.Errorf("Close: %v", err)
		}
	})
}

// A function of a Handler may cut the connection: nothing is delivered any more.
func TestAHandlerMayCutTheConnection(t *testing.T) {
	onEveryStream(t, func(t *testing.T, o rigOptions) {
		r := newRig(t, o)
		r.says(r.text("one"))
		var log []string
		err := r.Serve(bg, conn.Handler{
			OnMessage: func(c *conn.Conn, m conn.Message) {
				log = append(log, string(m.Data))
				c.CloseNow()
			},
			OnClose: func(_ *conn.Conn, err error) { log = append(log, "close") },
		})
		if closeError(t, err).Remote || strings.Join(log, " ") != "one close" {
			t.Errorf("%q, %v", log, err)
		}
		if err := r.Serve(bg, conn.Handler{OnOpen: func(*conn.Conn) { t.Error("opened again") }}); err != r.Err() {
			t.Errorf("Serve again: %v", err)
		}
	})
}
