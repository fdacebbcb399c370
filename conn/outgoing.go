package conn

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/parleyws/parley/conn/message"
	"github.com/parleyws/parley/deflate"
	"github.com/parleyws/parley/frame"
)

// outgoing is the writing half of a connection. It has two encoders, so that a
// control frame need not wait until a message is compressed or streamed.
type outgoing struct {
	messages message.Encoder // of the holder of turn: what depends on other messages

	direction deflate.Direction // what is agreed of compressed messages
	queue     *queue            // of Options.Queue

	// Of the holder of wire:
	frames    message.Encoder // what depends on nothing: control frames, plain messages
	streaming bool            // a message has begun and not ended, so no other may begin
	buf       *[]byte         // encoded frames; borrowed, nil if there are none
	sent      int             // how much of buf has left
	pinging   bool            // buf holds a ping of keepalive
	half      half
	guard     *guard // nil for streams whose writes can be interrupted
	raw       rawWriter

	published int64        // what buffered is
	buffered  atomic.Int64 // bytes of buf that have not left; see publish
	watched   atomic.Bool  // the Wheel will look whether they have
	gathering atomic.Bool  // the queue has more to write, and flushes after
	counts    counts
}

const (
	// maxBatch is how many bytes are collected while more input is there. More
	// than that gains nothing.
	maxBatch = 64 << 10

	// publishStep is by how many bytes Buffered may be behind.
	publishStep = 4 << 10
)

// takeTurn takes the right to send a message that depends on others.
func (c *Conn) takeTurn(ctx context.Context) error {
	if err := c.take(ctx, &c.turn); err != nil {
		return err
	}
	if err := c.writeError(); err != nil {
		c.releaseTurn()
		return err
	}
	return nil
}

func (c *Conn) releaseTurn() {
	c.turn.release()
	if c.hasEnded() {
		c.freeOut()
	}
}

// takeWire takes the right to write frames. Whoever wants turn as well takes it
// first.
func (c *Conn) takeWire(ctx context.Context) error {
	if err := c.take(ctx, &c.wire); err != nil {
		return err
	}
	if err := c.writeError(); err != nil {
		c.releaseWire()
		return err
	}
	return nil
}

func (c *Conn) take(ctx context.Context, l *lock) error {
	if err := c.writeError(); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	ok, err := l.take(ctx, c.ended)
	if ok {
		return nil
	}
	c.leftQueue(l)
	if err == nil {
		err = c.writeError()
	}
	return err
}

// leftQueue makes up for what the last holder of a lock has left to the next, who
// gave up waiting as it was handed over.
func (c *Conn) leftQueue(l *lock) {
	switch {
	case l == &c.wire:
		if c.mustFlush() && c.wire.try() {
			c.releaseWire()
		}
	case !c.hasEnded():
	case l == &c.turn:
		c.freeOut()
	case l == &c.reader:
		c.freeIn()
	}
}

// room returns the buffer to append frames to, by the holder of wire.
func (o *outgoing) room() *[]byte {
	if o.buf == nil {
		o.buf = getBuffer()
	}
	return o.buf
}

// note notes that the buffer has changed and its first n unsent bytes have left.
// It reports whether nothing is left.
func (o *outgoing) note(n int) (empty bool) {
	if o.buf != nil {
		if o.sent += n; o.sent == len(*o.buf) {
			putBuffer(o.buf)
			o.buf, o.sent = nil, 0
		}
	}
	o.publish(o.size())
	return o.buf == nil
}

// size returns how many bytes of buf have not left.
func (o *outgoing) size() int64 {
	if o.buf == nil {
		return 0
	}
	return int64(len(*o.buf) - o.sent)
}

// publish lets others know how many bytes of buf have not left. An atomic store
// costs as much as to encode a frame, so while messages are collected there is one
// for the first, and then one for each few KiB.
func (o *outgoing) publish(n int64) {
	if n != o.published {
		o.published = n
		o.buffered.Store(n)
	}
}

// truncate takes back all that was appended at and after start.
func (o *outgoing) truncate(start int) {
	*o.buf = (*o.buf)[:start]
	o.note(0)
}

// send sends the frames that the holder of wire has appended to the buffer at
// start, now or, if the reading half is to come this way soon, then. If ctx ends
// before any of them has left, nothing has happened: the error is that of ctx, and
// unsent. Any other error is the end of writing.
func (c *Conn) send(ctx context.Context, start int) (unsent bool, err error) {
	if c.mayWait() {
		return false, nil
	}
	return c.judge(ctx, start, c.flush(ctx))
}

