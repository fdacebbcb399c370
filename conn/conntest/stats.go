package conntest

import "context"

// Stats counts what went through a [Flow].
type Stats struct {
	Writes       int   // calls of Write, those that failed and those that wait included: "system calls"
	BytesWritten int64 // taken from them, whatever became of them
	Reads        int   // calls of Read, those that failed and those that wait included
	BytesRead    int64 // returned by them

	InFlight int // bytes that have been written and have not arrived
	Unread   int // bytes that have arrived and have not been read

	WritesWaiting int // calls of Write that wait now
	ReadsWaiting  int // calls of Read that wait now
}

// Stats returns the counts of this moment.
func (f *Flow) Stats() Stats {
	f.p.lock()
	defer f.p.mu.Unlock()
	return f.stats
}

// Await waits until ok reports true of the counts, and returns the cause of ctx
// if that ends first. So a test can wait for a Write to be stuck, or for the last
// byte to be read, without sleeping. ok is called with the pipe locked and must
// not call it.
func (f *Flow) Await(ctx context.Context, ok func(Stats) bool) error {
	now := f.p.lock()
	defer f.p.mu.Unlock()
	f.p.watchers++
	defer func() { f.p.watchers-- }()
	for !ok(f.stats) {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		now = f.p.wait(now, never, ctx.Done())
	}
	return nil
}
