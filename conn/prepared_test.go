package conn_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/conn/conntest"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
)

// receiver is a kind of receiver of prepared messages.
type receiver struct {
	name       string
	params     *deflate.Params
	options    conn.Options
	compressed bool // its messages are
}

// receivers are the kinds that the server's side of a broadcast can meet.
var receivers = []receiver{
	{"plain", nil, conn.Options{}, false},
	{"no takeover", &deflate.Params{ServerNoContextTakeover: true}, conn.Options{}, true},
	{"no takeover, level 9", &deflate.Params{ServerNoContextTakeover: true}, conn.Options{Level: 9}, true},
	{"no takeover, window of 10", &deflate.Params{ServerNoContextTakeover: true, ServerMaxWindowBits: 10}, conn.Options{}, true},
	{"no takeover, only from 100 000 bytes", &deflate.Params{ServerNoContextTakeover: true}, conn.Options{CompressFrom: 100_000}, false},
	{"takeover", &deflate.Params{}, conn.Options{}, false},
	{"takeover, window of 10", &deflate.Params{ServerMaxWindowBits: 10}, conn.Options{}, false},
}

// Row G9: the same bytes for all receivers of a kind, compressed where that can be
// shared and plain where the context is taken over, RFC 7692 section 7.1.1.
func TestAllReceiversOfAKindGetTheSameBytesG9(t *testing.T) {
	text := strings.Repeat("to whom it may concern. ", 100)
	p, err := conn.Prepare(conn.Text, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	plain := frame.AppendFrame(nil, frame.Header{Fin: true, Opcode: frame.Text}, []byte(text))
	for _, kind := range receivers {
		t.Run(kind.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var first []byte
				for i := range 5 {
					w := wire(t, wiring{params: kind.params, Options: kind.options})
					for range 3 { // whatever went before
						if err := w.WritePrepared(bg, p); err != nil {
							t.Fatal(err)
						}
						got := make([]byte, w.written().BytesWritten)
						n, _ := w.peer.Read(got)
						if got = got[:n]; first == nil {
							first = bytes.Clone(got)
						}
						if !bytes.Equal(got, first) {
							t.Errorf("receiver %d gets %x, the first %x", i, got, first)
						}
					}
				}
				if kind.compressed {
					if first[0] != 0x80|byte(frame.RSV1)|byte(frame.Text) || len(first) >= len(plain)/4 {
						t.Errorf("%d bytes, beginning with %x, are not compressed", len(first), first[0])
					}
				} else if !bytes.Equal(first, plain) {
					t.Errorf("%d bytes are not the plain frame of %d", len(first), len(plain))
				}
			})
		})
	}
}

// Row G9: whatever the receiver has agreed to, it understands the message, and those
// before and after it that were written to it alone.
func TestEveryReceiverUnderstandsAPreparedMessageG9(t *testing.T) {
	sizes := []int{0, 1, 125, 126, 511, 512, 5000, 32<<10 - 1, 32 << 10, 65535, 65536, 1 << 20}
	for _, kind := range receivers {
		for role, client := range map[string]bool{"server": false, "client": true} {
			t.Run(kind.name+"/"+role, func(t *testing.T) {
				o := kind.options
				o.PingInterval = -1
				server, c := pairTCP(t, kind.params, &o)
				if client {
					server, c = c, server
				}
				got := collect(c)
				var want []string
				for _, n := range sizes {
					text := strings.Repeat("what is prepared ", n/17+1)[:n]
					p, err := conn.Prepare(conn.Text, []byte(text))
					if err != nil {
						t.Fatal(err)
					}
					if p.Len() != n {
						t.Errorf("Len is %d, want %d", p.Len(), n)
					}
					for _, write := range []func() error{
						func() error { return server.WriteText(bg, text) },
						func() error { return server.WritePrepared(bg, p) },
						func() error { return server.WritePrepared(bg, p) },
					} {
						if err := write(); err != nil {
							t.Fatal(err)
						}
						want = append(want, text)
					}
				}
				if err := server.Close(timeout(t), frame.NormalClosure, ""); err != nil {
					t.Error(err)
				}
				<-got.done
				texts := got.texts()
				if len(texts) != len(want) {
					t.Fatalf("%d messages, want %d", len(texts), len(want))
				}
				for i := range want {
					if texts[i] != want[i] || got.all[i].Type != conn.Text {
						t.Errorf("message %d: %d bytes, want %d others", i, len(texts[i]), len(want[i]))
					}
				}
			})
		}
	}
}

// RFC 6455 section 5.3: a client masks each frame with a key of its own, also of a
// message that is sent to many.
func TestAClientMasksAPreparedMessageEachTimeG9(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := conn.Prepare(conn.Binary, []byte("to each its own"))
		keys := map[frame.Key]bool{}
		for range 3 {
			w := wire(t, wiring{client: true})
			for range 3 {
				if err := w.WritePrepared(bg, p); err != nil {
					t.Fatal(err)
				}
				f, err := w.sees()
				if err != nil || !f.Masked || f.payload != "to each its own" || f.Opcode != frame.Binary || keys[f.Key] {
					t.Errorf("%+v, %v", f, err)
				}
				keys[f.Key] = true
			}
		}
	})
}

