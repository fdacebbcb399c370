package deflate

import (
	"bufio"
	"bytes"
	standard "compress/flate"
	"io"
	"unsafe"

	"github.com/lxzan/gws"

	_ "github.com/coder/websocket"
)

// The functions without a body are why there is an assembly file in this
// package: without one the compiler would ask for the bodies. A receiver is the
// first argument.

// gwsInitialize makes a gws deflater, with a writer and a reader, in the memory at d,
// and returns d.
//
//go:linkname gwsInitialize github.com/lxzan/gws.(*deflater).initialize
func gwsInitialize(d unsafe.Pointer, isServer bool, options gws.PermessageDeflate, limit int) unsafe.Pointer

// gwsCompress appends message to dst, compressed with dict before it.
//
//go:linkname gwsCompress github.com/lxzan/gws.(*deflater).Compress
func gwsCompress(d unsafe.Pointer, message gwsPayload, dst *bytes.Buffer, dict []byte) error

// gwsDecompress appends the tail to src and returns the message, in a buffer of a
// pool.
//
//go:linkname gwsDecompress github.com/lxzan/gws.(*deflater).Decompress
func gwsDecompress(d unsafe.Pointer, src *bytes.Buffer, dict []byte) (*bytes.Buffer, error)

// gwsOpenWindow makes a window of memory of the pool, or without one if that is
// nil.
//
//go:linkname gwsOpenWindow github.com/lxzan/gws.(*slideWindow).initialize
func gwsOpenWindow(w *gwsWindow, pool unsafe.Pointer, bits int) *gwsWindow

//go:linkname gwsWriteWindow github.com/lxzan/gws.(*slideWindow).Write
func gwsWriteWindow(w *gwsWindow, p []byte) (int, error)

//go:linkname coderGetWriter github.com/coder/websocket.getFlateWriter
func coderGetWriter(w io.Writer) *standard.Writer

//go:linkname coderPutWriter github.com/coder/websocket.putFlateWriter
func coderPutWriter(w *standard.Writer)

//go:linkname coderGetReader github.com/coder/websocket.getFlateReader
func coderGetReader(r io.Reader, dict []byte) io.Reader

//go:linkname coderPutReader github.com/coder/websocket.putFlateReader
func coderPutReader(r io.Reader)

//go:linkname coderGetBuffered github.com/coder/websocket.getBufioReader
func coderGetBuffered(r io.Reader) *bufio.Reader

//go:linkname coderTrim github.com/coder/websocket.(*trimLastFourBytesWriter).Write
func coderTrim(w *coderTrimmer, p []byte) (int, error)

//go:linkname coderResetTrimmer github.com/coder/websocket.(*trimLastFourBytesWriter).reset
func coderResetTrimmer(w *coderTrimmer)

//go:linkname coderOpenWindow github.com/coder/websocket.(*slidingWindow).init
func coderOpenWindow(w *coderWindow, size int)

//go:linkname coderWriteWindow github.com/coder/websocket.(*slidingWindow).write
func coderWriteWindow(w *coderWindow, p []byte)
