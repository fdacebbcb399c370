package deflate

import (
	"bufio"
	standard "compress/flate"
	"errors"
	"io"
	"reflect"

	"github.com/coder/websocket"
)

// coderWay is that of coder/websocket. With takeover each connection has a writer of
// compress/flate of its own, and a window that a reader of a pool is given as a
// dictionary before each message; without, the writer too is from a pool. By
// default it does not compress messages of less than 128 bytes, or 512 without
// takeover; here it is told to compress all.
func coderWay() Way {
	return Way{"coder", 15, func(takeover bool, s *Scratch) (Endpoint, error) {
		conn := reflect.TypeFor[websocket.Conn]()
		for _, kept := range []struct {
			mirror reflect.Type
			path   []string
		}{
			{reflect.TypeFor[coderTrimmer](), []string{"msgWriter", "trimWriter"}},
			{reflect.TypeFor[coderWindow](), []string{"msgReader", "dict"}},
		} {
			theirs, err := fieldType(conn, kept.path...)
			if err != nil {
				return nil, err
			}
			if err := sameLayout(kept.mirror, theirs); err != nil {
				return nil, err
			}
		}
		return &coderEndpoint{s, takeover}, nil
	}, 1}
}

type coderEndpoint struct {
	*Scratch
	takeover bool
}

// coderTrimmer has the layout of a coder trimLastFourBytesWriter.
type coderTrimmer struct {
	w io.Writer
	_ []byte
}

func (t *coderTrimmer) Write(p []byte) (int, error) { return coderTrim(t, p) }

func (e *coderEndpoint) Compressor() Compressor { return &coderCompressor{coderEndpoint: e} }

type coderCompressor struct {
	*coderEndpoint
	trimmer *coderTrimmer
	writer  *standard.Writer
}

func (c *coderCompressor) Compress(message []byte) ([]byte, bool) {
	if c.trimmer == nil {
		c.trimmer = &coderTrimmer{w: &c.wire}
	}
	if c.writer == nil {
		c.writer = coderGetWriter(c.trimmer)
	}
	c.wire.Reset()
	c.writer.Write(message) // a bytes.Buffer takes all
	c.writer.Flush()
	coderResetTrimmer(c.trimmer)
	if !c.takeover {
		coderPutWriter(c.writer)
		c.writer = nil
	}
	return c.wire.Bytes(), true
}

// coderWindow has the layout of a coder slidingWindow.
type coderWindow struct{ buf []byte }

func (e *coderEndpoint) Decompressor() Decompressor { return &coderDecompressor{coderEndpoint: e} }

type coderDecompressor struct {
	*coderEndpoint
	source   source
	buffered *bufio.Reader // kept for as long as the connection
	window   *coderWindow
}

func (d *coderDecompressor) Decompress(wire []byte) ([]byte, error) {
	d.source = source{wire, tail}
	var dict []byte
	if d.takeover {
		if d.window == nil {
			d.window = new(coderWindow)
		}
		coderOpenWindow(d.window, 0) // 0 is 32 KiB
		dict = d.window.buf
	}
	if d.buffered == nil {
		d.buffered = coderGetBuffered(onlyReader{&d.source})
	}
	r := coderGetReader(d.buffered, dict)
	n := 0
	for {
		m, err := r.Read(d.message[n:])
		if d.takeover {
			coderWriteWindow(d.window, d.message[n:n+m])
		}
		n += m
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) && d.source.empty() {
			coderPutReader(r)
			return d.message[:n], nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// onlyReader hides that a reader can do more.
type onlyReader struct{ io.Reader }
