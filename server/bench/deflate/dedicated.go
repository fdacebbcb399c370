package deflate

import (
	"bytes"
	standard "compress/flate"
	"fmt"
	"io"

	klauspost "github.com/klauspost/compress/flate"
)

// klauspostWay gives each connection a writer and a reader of klauspost/compress
// of its own.
func klauspostWay(level int) Way {
	return dedicatedWay("klauspost",
		level,
		func(w io.Writer) (flateWriter, error) { return klauspost.NewWriter(w, level) },
		klauspost.NewReader)
}

// standardWay gives each connection a writer and a reader of compress/flate of its
// own.
func standardWay(level int) Way {
	return dedicatedWay("compress/flate",
		level,
		func(w io.Writer) (flateWriter, error) { return standard.NewWriter(w, level) },
		standard.NewReader)
}

// flateWriter is a Writer of package flate, the standard or the other.
type flateWriter interface {
	io.Writer
	Flush() error
	Reset(io.Writer)
}

// dedicatedWay is the most that the writers and readers of a package flate are able
// to do, whatever they keep: they never learn a window anew. Without takeover they
// are still kept, and reset for each message.
func dedicatedWay(name string, level int, newWriter func(io.Writer) (flateWriter, error), newReader func(io.Reader) io.ReadCloser) Way {
	return Way{fmt.Sprintf("%s, level %d", name, level), 15, func(takeover bool, s *Scratch) (Endpoint, error) {
		_, err := newWriter(io.Discard)
		return &dedicated{s, takeover, newWriter, newReader}, err
	}, 1}
}

type dedicated struct {
	*Scratch
	takeover  bool
	newWriter func(io.Writer) (flateWriter, error)
	newReader func(io.Reader) io.ReadCloser
}

func (e *dedicated) Compressor() Compressor {
	w, err := e.newWriter(&e.wire)
	if err != nil {
		panic(err) // one has been made before
	}
	return &dedicatedCompressor{e, w}
}

type dedicatedCompressor struct {
	*dedicated
	w flateWriter
}

func (c *dedicatedCompressor) Compress(message []byte) ([]byte, bool) {
	c.wire.Reset()
	if !c.takeover {
		c.w.Reset(&c.wire)
	}
	c.w.Write(message) // a bytes.Buffer takes all
	c.w.Flush()
	return bytes.TrimSuffix(c.wire.Bytes(), []byte(tail)), true
}

func (e *dedicated) Decompressor() Decompressor {
	d := &dedicatedDecompressor{dedicated: e}
	d.r = e.newReader(&d.source)
	return d
}

type dedicatedDecompressor struct {
	*dedicated
	source source
	r      io.Reader
}

// Decompress reads until the tail is used up. The readers of both packages hand
// out all that they have where the flush ends, which is in the tail.
func (d *dedicatedDecompressor) Decompress(wire []byte) ([]byte, error) {
	d.source = source{wire, tail}
	if !d.takeover {
		if err := d.r.(standard.Resetter).Reset(&d.source, nil); err != nil {
			return nil, err
		}
	}
	n := 0
	for !d.source.empty() {
		m, err := d.r.Read(d.message[n:])
		n += m
		if err != nil {
			return nil, err
		}
	}
	return d.message[:n], nil
}

// source yields the payload of a message, then the tail. A reader of package flate
// reads no more of it than it needs.
type source struct {
	payload []byte
	tail    string
}

func (s *source) empty() bool { return len(s.payload) == 0 && s.tail == "" }

func (s *source) ReadByte() (b byte, err error) {
	switch {
	case len(s.payload) > 0:
		b, s.payload = s.payload[0], s.payload[1:]
	case s.tail != "":
		b, s.tail = s.tail[0], s.tail[1:]
	default:
		return 0, io.EOF
	}
	return b, nil
}

func (s *source) Read(p []byte) (n int, err error) {
	switch {
	case len(s.payload) > 0:
		n = copy(p, s.payload)
		s.payload = s.payload[n:]
	case s.tail != "":
		n = copy(p, s.tail)
		s.tail = s.tail[n:]
	default:
		return 0, io.EOF
	}
	return n, nil
}
