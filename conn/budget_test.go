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

// collecting are the styles that collect a message before they hand it over.
var collecting = map[string]func(r *rig, ctx context.Context) (int, error){
	"Read": func(r *rig, ctx context.Context) (int, error) {
		m, err := r.Read(ctx)
		return len(m.Data), err
	},
	"ReadInto": func(r *rig, ctx context.Context) (int, error) {
		_, data, err := r.ReadInto(ctx, nil)
		return len(data), err
	},
	"Messages": func(r *rig, ctx context.Context) (int, error) {
		for m, err := range r.Messages(ctx) {
			return len(m.Data), err
		}
		return 0, r.Err()
	},
	"Serve": func(r *rig, ctx context.Context) (n int, err error) {
		ctx, enough := context.WithCancelCause(ctx)
		err = r.Serve(ctx, conn.Handler{OnMessage: func(_ *conn.Conn, m conn.Message) {
			n = len(m.Data)
			enough(errEnough)
		}})
		if err == errEnough {
			err = nil
		}
		return n, err
	},
}

// Test F8 in small, with a budget of 8 MiB for messages that take 192 KiB of it, or
// more, as buffers grow: what does not fit is refused with 1013, and the others are
// not harmed.
func TestABudgetBoundsTheUnfinishedMessagesOfAllF8(t *testing.T) {
	for style, read := range collecting {
		t.Run(style, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const size, many = 8 << 20, 60
				budget := conn.NewBudget(size)
				piece := string(make([]byte, 32<<10))
				rigs := make([]*rig, many)
				ended := make([]chan error, many)
				bytes := make([]int, many)
				for i := range rigs {
					r := newRig(t, rigOptions{Options: conn.Options{Budget: budget}})
					rigs[i], ended[i] = r, make(chan error, 1)
					go func() {
						var err error
						bytes[i], err = read(r, bg)
						ended[i] <- err
					}()
					r.says(r.raw(false, 0, frame.Binary, ""))
				}
				// One after another, and little by little, so that whoever is refused
				// has sent little more.
				for _, r := range rigs {
					for range 8 {
						if r.State() == conn.Open {
							r.says(r.more(piece))
							synctest.Wait()
						}
					}
				}
				if used := budget.Used(); used > size || used < size/2 {
					t.Errorf("%d bytes of %d are used", used, size)
				}
				whole := 0
				for i, r := range rigs {
					if r.Err() == nil && r.State() == conn.Open {
						whole++
						r.says(r.last("the end"))
						if err := <-ended[i]; err != nil || bytes[i] != 8*len(piece)+7 {
							t.Errorf("%d bytes, %v", bytes[i], err)
						}
						continue
					}
					r.peer.CloseWrite()
					err := <-ended[i]
					var over *conn.LimitError
					if end := closeError(t, err); end.Code != frame.TryAgainLater || !errors.As(err, &over) ||
						over.Option != "Budget" || over.Limit != size || over.Code != frame.TryAgainLater {
						t.Errorf("%v", err)
					}
					r.expectHeard("close 1013 try again later bytes in the unfinished messages of all connections over the limit")
				}
				if whole < 15 || whole > size/(192<<10) {
					t.Errorf("%d messages came through", whole)
				}
				if used := budget.Used(); used != 0 {
					t.Errorf("at the end %d bytes are used", used)
				}
			})
		})
	}
}

// Option Budget: what does not exceed 64 KiB is as free as it is without.
func TestABudgetOfNothingLetsSmallMessagesPassF8(t *testing.T) {
	for style, read := range collecting {
		t.Run(style, func(t *testing.T) {
			onEveryStream(t, func(t *testing.T, o rigOptions) {
				o.Budget = conn.NewBudget(0)
				r := newRig(t, o)
				// A buffer grows by more than it must, so the last quarter is left out.
				r.says(r.raw(false, 0, frame.Binary, string(make([]byte, 30_000))))
				r.says(r.last(string(make([]byte, 18_000))))
				if n, err := read(r, bg); n != 48_000 || err != nil {
					t.Errorf("%d bytes, %v", n, err)
				}
				if used := o.Budget.Used(); used != 0 {
					t.Errorf("%d bytes are used", used)
				}
				r.says(r.raw(false, 0, frame.Binary, string(make([]byte, 100_000))))
				_, err := read(r, bg)
				if closeError(t, err).Code != frame.TryAgainLater {
					t.Errorf("%v", err)
				}
			})
		})
	}
}

