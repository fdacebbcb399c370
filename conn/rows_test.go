package conn_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/conn/conntest"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
)

// Rows 91, 105 and 106: a message is a type and bytes; the type is said, not
// guessed, and text may be a string.
func TestDataIsBytesAndATypeThatIsSaidRows91And105And106(t *testing.T) {
	onEveryStream(t, func(t *testing.T, o rigOptions) {
		r := newRig(t, o)
		r.Write(bg, conn.Text, []byte("bytes as text"))
		r.WriteText(bg, "a string")
		r.Write(bg, conn.Binary, []byte("text as bytes"))
		r.Write(bg, conn.Binary, nil)
		r.WriteText(bg, "")
		r.expectHeard("text bytes as text", "text a string", "binary text as bytes", "binary ", "text ")
		r.says(r.text("text"), r.binary("\x00\xff"), r.text(""))
		for _, want := range []conn.Message{
			{Type: conn.Text, Data: []byte("text")},
			{Type: conn.Binary, Data: []byte("\x00\xff")},
			{Type: conn.Text, Data: []byte{}},
		} {
			m, err := r.Read(bg)
			if err != nil || m.Type != want.Type || string(m.Data) != string(want.Data) || m.Data == nil {
				t.Errorf("got %v %q, %v", m.Type, m.Data, err)
			}
		}
	})
}

// Rows 92 and 93: both ends know what was agreed.
func TestBothEndsKnowWhatWasAgreedRows92And93(t *testing.T) {
	agreed := deflate.Params{ServerMaxWindowBits: 10, ClientNoContextTakeover: true}
	c, err := conntest.Pair(&conntest.PairOptions{Subprotocol: "chat", Deflate: &agreed})
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	for _, end := range []*conn.Conn{c.Server, c.Client} {
		if got, ok := end.Deflate(); end.Subprotocol() != "chat" || !ok || got != agreed {
			t.Errorf("%q, %+v, %v", end.Subprotocol(), got, ok)
		}
	}
}

// Row 96: nothing is read before somebody asks for it, so nothing is lost.
func TestWhatComesBeforeSomebodyReadsIsNotLostRow96(t *testing.T) {
	for style, read := range hearOut {
		t.Run(style, func(t *testing.T) {
			onEveryStream(t, func(t *testing.T, o rigOptions) {
				r := newRig(t, o)
				r.says(r.text("one"), r.first("t"), r.last("wo"), r.close(4000, "early"))
				r.peer.CloseWrite()
				time.Sleep(time.Hour)
				if n := r.end.In().Stats().BytesRead; n != 0 {
					t.Errorf("%d bytes are read", n)
				}
				got, err := read(r)
				if strings.Join(got, " ") != "one two" || closeError(t, err).Code != 4000 {
					t.Errorf("%q, %v", got, err)
				}
			})
		})
	}
}

