package conn_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
	"pgregory.net/rapid"
)

// The sizes that the documentation of NextWriter and of its Write tells of.
const (
	collects = 16 << 10 // less leaves as one frame
	atMost   = 64 << 10 // in a fragment, so that a control frame need not wait long
)

// takeover inflates what one endpoint sends with context takeover.
func takeover() *deflate.Decompressor {
	return deflate.NewDecompressor(deflate.Direction{ContextTakeover: true})
}

// Row 113, RFC 6455 section 5.4, RFC 7692 section 6.1: the first fragment says
// what the message is and whether it is compressed, the others continue it, the
// last one is not empty unless all was flushed, and together they are what was
// written.
func TestAStreamedMessageIsWhatWasWrittenRow113(t *testing.T) {
	checkInBubble(t, func(t *rapid.T) {
		o := rigOptions{client: rapid.Bool().Draw(t, "client"), Options: conn.Options{CompressFrom: -1}}
		var inflate *deflate.Decompressor
		if rapid.Bool().Draw(t, "compressed") {
			o.deflate, inflate = &deflate.Params{}, takeover()
		}
		r := newRig(t, o)
		for range rapid.IntRange(1, 3).Draw(t, "messages") {
			next, compressed := r.NextWriter, o.deflate != nil
			if rapid.Bool().Draw(t, "never compressed") {
				next, compressed = r.NextWriterUncompressed, false
			}
			typ := rapid.SampledFrom([]conn.Type{conn.Text, conn.Binary}).Draw(t, "type")
			w, err := next(bg, typ)
			if err != nil {
				t.Fatal(err)
			}
			want, flushed, empty := writeAtRandom(t, w)
			if err := w.Close(); err != nil {
				t.Fatalf("Close: %v", err)
			}
			frames := r.hears()
			n := 0
			for m := range messagesOf(t, frames, inflate) {
				if n++; m.Type != typ || !bytes.Equal(m.Data, want) {
					t.Fatalf("a %v of %d bytes, want a %v of %d", m.Type, len(m.Data), typ, len(want))
				}
			}
			if n != 1 {
				t.Fatalf("%d messages", n)
			}
			for i, f := range frames {
				first, last := i == 0, i == len(frames)-1
				rsv := frame.RSV(0)
				if first && compressed && (!last || f.RSV != 0) { // a whole one may be better off without
					rsv = frame.RSV1
				}
				if f.RSV != rsv || f.Fin != last || (f.Opcode == frame.Continuation) == first {
					t.Fatalf("frame %d of %d: %+v", i, len(frames), f.Header)
				}
				if f.Length == 0 && !first && !(last && empty) {
					t.Fatalf("frame %d of %d is empty", i, len(frames))
				}
				if f.Length > atMost+100 || !flushed && !compressed && !last && f.Length < collects {
					t.Fatalf("frame %d of %d has %d bytes", i, len(frames), f.Length)
				}
			}
			if !flushed && len(want) < collects && len(frames) != 1 {
				t.Fatalf("%d bytes in %d frames", len(want), len(frames))
			}
		}
	})
}

// writeAtRandom writes in every way that a MessageWriter has. It reports whether
// that was with Flush, and whether nothing has come since, so that there is nothing
// for the last fragment to hold.
func writeAtRandom(t *rapid.T, w *conn.MessageWriter) (want []byte, flushed, empty bool) {
	for range rapid.IntRange(0, 5).Draw(t, "writes") {
		size := rapid.OneOf(
			rapid.IntRange(0, 100),
			rapid.SampledFrom([]int{collects - 1, collects, collects + 1, 2*collects - 1, 2 * collects, atMost, atMost + collects}),
			rapid.IntRange(0, 300_000),
		).Draw(t, "size")
		piece := bytes.Repeat([]byte{byte('a' + len(want)%26), 'x'}, size/2+1)[:size]
		var n int64
		var err error
		empty = empty && size == 0
		switch how := rapid.IntRange(0, 4).Draw(t, "how"); how {
		case 0:
			k, e := w.WriteString(string(piece))
			n, err = int64(k), e
		case 1, 2:
			from := iotest.DataErrReader(bytes.NewReader(piece))
			if how == 2 {
				from = iotest.HalfReader(bytes.NewReader(piece))
			}
			n, err = io.Copy(w, from)
		case 3:
			k, e := w.Write(piece)
			n, err = int64(k), e
			if err == nil {
				flushed, empty = true, true
				err = w.Flush()
			}
		default:
			k, e := w.Write(piece)
			n, err = int64(k), e
		}
		if err != nil || n != int64(size) {
			t.Fatalf("%d bytes of %d, %v", n, size, err)
		}
		want = append(want, piece...)
	}
	return want, flushed, empty
}

