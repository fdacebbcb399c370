//go:build !unix

package conn

import "io"

// rawWriter and rawReader are for systems on which a socket cannot be asked
// whether it has room, or bytes: they do nothing.
type (
	rawWriter struct{}
	rawReader struct {
		conn      any
		impatient bool
	}
)

func socket(io.ReadWriteCloser) any { return nil }

func (*rawWriter) open(any) {}

func (*rawWriter) tryWrite([]byte) int { return 0 }

func (*rawWriter) vectors() bool { return false }

func (*rawWriter) writeVector(io.Writer, []byte, []byte) (int, error) { return 0, nil }

func (*rawReader) open(any, *readBuffer) {}

func (*rawReader) readInto() (int, error) { return 0, nil }
