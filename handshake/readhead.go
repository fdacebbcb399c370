package handshake

import (
	"errors"
	"io"
)

// firstRead is the least memory in bytes that ReadHead takes when it needs some
// of its own; most heads fit.
const firstRead = 1 << 10

// ReadHead reads the head of a request from r into h, for a server that has no
// net/http. It reads into buf, from its beginning to its capacity, or into
// memory of its own if that is not enough; it reads no more than h's limit
// until the head is whole. h is Reset first. For time, set a deadline on the
// connection.
//
// rest is what was read behind the head: the first bytes of the client's
// frames, or of whatever it sent. It lies in the same memory as the strings of
// h, and is lent like them, until the caller uses buf again.
//
// The error is an [*Error] as of [Head.Parse], to be answered with
// [AppendRefusal]; [io.EOF] if r ended before it brought anything;
// [io.ErrUnexpectedEOF] if it ended inside the head; or what else r returned.
func ReadHead(r io.Reader, h *Head, buf []byte) (rest []byte, err error) {
	h.Reset()
	most := h.Limits.effective().Bytes
	read := buf[:0]
	for idle := 0; ; {
		if len(read) == cap(read) {
			size := min(max(2*cap(read), firstRead), most)
			read = append(make([]byte, 0, size), read...)
		}
		n, err := r.Read(read[len(read):min(cap(read), most)])
		read = read[:len(read)+n]
		if n > 0 {
			idle = 0
			head, parseErr := h.Parse(read)
			if parseErr == nil {
				return read[head:], nil
			}
			if !errors.Is(parseErr, io.ErrUnexpectedEOF) {
				return nil, parseErr
			}
		} else if idle++; err == nil && idle == maxNoData {
			err = io.ErrNoProgress
		}
		if err != nil {
			if errors.Is(err, io.EOF) && len(read) > 0 {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
	}
}