func TestWhatCannotBeCompressedIsSentPlainG9(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		data := noise(1, 4000)
		p, _ := conn.Prepare(conn.Binary, data)
		w := wire(t, wiring{params: &deflate.Params{ServerNoContextTakeover: true}})
		for range 2 {
			if err := w.WritePrepared(bg, p); err != nil {
				t.Fatal(err)
			}
			w.mustSee(t, frame.Binary, string(data))
		}
	})
}

// One message, many connections of many kinds and goroutines, at once.
func TestManySendOnePreparedMessageAtOnceG9(t *testing.T) {
	text := strings.Repeat("to everybody at once. ", 3000)
	p, err := conn.Prepare(conn.Text, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 32 {
		kind := receivers[i%len(receivers)]
		o := kind.options
		o.PingInterval = -1
		if i%3 == 0 {
			o.Queue = &conn.Queue{Bytes: -1}
		}
		pair := linked(t, conntest.PairOptions{Deflate: kind.params, Server: &o})
		got := collect(pair.Client)
		wg.Go(func() {
			var senders sync.WaitGroup
			for range 3 {
				senders.Go(func() {
					if err := pair.Server.WritePrepared(bg, p); err != nil {
						t.Error(err)
					}
				})
			}
			senders.Wait()
			pair.Server.Close(timeout(t), frame.NormalClosure, "")
			<-got.done
			if len(got.all) != 3 {
				t.Errorf("%s: %d messages", kind.name, len(got.all))
			}
			for _, m := range got.texts() {
				if m != text {
					t.Errorf("%s: %d bytes, want %d others", kind.name, len(m), len(text))
				}
			}
		})
	}
	wg.Wait()
}

func TestPrepareRefusesWhatCannotBeSentG9(t *testing.T) {
	if _, err := conn.Prepare(conn.Text, []byte("\xFF")); err != conn.ErrNotUTF8 {
		t.Errorf("text that is not UTF-8: %v", err)
	}
	if _, err := conn.Prepare(conn.Text, []byte("cut \xE2\x82")); err != conn.ErrNotUTF8 {
		t.Errorf("text that is cut: %v", err)
	}
	if _, err := conn.Prepare(conn.Binary, []byte("\xFF")); err != nil {
		t.Errorf("binary: %v", err)
	}
	for _, typ := range []conn.Type{0, 3, conn.Type(frame.Ping), conn.Type(frame.Close)} {
		if _, err := conn.Prepare(typ, nil); err == nil {
			t.Errorf("type %d is prepared", typ)
		}
	}
}

// The data is copied, so the caller may use its memory again.
func TestPrepareCopies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		data := []byte(strings.Repeat("right ", 200))
		p, _ := conn.Prepare(conn.Text, data)
		copy(data, strings.Repeat("wrong ", 200))
		for _, params := range []*deflate.Params{nil, {ServerNoContextTakeover: true}} {
			pair := linked(t, conntest.PairOptions{Deflate: params})
			got := collect(pair.Client)
			pair.Server.WritePrepared(bg, p)
			synctest.Wait()
			if texts := got.texts(); len(texts) != 1 || texts[0] != strings.Repeat("right ", 200) {
				t.Errorf("%.20q arrives", texts)
			}
			pair.CloseNow()
			<-got.done
		}
	})
}

func TestWritePreparedIsAWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := conn.Prepare(conn.Text, []byte("prepared"))
		w := wire(t, wiring{})
		if err := w.WritePrepared(cancelled(), p); !errors.Is(err, context.Canceled) || w.Err() != nil {
			t.Errorf("%v, then %v", err, w.Err())
		}
		// It waits for the end of a streamed message.
		m, err := w.NextWriter(bg, conn.Text)
		if err != nil {
			t.Fatal(err)
		}
		m.WriteString("streamed")
		m.Flush()
		wrote := make(chan error, 1)
		go func() { wrote <- w.WritePrepared(bg, p) }()
		synctest.Wait()
		if len(wrote) > 0 {
			t.Error("it does not wait for the end of a streamed message")
		}
		m.WriteString("!")
		m.Close()
		if err := <-wrote; err != nil {
			t.Error(err)
		}
		for _, want := range []string{"streamed", "!", "prepared"} {
			if f, err := w.sees(); err != nil || f.payload != want {
				t.Errorf("the peer reads %q, %v, want %q", f.payload, err, want)
			}
		}
		w.CloseNow()
		if err := w.WritePrepared(bg, p); err == nil {
			t.Error("written on a connection that has ended")
		}
	})
}

// Row G9: compressed once for each kind, whoever and how many send it: after the first
// time, sending costs no more than copying.
func TestAPreparedMessageIsCompressedOnceForAKindG9(t *testing.T) {
	data := []byte(strings.Repeat("compressed once. ", 10_000))
	for _, kind := range receivers {
		if !kind.compressed {
			continue
		}
		t.Run(kind.name, func(t *testing.T) {
			p, _ := conn.Prepare(conn.Text, data)
			var all []*wired
			for range 20 {
				w := wire(t, wiring{params: kind.params, Options: kind.options})
				w.WriteText(bg, "warm") // so that the buffers are there
				all = append(all, w)
			}
			all[0].WritePrepared(bg, p)
			before := allocated()
			for _, w := range all[1:] {
				w.WritePrepared(bg, p)
			}
			if n := allocated() - before; n > 19*8<<10 {
				t.Errorf("%d bytes allocated for 19 that share it", n)
			}
		})
	}
}
