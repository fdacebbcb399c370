package deflate

import (
	"io"
	"reflect"

	"github.com/lxzan/gws"
)

// gws' own choices for a server. (Without takeover it takes 15 bits, and
// then compresses no messages of less than 512 bytes.)
const (
	gwsDefaultBits = 12 // with takeover
	gwsPoolSize    = 32
	gwsLevel       = 1
)

// gwsWay is that of a gws server: 32 writers and readers for all connections, in
// turns, and for each connection a window per direction, which a writer or reader
// is given as a dictionary before each message.
func gwsWay(bits int) Way {
	return Way{"gws", bits, func(takeover bool, s *Scratch) (Endpoint, error) {
		deflater, err := fieldType(reflect.TypeFor[gws.Conn](), "deflater")
		if err != nil {
			return nil, err
		}
		window, err := fieldType(reflect.TypeFor[gws.Conn](), "cpsWindow")
		if err != nil {
			return nil, err
		}
		if err := sameLayout(reflect.TypeFor[gwsWindow](), window); err != nil {
			return nil, err
		}
		e := &gwsEndpoint{Scratch: s, bits: bits, takeover: takeover}
		options := gws.PermessageDeflate{Enabled: true, Level: gwsLevel, ServerMaxWindowBits: bits, ClientMaxWindowBits: bits}
		for i := range e.pool {
			e.pool[i] = reflect.New(deflater)
			gwsInitialize(e.pool[i].UnsafePointer(), true, options, limit)
		}
		return e, nil
	}, gwsPoolSize}
}

type gwsEndpoint struct {
	*Scratch
	bits     int
	takeover bool
	pool     [gwsPoolSize]reflect.Value // pointers to deflaters
	opened   int
}

// gwsConn is what a connection has of one direction.
type gwsConn struct {
	*gwsEndpoint
	deflater reflect.Value
	window   gwsWindow
}

// gwsWindow has the layout of a gws slideWindow.
type gwsWindow struct {
	_    bool
	dict []byte
	_    int
}

func (e *gwsEndpoint) open() *gwsConn {
	c := &gwsConn{gwsEndpoint: e, deflater: e.pool[e.opened%gwsPoolSize]}
	e.opened++
	if e.takeover {
		gwsOpenWindow(&c.window, nil, e.bits)
	}
	return c
}

func (e *gwsEndpoint) Compressor() Compressor     { return e.open() }
func (e *gwsEndpoint) Decompressor() Decompressor { return e.open() }

func (c *gwsConn) Compress(message []byte) ([]byte, bool) {
	c.wire.Reset()
	if err := gwsCompress(c.deflater.UnsafePointer(), gwsBytes(message), &c.wire, c.window.dict); err != nil {
		return nil, true // which cannot be read
	}
	gwsWriteWindow(&c.window, message)
	return c.wire.Bytes(), true
}

func (c *gwsConn) Decompress(wire []byte) ([]byte, error) {
	c.wire.Reset()
	c.wire.Write(wire)
	message, err := gwsDecompress(c.deflater.UnsafePointer(), &c.wire, c.window.dict)
	if err != nil {
		return nil, err
	}
	gwsWriteWindow(&c.window, message.Bytes())
	(&gws.Message{Data: message}).Close() // as an application does at its end: the buffer goes back, its bytes stay for now
	return message.Bytes(), nil
}

// gwsPayload has the methods of the interface that gws takes messages by.
type gwsPayload interface {
	io.WriterTo
	Len() int
	CheckEncoding(enabled bool, opcode uint8) bool
}

// gwsBytes is a message.
type gwsBytes []byte

func (b gwsBytes) Len() int                       { return len(b) }
func (b gwsBytes) CheckEncoding(bool, uint8) bool { return true }
func (b gwsBytes) WriteTo(w io.Writer) (int64, error) {
	n, err := w.Write(b)
	return int64(n), err
}