// Whatever becomes of a message, its bytes come back.
func TestTheBytesOfABudgetComeBackF8(t *testing.T) {
	for style, read := range collecting {
		for name, end := range map[string]func(t *testing.T, r *rig){
			"the message ends": func(t *testing.T, r *rig) {
				r.says(r.last(""))
				if _, err := read(r, bg); err != nil {
					t.Error(err)
				}
			},
			"the connection is cut": func(t *testing.T, r *rig) { r.CloseNow() },
			"the stream ends": func(t *testing.T, r *rig) {
				r.peer.CloseWrite()
				read(r, bg)
			},
			"a breach": func(t *testing.T, r *rig) {
				r.says(r.text("no end before the next"))
				r.peer.CloseWrite()
				read(r, bg)
			},
			"it is closed": func(t *testing.T, r *rig) {
				r.says(r.close(frame.NormalClosure, ""))
				r.peer.CloseWrite()
				r.Close(bg, frame.NormalClosure, "")
			},
			"another reads it as it comes": func(t *testing.T, r *rig) {
				_, m, err := r.NextReader(bg)
				if err != nil {
					t.Fatal(err)
				}
				r.says(r.last("!"))
				if n, err := io.Copy(io.Discard, m); n != 200_001 || err != nil {
					t.Errorf("%d bytes, %v", n, err)
				}
			},
		} {
			t.Run(style+"/"+name, func(t *testing.T) {
				onEveryStream(t, func(t *testing.T, o rigOptions) {
					o.Budget = conn.NewBudget(1 << 20)
					r := newRig(t, o)
					r.says(r.raw(false, 0, frame.Binary, string(make([]byte, 200_000))))
					ctx, cancel := context.WithTimeout(bg, time.Second)
					defer cancel()
					if _, err := read(r, ctx); !errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("half a message: %v", err)
					}
					if used := o.Budget.Used(); used < 200_000-64<<10 {
						t.Errorf("while it is kept %d bytes are used", used)
					}
					end(t, r)
					synctest.Wait()
					if used := o.Budget.Used(); used != 0 {
						t.Errorf("at the end %d bytes are used", used)
					}
				})
			})
		}
	}
}

// A message that is read as it comes is not collected, so it is nobody's burden.
func TestAStreamedMessageNeedsNoBudgetF8(t *testing.T) {
	onEveryStream(t, func(t *testing.T, o rigOptions) {
		o.Budget = conn.NewBudget(0)
		r := newRig(t, o)
		r.says(r.raw(false, 0, frame.Binary, string(make([]byte, 500_000))), r.last("!"))
		_, m, err := r.NextReader(bg)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, m); n != 500_001 || err != nil {
			t.Errorf("%d bytes, %v", n, err)
		}
		r.says(r.binary(string(make([]byte, 500_000))))
		if n, err := io.CopyN(io.Discard, r.NetConn(conn.Binary), 500_000); err != nil {
			t.Errorf("NetConn: %d bytes, %v", n, err)
		}
	})
}

func TestABudgetIsForTheMessageNotForTheBufferOfTheCallerF8(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, rigOptions{Options: conn.Options{Budget: conn.NewBudget(512 << 10)}})
		r.says(r.first("a"), r.last("b"))
		_, data, err := r.ReadInto(bg, make([]byte, 0, 1<<20))
		if string(data) != "ab" || err != nil {
			t.Errorf("%q, %v", data, err)
		}
	})
}

// What is refused is of no use to anybody any more, from that moment on.
func TestWhoeverIsRefusedGivesItsBytesBackAtOnceF8(t *testing.T) {
	for style, read := range collecting {
		t.Run(style, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := rigOptions{Options: conn.Options{Budget: conn.NewBudget(1 << 20), MaxMessage: -1}}
				refused, other := newRig(t, o), newRig(t, o)
				whole := make(chan int, 1)
				go read(refused, bg)
				go func() { n, _ := read(other, bg); whole <- n }()
				refused.says(refused.raw(false, 0, frame.Binary, string(make([]byte, 500_000))))
				synctest.Wait()
				for refused.State() == conn.Open {
					refused.says(refused.more(string(make([]byte, 50_000))))
					synctest.Wait()
				}
				other.says(other.raw(false, 0, frame.Binary, string(make([]byte, 500_000))), other.last("!"))
				if n := <-whole; n != 500_001 {
					t.Errorf("%d bytes: %v", n, other.Err())
				}
			})
		})
	}
}