func TestTheEndOfAReaderIsNoEmptyFragment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, rigOptions{})
		w, err := r.NextWriter(bg, conn.Binary)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(w, io.LimitReader(zeros{}, collects)); err != nil {
			t.Error(err)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		if frames := r.hears(); len(frames) != 1 {
			t.Errorf("the last of %d frames has %d bytes", len(frames), frames[len(frames)-1].Length)
		}
	})
}

// zeros is a Reader without end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// Row 114: the shortest message, which the npm library ws sends as c1 01 00.
func TestAnEmptyStreamedMessageIsOneFrameRow114(t *testing.T) {
	for name, p := range map[string]*deflate.Params{"plain": nil, "compressed": {}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, rigOptions{deflate: p, Options: conn.Options{CompressFrom: -1}})
				w, err := r.NextWriter(bg, conn.Text)
				if err != nil {
					t.Fatal(err)
				}
				if err := w.Flush(); err != nil {
					t.Errorf("Flush of nothing: %v", err)
				}
				if err := w.Close(); err != nil {
					t.Error(err)
				}
				r.expectHeard("text ")
			})
		})
	}
}

// What Flush sends has come before the message goes on.
func TestAFlushedFragmentArrivesByItself(t *testing.T) {
	onEveryStream(t, func(t *testing.T, o rigOptions) {
		o.deflate = &deflate.Params{}
		r := newRig(t, o)
		w, err := r.NextWriterUncompressed(bg, conn.Text)
		if err != nil {
			t.Fatal(err)
		}
		w.WriteString("first")
		r.expectHeard()
		if err := w.Flush(); err != nil {
			t.Error(err)
		}
		if err := w.Flush(); err != nil { // of nothing more
			t.Error(err)
		}
		r.expectHeard("text first +")
		w.WriteString("last")
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		r.expectHeard("continuation last")
	})
}

// idleReader is a Reader that never has anything, as package io allows.
type idleReader struct{}

func (idleReader) Read([]byte) (int, error) { return 0, nil }

func TestTheErrorOfAReaderLeavesTheMessageAsItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, rigOptions{})
		w, err := r.NextWriter(bg, conn.Text)
		if err != nil {
			t.Fatal(err)
		}
		broken := errors.New("broken")
		from := io.MultiReader(strings.NewReader("before, "), iotest.ErrReader(broken))
		if n, err := w.ReadFrom(from); n != 8 || err != broken {
			t.Errorf("ReadFrom: %d, %v", n, err)
		}
		if n, err := w.ReadFrom(idleReader{}); n != 0 || err != io.ErrNoProgress {
			t.Errorf("ReadFrom of one that is idle: %d, %v", n, err)
		}
		w.WriteString("after")
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		r.expectHeard("text before, after")
	})
}

// Row G2, RFC 6455 section 5.4.
func TestControlFramesPassBetweenTheFragmentsThatAreWrittenG2(t *testing.T) {
	onEveryStream(t, func(t *testing.T, o rigOptions) {
		r := newRig(t, o)
		go r.Serve(bg, conn.Handler{})
		w, err := r.NextWriter(bg, conn.Text)
		if err != nil {
			t.Fatal(err)
		}
		w.WriteString("one")
		w.Flush()
		if err := r.Pong(bg, []byte("beat")); err != nil {
			t.Error(err)
		}
		r.says(r.ping("are you there"))
		r.expectHeard("text one +", "pong beat", "pong are you there")
		answered := make(chan error, 1)
		go func() {
			_, err := r.Ping(bg)
			answered <- err
		}()
		frames := r.hears()
		if len(frames) != 1 || frames[0].Opcode != frame.Ping {
			t.Fatalf("the peer hears %q", said(frames))
		}
		r.says(r.pong(frames[0].payload))
		if err := <-answered; err != nil {
			t.Errorf("Ping: %v", err)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		r.expectHeard("continuation ")
	})
}

// Row G2: of a message that the peer takes slowly only the fragment under way is
// before a ping, and that has 64 KiB at most.
func TestALargeStreamedMessageDoesNotHoldUpAPingG2(t *testing.T) {
	onEveryStream(t, func(t *testing.T, o rigOptions) {
		o.window = 10_000
		o.WriteTimeout = -1
		r := newRig(t, o)
		go r.Serve(bg, conn.Handler{})
		w, err := r.NextWriter(bg, conn.Binary)
		if err != nil {
			t.Fatal(err)
		}
		written := make(chan error, 1)
		go func() {
			_, err := w.Write(make([]byte, 1<<20))
			if err == nil {
				err = w.Close()
			}
			written <- err
		}()
		synctest.Wait()
		go r.Ping(bg)
		var frames []heard
		for len(frames) == 0 || !frames[len(frames)-1].Fin || frames[len(frames)-1].Opcode.IsControl() {
			frames = append(frames, r.hears()...)
		}
		if err := <-written; err != nil {
			t.Error(err)
		}
		if len(frames) < 3 || frames[1].Opcode != frame.Ping || frames[0].Length > atMost {
			t.Errorf("the peer hears %q", said(frames))
		}
	})
}