// Rows 95, 98 and 99: OnClose is called once and last, and says which side it was,
// whether in good order, the code (1005 for a close frame without one, 1006 for
// none), and the cause.
func TestTheEndSaysItAllRows95And98And99(t *testing.T) {
	for _, tc := range []struct {
		name   string
		end    func(r *rig)
		remote bool
		clean  bool
		code   frame.CloseCode
		cause  error
		err    bool // OnClose gets one
	}{
		{"normal", func(r *rig) { r.says(r.close(frame.NormalClosure, "")) }, true, true, 1000, nil, false},
		{"going away", func(r *rig) { r.says(r.close(frame.GoingAway, "")) }, true, true, 1001, nil, false},
		{"no code", func(r *rig) { r.says(r.close(frame.NoStatusReceived, "")) }, true, true, 1005, nil, false},
		{"its own code", func(r *rig) { r.says(r.close(4999, "because")) }, true, true, 4999, nil, true},
		{"FIN", func(r *rig) { r.peer.CloseWrite() }, true, false, 1006, io.ErrUnexpectedEOF, true},
		{"reset", func(r *rig) { r.peer.Reset() }, true, false, 1006, syscall.ECONNRESET, true},
		{"a read that fails", func(r *rig) { r.end.In().FailReadAfter(0, errBroken) }, true, false, 1006, errBroken, true},
		{"cut here", func(r *rig) { r.CloseNow() }, false, false, 1006, nil, true},
		{"silence", func(r *rig) {}, false, false, 1006, conn.ErrPingTimeout, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			onEveryStream(t, func(t *testing.T, o rigOptions) {
				if tc.name == "silence" {
					o.PingInterval, o.PongTimeout = time.Minute, time.Minute
				}
				r := newRig(t, o)
				r.says(r.text("before"))
				var log []string
				var told error
				served := make(chan error, 1)
				go func() {
					served <- r.Serve(bg, conn.Handler{
						OnMessage: func(_ *conn.Conn, m conn.Message) { log = append(log, string(m.Data)) },
						OnClose:   func(_ *conn.Conn, err error) { log, told = append(log, "close"), err },
					})
				}()
				synctest.Wait()
				tc.end(r)
				err := <-served
				if strings.Join(log, " ") != "before close" || told != err || (err != nil) != tc.err {
					t.Errorf("%q: told %v, Serve returns %v", log, told, err)
				}
				end := closeError(t, r.Err())
				if end.Remote != tc.remote || end.Clean != tc.clean || end.Code != tc.code || !errors.Is(end.Err, tc.cause) {
					t.Errorf("%+v", end)
				}
				if err != nil && err != error(end) {
					t.Errorf("Serve returns %v", err)
				}
				text := end.Error()
				for _, part := range []string{map[bool]string{true: "by the peer", false: "here"}[tc.remote], fmt.Sprint(uint16(tc.code)), end.Reason} {
					if !strings.Contains(text, part) {
						t.Errorf("%q does not say %q", text, part)
					}
				}
			})
		})
	}
}

func TestThePeersCloseIsThePeersThoughOurAnswerCannotLeaveRow98(t *testing.T) {
	onEveryStream(t, func(t *testing.T, o rigOptions) {
		r := newRig(t, o)
		r.end.Out().FailWriteAfter(0, errBroken) // it has gone when it had said its word
		r.says(r.close(frame.NormalClosure, "bye"))
		if err := r.Serve(bg, conn.Handler{}); err != nil {
			t.Errorf("Serve: %v", err)
		}
		if end := closeError(t, r.Err()); !end.Remote || end.Clean || end.Code != frame.NormalClosure || end.Reason != "bye" {
			t.Errorf("%+v", end)
		}
	})
}

// Row 100: a ping is heard of once its pong is on its way, with the payload.
func TestPingsAndPongsAreEventsRow100(t *testing.T) {
	onEveryStream(t, func(t *testing.T, o rigOptions) {
		r := newRig(t, o)
		var log []string
		r.says(r.ping("one"), r.pong("nobody asked"), r.ping(""), r.close(frame.NormalClosure, ""))
		r.peer.CloseWrite()
		r.Serve(bg, conn.Handler{
			OnPing: func(_ *conn.Conn, payload []byte) {
				log = append(log, "ping "+string(payload))
				log = append(log, said(r.hears())...)
			},
			OnPong: func(_ *conn.Conn, payload []byte) { log = append(log, "pong "+string(payload)) },
		})
		want := []string{"ping one", "pong one", "pong nobody asked", "ping ", "pong "}
		if strings.Join(log, "|") != strings.Join(want, "|") {
			t.Errorf("%q, want %q", log, want)
		}
	})
}

// Row 115, RFC 6455 section 5.3: every frame of a client is masked, the fragments of
// one message and control frames too, with a key of its own.
func TestEveryFrameOfAClientHasAKeyOfItsOwnRow115(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, rigOptions{client: true, deflate: &deflate.Params{}})
		for range 10 {
			r.WriteText(bg, "text")
			r.WriteText(bg, repetitive)
			r.Pong(bg, nil)
			w, err := r.NextWriter(bg, conn.Text)
			if err != nil {
				t.Fatal(err)
			}
			for range 3 {
				w.WriteString("fragment")
				w.Flush()
			}
			w.Close()
		}
		r.CloseWrite(bg, frame.NormalClosure, "")
		frames := r.hears()
		keys := map[frame.Key]bool{}
		for _, f := range frames {
			if !f.Masked {
				t.Errorf("%v is not masked", f.Opcode)
			}
			keys[f.Key] = true
		}
		// That two of 71 are equal happens once in two million times.
		if len(frames) != 71 || len(keys) < len(frames)-1 {
			t.Errorf("%d frames with %d keys", len(frames), len(keys))
		}
	})
}