// judge says what an error of flush means for the frames that begin at start.
func (c *Conn) judge(ctx context.Context, start int, err error) (unsent bool, _ error) {
	if err == nil {
		return false, nil
	}
	if cause := context.Cause(ctx); cause != nil && errors.Is(err, cause) && !c.hasEnded() {
		if c.out.unsent(start) {
			c.out.truncate(start)
			return true, err
		}
		c.abandon(err)
	}
	return false, c.writeError()
}

// unsent reports whether nothing has left of what was appended at start.
func (o *outgoing) unsent(start int) bool { return o.buf != nil && o.sent <= start }

// mayWait reports whether what is in the buffer may leave together with what is
// going to be written soon: with more input to be dealt with, that is likely, and
// the reading half flushes before it waits. Should it not come to that, the Wheel
// does.
func (c *Conn) mayWait() bool {
	out := &c.out
	size := out.size()
	if size == 0 || size >= maxBatch || !c.moreToCome() {
		return false
	}
	if out.published == 0 || size >= out.published+publishStep {
		out.publish(size)
	}
	c.watchBuffer()
	return true
}

// moreToCome reports whether somebody is about to write more, and will flush.
func (c *Conn) moreToCome() bool { return c.more.Load() || c.out.gathering.Load() }

// watchBuffer has the Wheel see to it that the buffer is sent.
func (c *Conn) watchBuffer() {
	if !c.out.watched.Load() && c.out.watched.CompareAndSwap(false, true) {
		c.opts.Wheel.flushSoon(c)
	}
}

// flush writes what is in the buffer, by the holder of wire. An error other than
// that of ctx is the end of writing.
func (c *Conn) flush(ctx context.Context) error {
	out := &c.out
	if out.buf == nil {
		return nil
	}
	// First without waiting, so that others can see how much is waited for.
	if c.tryWrite() {
		return nil
	}
	n, err := c.writeStream(ctx, (*out.buf)[out.sent:])
	c.left(n)
	if err != nil {
		c.writeEnds(ctx, err)
	}
	return err
}

// tryWrite writes what is in the buffer as far as there is room for it, and
// reports whether nothing is left.
func (c *Conn) tryWrite() bool {
	n := c.out.raw.tryWrite((*c.out.buf)[c.out.sent:])
	c.out.counts.wire.Add(uint64(n))
	c.left(n)
	return c.out.buf == nil
}

// left notes that n bytes of the buffer have left.
func (c *Conn) left(n int) {
	c.progress(n)
	if c.out.note(n) && c.out.pinging {
		c.out.pinging = false
		c.pinged.Store(int64(time.Since(c.opened)))
	}
}

// progress notes that n bytes have left, for the sake of a ping behind them.
func (c *Conn) progress(n int) {
	if n > 0 && (c.out.pinging || c.owed.ping.Load()) {
		c.written.Store(int64(time.Since(c.opened)))
	}
}

// flushWith writes what is in the buffer, and data behind it, without copying
// data. It returns how much of data has left.
func (c *Conn) flushWith(ctx context.Context, data []byte) (n int, err error) {
	out := &c.out
	var head []byte
	if out.buf != nil {
		head = (*out.buf)[out.sent:]
	}
	n, err = c.writeVectorStream(ctx, head, data)
	c.left(min(n, len(head)))
	if err != nil {
		c.writeEnds(ctx, err)
	}
	return max(n-len(head), 0), err
}

// writeEnds judges an error of the stream.
func (c *Conn) writeEnds(ctx context.Context, err error) {
	switch cause := context.Cause(ctx); {
	case c.hasEnded():
	case cause != nil && errors.Is(err, cause):
		// What others have written is still to be sent.
		c.watchBuffer()
	case errors.Is(err, ErrWriteTimeout):
		c.finish(CloseError{Code: frame.AbnormalClosure, Err: err})
	default:
		c.failWriting(err)
	}
}

// releaseWire sends what is owed and lets go of wire. It never waits: if the
// stream does not take it all, that is left to a goroutine.
func (c *Conn) releaseWire() {
	for {
		c.appendOwed()
		switch {
		case c.out.buf == nil:
		case c.moreToCome():
			c.watchBuffer()
		case !c.tryFlush():
			go c.flushAndRelease()
			return
		}
		if !c.moreToCome() || c.closeSent.Load() != nil || c.hasEnded() {
			c.out.counts.publish()
		}
		c.wire.release()
		// What came between the lines above found wire held.
		if !c.mustFlush() || !c.wire.try() {
			return
		}
	}
}

// mustFlush reports whether there is something to send that nobody is about to.
func (c *Conn) mustFlush() bool {
	if c.hasEnded() {
		return false
	}
	return c.owed.isPending() || c.out.buffered.Load() > 0 && !c.moreToCome()
}

