package frame

import (
	"bufio"
	"io"
)

// Reader reads frames, one after another, from a byte stream. It unmasks
// payloads but judges nothing; see [Checker]. It is not safe for concurrent
// use.
type Reader struct {
	br   *bufio.Reader
	h    Header
	left int64 // of the current payload, not yet read
	pos  int   // in the current payload, modulo 4
	err  error // of the stream, which came with the last byte of a payload
}

// NewReader returns a Reader of r, which it reads ahead of need.
func NewReader(r io.Reader) *Reader {
	return &Reader{br: bufio.NewReader(r)}
}

// Next skips what is left of the current payload and reads the next header.
// It returns [io.EOF] if the stream ends before a header,
// [io.ErrUnexpectedEOF] if it ends inside a frame, an [*Error] for a header
// that [ParseHeader] refuses, from then on again and again, and else what the
// stream returned.
func (r *Reader) Next() (Header, error) {
	if err := r.skip(); err != nil {
		return Header{}, err
	}
	if err := r.err; err != nil {
		r.err = nil
		return Header{}, err
	}
	want := 2
	for {
		b, err := r.br.Peek(want)
		n, perr := r.h.Parse(b)
		if perr == nil {
			r.br.Discard(n) // n bytes are buffered, so it cannot fail
			r.left, r.pos = r.h.Length, 0
			return r.h, nil
		}
		if perr != io.ErrUnexpectedEOF {
			return Header{}, perr
		}
		if err != nil {
			if len(b) > 0 {
				err = inFrame(err)
			}
			return Header{}, err
		}
		// The header is longer than it seemed: ask for one byte more,
		// and then for all that the stream has given.
		want = min(max(want+1, r.br.Buffered()), MaxHeaderLen)
	}
}

func (r *Reader) skip() error {
	for r.left > 0 {
		n, err := r.br.Discard(int(min(r.left, 1<<20)))
		r.left -= int64(n)
		if err != nil {
			return inFrame(err)
		}
	}
	return nil
}

// Read reads the current payload, unmasked, into p. It returns [io.EOF] at the
// end of the payload, and [io.ErrUnexpectedEOF] if the stream ends before it.
func (r *Reader) Read(p []byte) (n int, err error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	n, err = r.br.Read(p[:min(int64(len(p)), r.left)])
	r.left -= int64(n)
	if r.h.Masked {
		r.pos = Mask(p[:n], r.h.Key, r.pos)
	}
	if r.left == 0 {
		r.err = err // the payload is whole: what follows it is for Next to tell
		return n, nil
	}
	return n, inFrame(err)
}

// inFrame says of the end of a stream that it came too early. An error that
// only wraps io.EOF is not the end: what it tells is kept.
func inFrame(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