// Rows 99 and 116: what the stream says when it takes no more is the cause of the
// error that the write returns, whichever byte it is that does not leave.
func TestAWriteThatFailsTellsWhyRow116(t *testing.T) {
	for way, send := range sending {
		if way == "Ping" || strings.HasPrefix(way, "NextWriter") { // which do more, or less
			continue
		}
		t.Run(way, func(t *testing.T) {
			onEveryStream(t, func(t *testing.T, o rigOptions) {
				whole := newRig(t, o)
				if err := send(whole); err != nil {
					t.Fatal(err)
				}
				size := whole.end.Out().Stats().BytesWritten
				for n := range size {
					r := newRig(t, o)
					r.end.Out().FailWriteAfter(n, errBroken)
					first, second := send(r), send(r)
					for what, err := range map[string]error{"the write": first, "the next": second} {
						if end := closeError(t, err); !errors.Is(err, errBroken) || end.Code != frame.AbnormalClosure || end.Clean {
							t.Errorf("%d bytes have left, %s: %v", n, what, err)
						}
					}
					r.CloseNow()
				}
			})
		})
	}
}

// Row 117: a frame leaves with its header in one write, however large it is, and
// whatever is done to it on its way.
func TestAFrameIsOneWriteRow117(t *testing.T) {
	for name, p := range map[string]*deflate.Params{"plain": nil, "compressed": {}} {
		t.Run(name, func(t *testing.T) {
			onEveryStream(t, func(t *testing.T, o rigOptions) {
				o.deflate = p
				r := newRig(t, o)
				for _, size := range []int{0, 1, 125, 126, 4096, 65535, 65536, 1 << 20} {
					before := r.end.Out().Stats().Writes
					if err := r.Write(bg, conn.Binary, make([]byte, size)); err != nil {
						t.Fatal(err)
					}
					if n := r.end.Out().Stats().Writes - before; n != 1 {
						t.Errorf("a message of %d bytes takes %d writes", size, n)
					}
					if frames := r.hears(); len(frames) != 1 || !frames[0].Fin {
						t.Errorf("and %d frames", len(frames))
					}
				}
				before := r.end.Out().Stats().Writes
				r.Pong(bg, []byte("beat"))
				r.CloseWrite(bg, frame.NormalClosure, "bye")
				if n := r.end.Out().Stats().Writes - before; n != 2 {
					t.Errorf("a pong and a close frame take %d writes", n)
				}
			})
		})
	}
}

// Row 114 as it is received: the npm library ws sends an empty message compressed.
func TestAnEmptyCompressedMessageIsEmptyRow114(t *testing.T) {
	for style, read := range hearOut {
		t.Run(style, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, rigOptions{client: true, deflate: &deflate.Params{}})
				r.says([]byte("\xc1\x01\x00\xc1\x01\x00"), r.text("next"), r.close(frame.NormalClosure, ""))
				r.peer.CloseWrite()
				if got, _ := read(r); len(got) != 3 || got[0]+got[1] != "" || got[2] != "next" {
					t.Errorf("%q", got)
				}
			})
		})
	}
}

// What package io allows now and then is no way to go on for ever.
func TestAStreamThatNeverHasAnythingIsGivenUp(t *testing.T) {
	onEveryStream(t, func(t *testing.T, o rigOptions) {
		r := newRig(t, o)
		r.end.In().SetReadSizes(conntest.Each(0))
		r.says(r.text("never read"))
		_, err := r.Read(bg)
		if end := closeError(t, err); !errors.Is(end, io.ErrNoProgress) || end.Code != frame.AbnormalClosure {
			t.Errorf("%+v", end)
		}
	})
}