// tryFlush sends what is in the buffer if that can be done without waiting, by
// the holder of wire. It reports whether nothing is left.
func (c *Conn) tryFlush() bool {
	if c.out.buf == nil {
		return true
	}
	if c.streamIsDead() {
		c.out.truncate(c.out.sent)
		return true
	}
	return c.tryWrite()
}

func (c *Conn) flushAndRelease() {
	c.flush(context.Background())
	c.releaseWire()
}

// flushTick is called by the Wheel, some time after watchBuffer.
func (c *Conn) flushTick() {
	c.out.watched.Store(false)
	if c.hasEnded() || c.out.buffered.Load() == 0 {
		return
	}
	// The reading half did not come this way: it is held up, or gone.
	c.more.Store(false)
	c.out.gathering.Store(false)
	if c.wire.try() {
		c.releaseWire()
	}
}

// Flush sends what has been written and has not left yet. It returns when the
// stream has taken it.
//
// While more input is at hand than has been dealt with, what is written is
// collected, and leaves with one system call when all of that is dealt with. If
// that takes long, because the goroutine that reads waits for something else, it
// leaves after about a millisecond. So there is seldom a reason to call Flush. With
// an [Options.Queue], what is queued is not waited for.
func (c *Conn) Flush(ctx context.Context) error {
	if err := c.takeWire(ctx); err != nil {
		return err
	}
	defer c.releaseWire()
	err := c.flush(ctx)
	if ended := c.writeError(); err != nil && ended != nil {
		return ended
	}
	return err
}

// Buffered returns how many bytes of frames have been written and not been taken
// by the stream yet. What another goroutine writes just now may be missing.
func (c *Conn) Buffered() int {
	if c.out.buffered.Load() > 0 && c.wire.try() {
		c.out.publish(c.out.size())
		c.releaseWire()
	}
	return int(c.out.buffered.Load())
}

// abandon ends the connection because part of a frame has left and the rest will
// not.
func (c *Conn) abandon(cause error) {
	if failed := c.writeFailed.Load(); failed != nil {
		c.finish(*failed) // which is why this was the last to be written
		return
	}
	c.finish(CloseError{Code: frame.AbnormalClosure, Err: partialWrite(cause)})
}

func partialWrite(cause error) error { return fmt.Errorf("%w: %w", ErrPartialWrite, cause) }

// breakOff ends the connection, by the holder of turn, because some fragments of a
// message have left and the rest will not. The last of them was whole, so the peer
// can be told; that takes its time, for which the caller does not wait.
func (c *Conn) breakOff(cause error) error {
	if err := c.writeError(); err != nil {
		return err
	}
	end := &CloseError{Code: frame.InternalError, Reason: "message broken off", Err: partialWrite(cause)}
	if c.writeFailed.CompareAndSwap(nil, end) {
		c.cutLater(false)
		go c.sayLast(end)
	}
	return c.writeError()
}

// sayLast sends a close frame that says how writing has come to its end, though
// nobody may write any more.
func (c *Conn) sayLast(end *CloseError) {
	ctx, cancel := c.closeContext(context.Background())
	defer cancel()
	if ok, _ := c.wire.take(ctx, c.ended); !ok {
		c.leftQueue(&c.wire)
	} else {
		err := c.sendCloseFrame(ctx, end.Code, end.Reason)
		c.wire.release()
		if err == nil {
			return
		}
	}
	c.finish(*end)
}

// failWriting ends the writing half, by the holder of wire, because the stream
// takes no more. What the peer had sent by then can still be read, and whoever
// reads it finds the end; if nobody does, the connection is cut before long.
func (c *Conn) failWriting(err error) {
	c.streamFailed.Store(true) // also if writing has come to its end before
	c.writeFailed.CompareAndSwap(nil, &CloseError{Remote: true, Code: frame.AbnormalClosure, Err: err})
	c.cutLater(false)
}

// streamIsDead reports whether the stream takes nothing more, not even what was
// written before writing came to its end.
func (c *Conn) streamIsDead() bool { return c.hasEnded() || c.streamFailed.Load() }

// writeError returns why nothing more can be written, or nil.
func (c *Conn) writeError() error {
	if c.hasEnded() {
		return &writeClosedError{c.end}
	}
	if failed := c.writeFailed.Load(); failed != nil {
		return &writeClosedError{failed}
	}
	if sent := c.closeSent.Load(); sent != nil {
		return &writeClosedError{&CloseError{Code: sent.code, Reason: sent.reason}}
	}
	return nil
}
