package conntest

import (
	"net"
	"sync"
	"time"
)

// DefaultWindow is how many bytes one direction of a pipe holds, unless
// [Options] say otherwise.
const DefaultWindow = 64 << 10

// Options of a pipe. The zero value is good for most.
type Options struct {
	// Window is how many bytes may be under way or unread in each direction
	// before a Write waits; 0 means [DefaultWindow], -1 no bound. To change it
	// for one direction, or later, or to none at all, see [Flow.SetWindow].
	Window int

	// Addrs are the addresses of the first and of the second end, for LocalAddr,
	// RemoteAddr and the text of errors. nil means 192.0.2.1:80 and
	// 192.0.2.2:49152, addresses of TCP from the block that RFC 5737 sets aside
	// for documentation.
	Addrs [2]net.Addr
}

// Pipe returns the two ends of a stream in memory. opts may be nil.
//
// It has no goroutine, and no timer but while a call waits, so it need not be
// closed for its own sake. A pipe that is used inside a bubble of
// testing/synctest is to be made there.
func Pipe(opts *Options) (a, b *End) {
	if opts == nil {
		opts = &Options{}
	}
	window := opts.Window
	switch {
	case window == 0:
		window = DefaultWindow
	case window < 0:
		window = unbounded
	}
	addrs := opts.Addrs
	if addrs[0] == nil {
		addrs[0] = &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 80}
	}
	if addrs[1] == nil {
		addrs[1] = &net.TCPAddr{IP: net.IPv4(192, 0, 2, 2), Port: 49152}
	}
	p := &pipe{}
	a = &End{p: p, local: addrs[0], remote: addrs[1]}
	b = &End{p: p, local: addrs[1], remote: addrs[0]}
	a.out = &Flow{p: p, from: a, to: b, window: window}
	b.out = &Flow{p: p, from: b, to: a, window: window}
	a.in, b.in = b.out, a.out
	p.ends = [2]*End{a, b}
	return a, b
}

// pipe is what the two ends share. Nothing in it happens by itself: whoever
// takes the lock first lets happen what was due by then, in the order of its
// time, and whoever waits wakes up when the next thing is due.
type pipe struct {
	mu       sync.Mutex // never held while waiting
	ends     [2]*End
	http2    bool          // it is a stream of HTTP/2: see End.HTTP2
	changed  chan struct{} // closed at the next change; nil while nobody waits
	watchers int           // calls of Await
}

// never is no time.
var never time.Time

// lock takes the lock and brings the pipe up to date.
func (p *pipe) lock() (now time.Time) {
	p.mu.Lock()
	now = time.Now()
	p.advance(now)
	return now
}

// notify wakes every call that waits, to look again.
func (p *pipe) notify() {
	if p.changed != nil {
		close(p.changed)
		p.changed = nil
	}
}

// tell lets the calls of Await look at the counts.
func (p *pipe) tell() {
	if p.watchers > 0 {
		p.notify()
	}
}

// until calls try, with the pipe locked and up to date, until it is done, and in
// between waits for a change or the deadline. waiting counts the calls that wait.
func (p *pipe) until(now time.Time, waiting *int, deadline *time.Time, try func(now time.Time, waited bool) (done bool)) {
	defer p.tell()
	if try(now, false) {
		return
	}
	*waiting++
	p.tell()
	for done := false; !done; done = try(now, true) {
		now = p.wait(now, *deadline, nil)
	}
	*waiting--
}

// wait lets go of the lock until something changes, the time until comes or done
// is closed, and takes it again.
func (p *pipe) wait(now, until time.Time, done <-chan struct{}) time.Time {
	if p.changed == nil {
		p.changed = make(chan struct{})
	}
	changed := p.changed
	if next, ok := p.due(); ok {
		until = earlier(until, next.at)
	}
	p.mu.Unlock()

	var timeout <-chan time.Time
	if !until.IsZero() {
		t := time.NewTimer(until.Sub(now))
		defer t.Stop()
		timeout = t.C
	}
	select {
	case <-changed:
	case <-timeout:
	case <-done:
	}
	return p.lock()
}

// event is something that time brings.
type event struct {
	at     time.Time
	happen func(at time.Time)
}

// due returns the next event.
func (p *pipe) due() (next event, ok bool) {
	consider := func(at time.Time, happen func(time.Time)) {
		if !ok || at.Before(next.at) {
			next, ok = event{at, happen}, true
		}
	}
	for _, e := range p.ends {
		if f := e.out; !f.stalled && f.flight.len() > 0 {
			consider(f.flight.first().at, f.arrive)
		}
	}
	for _, e := range p.ends {
		if e.oneShot && !e.readDeadline.IsZero() {
			consider(e.readDeadline, e.readTimeout)
		}
		if e.oneShot && !e.writeDeadline.IsZero() {
			consider(e.writeDeadline, e.writeTimeout)
		}
	}
	return next, ok
}

// advance lets happen all that is due.
func (p *pipe) advance(now time.Time) {
	for {
		next, ok := p.due()
		if !ok || next.at.After(now) {
			return
		}
		next.happen(next.at)
		p.notify()
	}
}

// earlier returns the earlier of two times, either of which may be never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
