package conntest

import (
	"math/rand/v2"
	"time"
)

// change makes a change to the flow.
func (f *Flow) change(do func(now time.Time)) {
	now := f.p.lock()
	defer f.p.mu.Unlock()
	do(now)
	f.p.notify()
}

// SetWindow sets how many bytes may be under way or unread before a Write waits,
// -1 for no bound. With 0 no byte is let in: the window of zero of a TCP peer
// that has no room. What is already in stays.
func (f *Flow) SetWindow(bytes int) {
	f.change(func(time.Time) { f.window = max(bytes, unbounded) })
}

// SetReadSizes sets how many bytes each Read returns at most; nil for as many as
// are there. A size of 0 is a Read that returns neither bytes nor an error, at
// once, as [io.Reader] allows. A Read that fails without bytes, or has no room for
// any, leaves its size to the next. Less than 0 is taken as 0.
func (f *Flow) SetReadSizes(s Sizes) {
	f.change(func(time.Time) { f.readSizes = sizes{draw: s} })
}

// SetWriteSizes sets the sizes of the pieces in which each Write goes in; nil
// for as much as there is room for. A piece goes in when there is room for all of
// it (if it is larger than the window, when that is empty), so a Write that is
// interrupted has sent whole pieces; and a Read returns bytes of one piece only.
// A size of 0 is taken as 1.
func (f *Flow) SetWriteSizes(s Sizes) {
	if s != nil {
		given := s
		s = func() int { return max(1, given()) }
	}
	f.change(func(time.Time) { f.writeSizes = sizes{draw: s} })
}

// SetErrorWithData makes the Read that returns the last bytes return the error
// that ends reading with them, if it is known by then, instead of leaving it to
// the next Read. [io.Reader] allows both.
func (f *Flow) SetErrorWithData(on bool) {
	f.change(func(time.Time) { f.errorWithData = on })
}

// SetLatency sets how long the bytes that are written from now on, and the end
// of the stream, are under way; 0 for no time. Room in the window comes back without
// delay.
func (f *Flow) SetLatency(d time.Duration) {
	f.change(func(time.Time) { f.latency = d })
}

// SetJitter makes the latency longer or shorter by up to d, as seed decides, for
// bytes that are written from now on; 0 for no jitter. Bytes never overtake each
// other.
func (f *Flow) SetJitter(d time.Duration, seed uint64) {
	f.change(func(time.Time) { f.jitter, f.random = d, rand.New(rand.NewPCG(seed, 0)) })
}

// SetRate sets how many bytes per second the bytes that are written from now on
// travel at; 0 for no bound. They arrive in packets of what passes in 10 ms, at
// least a byte and at most 1460.
func (f *Flow) SetRate(bytesPerSecond int64) {
	f.change(func(time.Time) { f.rate = bytesPerSecond })
}

// Stall lets nothing arrive any more, neither bytes nor the end of the stream nor
// a reset, until Resume. Writes succeed until the window is full.
func (f *Flow) Stall() { f.change(func(time.Time) { f.stalled = true }) }

// Resume ends a stall: what was held back arrives at once.
func (f *Flow) Resume() {
	f.change(func(now time.Time) {
		f.stalled = false
		for i := range f.flight.len() {
			if x := f.flight.at(i); x.at.Before(now) {
				x.at = now
			}
		}
	})
}

// BlackHole loses all that is sent from now on, for good: Writes succeed, the
// window never fills, and the peer learns nothing of a close or a reset. For a
// network that is silent for a while and then goes on, see [Flow.Stall].
func (f *Flow) BlackHole() { f.change(func(time.Time) { f.lossy, f.silent = true, true }) }

// ResetAfter resets both ends when n more bytes have been written from now on; 0
// resets them at once, and -1 takes back what has not happened. The Write that sends
// a byte more fails with [syscall.ECONNRESET] and says how much of it has left.
//
// This reset stands at a byte: it arrives behind the n bytes, and what has arrived
// before it can still be read, at both ends, as on Linux. For one that takes along
// what the peer has not read see [End.Reset].
func (f *Flow) ResetAfter(n int64) { f.cutAfter(cut, n) }

// EndAfter ends the stream for the one who reads, with [io.EOF], when n more
// bytes have been written from now on; -1 takes back what has not happened. What is
// written after them is lost, and the writer does not learn it: a stream cut short,
// by a proxy for instance. The other direction goes on. Of a ResetAfter and an
// EndAfter the later call holds.
func (f *Flow) EndAfter(n int64) { f.cutAfter(fin, n) }

func (f *Flow) cutAfter(k kind, n int64) {
	f.change(func(now time.Time) {
		f.cut = cutting{}
		if n >= 0 {
			f.cut = cutting{k, f.stats.BytesWritten + n}
			f.cutIfDue(now)
		}
	})
}

// cutIfDue ends the stream where it is to end.
func (f *Flow) cutIfDue(now time.Time) {
	if f.cut.kind == 0 || f.stats.BytesWritten < f.cut.at {
		return
	}
	k := f.cut.kind
	f.cut = cutting{}
	f.signal(k, now)
	if k == cut {
		f.from.struck(false)
	}
	f.lossy = true
}

// FailReadAfter makes Read fail with err, again and again, when n more bytes have
// been read from now on, whatever has arrived. The stream itself goes on, and an err
// of nil lets Read go on.
func (f *Flow) FailReadAfter(n int64, err error) {
	f.change(func(time.Time) { f.readFault = fault{err, f.stats.BytesRead + max(n, 0)} })
}

// FailWriteAfter makes Write fail with err, again and again, when n more bytes have
// been written from now on. The peer learns nothing of it, and an err of nil lets
// Write go on.
func (f *Flow) FailWriteAfter(n int64, err error) {
	f.change(func(time.Time) { f.writeFault = fault{err, f.stats.BytesWritten + max(n, 0)} })
}
