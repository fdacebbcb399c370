package conntest

import "time"

// A parcel is what travels: bytes, or a signal that follows them.
type parcel struct {
	kind  kind
	data  []byte
	whole bool      // a Read returns bytes of this parcel alone
	at    time.Time // when it arrives
}

type kind uint8

const (
	bytesOf kind = iota
	fin          // no more bytes will follow
	reset        // TCP's RST: what has not been read is lost
	cut          // a reset that leaves what had arrived to be read
	stop         // the peer takes no more bytes: HTTP/2's RST_STREAM with NO_ERROR
)

// queue is a queue of parcels.
type queue struct {
	items []parcel
	head  int
}

func (q *queue) len() int       { return len(q.items) - q.head }
func (q *queue) first() *parcel { return &q.items[q.head] }
func (q *queue) last() *parcel  { return &q.items[len(q.items)-1] }

func (q *queue) at(i int) *parcel { return &q.items[q.head+i] }

func (q *queue) push(x parcel) { q.items = append(q.items, x) }

func (q *queue) pop() parcel {
	x := q.items[q.head]
	q.items[q.head] = parcel{}
	q.head++
	if q.head*2 >= len(q.items) { // so that a queue which never empties does not grow
		n := copy(q.items, q.items[q.head:])
		clear(q.items[n:])
		q.items, q.head = q.items[:n], 0
	}
	return x
}
