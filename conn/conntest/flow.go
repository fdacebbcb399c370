package conntest

import (
	"math"
	"math/rand/v2"
	"time"
)

// Flow is one direction of a pipe: the bytes that travel from one end to the
// other, and what happens to them on the way. All its methods may be called from
// any goroutine, before the pipe is used and while it is.
type Flow struct {
	p        *pipe
	from, to *End

	window int // in bytes, or unbounded
	taken  bool
	flight queue // parcels under way, in the order of their arrival
	ready  queue // parcels of bytes that have arrived
	held   int   // bytes of the window that will never be free again
	stats  Stats

	readSizes  sizes
	writeSizes sizes
	readFault  fault
	writeFault fault

	stalled       bool
	lossy         bool // bytes that are written are lost
	silent        bool // signals are lost
	errorWithData bool
	cut           cutting

	latency time.Duration
	jitter  time.Duration
	random  *rand.Rand // of jitter
	rate    int64      // bytes per second; 0 for no bound
	busy    time.Time  // when the last byte will have left, if there is a rate
	last    time.Time  // when the last parcel arrives
}

// unbounded is a window that never fills.
const unbounded = -1

// cutting says that the stream ends, for the one who reads, at a byte.
type cutting struct {
	kind kind // fin or cut; 0 for no end
	at   int64
}

// fault is an error that is due after so many bytes.
type fault struct {
	err error // nil for none
	at  int64
}

func (f fault) hit(count int64) bool { return f.err != nil && count >= f.at }

// left returns how many of n bytes may still pass.
func (f fault) left(n int, count int64) int {
	if f.err == nil {
		return n
	}
	return int(min(int64(n), f.at-count))
}

// admit lets in the beginning of b and returns its length, which is 0 if there
// is no room.
func (f *Flow) admit(b []byte, now time.Time) int {
	n := f.writeFault.left(len(b), f.stats.BytesWritten)
	if f.cut.kind != 0 {
		n = int(min(int64(n), f.cut.at-f.stats.BytesWritten))
	}
	if f.lossy {
		f.stats.BytesWritten += int64(n)
		f.cutIfDue(now)
		return n
	}
	piece := f.writeSizes.next(n)
	if f.window != unbounded {
		used := f.stats.InFlight + f.stats.Unread + f.held
		room := max(0, f.window-used)
		if room < piece && f.writeSizes.set() && used > 0 {
			return 0 // a piece goes in whole, unless it is larger than the window
		}
		piece = min(piece, room)
	}
	if piece == 0 {
		return 0
	}
	f.writeSizes.spend()
	f.dispatch(b[:piece], now)
	f.stats.BytesWritten += int64(piece)
	f.cutIfDue(now)
	return piece
}

// dispatch puts b under way.
func (f *Flow) dispatch(b []byte, now time.Time) {
	f.stats.InFlight += len(b)
	for len(b) > 0 {
		n := min(len(b), f.packet())
		at := f.arrival(n, now)
		f.flight.push(parcel{data: append([]byte(nil), b[:n]...), whole: f.writeSizes.set(), at: at})
		b = b[n:]
	}
}

// packet is how many bytes travel together: at a limited rate what it lets pass
// in 10 ms, so that what is slow also comes bit by bit, up to the usual TCP segment.
func (f *Flow) packet() int {
	if f.rate <= 0 {
		return math.MaxInt
	}
	return int(min(max(f.rate/100, 1), 1460))
}

// arrival returns when n bytes arrive that are sent now.
func (f *Flow) arrival(n int, now time.Time) time.Time {
	at := now
	if f.rate > 0 {
		if f.busy.Before(now) {
			f.busy = now
		}
		f.busy = f.busy.Add(time.Duration(int64(n) * int64(time.Second) / f.rate))
		at = f.busy
	}
	latency := f.latency
	if f.jitter > 0 {
		latency += time.Duration(f.random.Int64N(int64(2*f.jitter)+1)) - f.jitter
	}
	at = at.Add(max(0, latency))
	if at.Before(f.last) {
		at = f.last // bytes do not overtake each other
	}
	f.last = at
	return at
}

// signal puts a signal under way, behind the bytes.
func (f *Flow) signal(k kind, now time.Time) {
	if !f.silent {
		f.flight.push(parcel{kind: k, at: f.arrival(0, now)})
	}
	f.p.notify()
}

// arrive is the arrival of the next parcel.
func (f *Flow) arrive(at time.Time) {
	x := f.flight.pop()
	to := f.to
	switch x.kind {
	case fin:
		to.ended = true
	case stop:
		to.stopped = true
	case reset, cut:
		to.struck(x.kind == reset && !f.p.http2)
	default:
		f.stats.InFlight -= len(x.data)
		f.deliver(x, at)
	}
}

// deliver hands bytes to the end that they are for, in whatever state it is.
func (f *Flow) deliver(x parcel, at time.Time) {
	to := f.to
	switch {
	case to.reset, to.closed && f.p.http2:
	case to.closed:
		to.out.signal(reset, at)
	case to.readTimedOut:
		f.held += len(x.data)
	default:
		f.stats.Unread += len(x.data)
		if f.ready.len() > 0 && !x.whole && !f.ready.last().whole {
			last := f.ready.last()
			last.data = append(last.data, x.data...)
			return
		}
		f.ready.push(x)
	}
}

// take moves bytes that have arrived to b.
func (f *Flow) take(b []byte) (n int) {
	b = b[:f.readFault.left(len(b), f.stats.BytesRead)]
	for n < len(b) && f.ready.len() > 0 {
		x := f.ready.first()
		if x.whole && n > 0 {
			break
		}
		whole := x.whole
		k := copy(b[n:], x.data)
		n += k
		if x.data = x.data[k:]; len(x.data) == 0 {
			f.ready.pop()
		}
		if whole {
			break
		}
	}
	f.stats.Unread -= n
	f.stats.BytesRead += int64(n)
	return n
}

// clear drops what has arrived: nobody will read it.
func (f *Flow) clear() {
	f.ready = queue{}
	f.stats.Unread = 0
}
