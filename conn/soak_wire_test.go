package conn_test

import (
	"io"

	"github.com/parleyws/parley/frame"
)

// sentLaw holds the bytes that one endpoint sends to RFC 6455 section 5: frames
// never interleave, control frames are whole and short, fragments are in order,
// and after a close frame nothing comes.
type sentLaw struct {
	faults  lawFaults
	checker frame.Checker
	onFrame func(h frame.Header, payload []byte) // hears of every frame; may be nil

	head    []byte // of a frame whose header has begun
	h       frame.Header
	left    int64 // bytes of the payload to come
	payload []byte
	frames  int // that are whole
	control int // of them
	closed  bool
	broken  bool
	started bool
}

func (l *sentLaw) init(fromClient, compressed bool) {
	l.checker.FromClient = fromClient
	if compressed {
		l.checker.Extensions = frame.RSV1
	}
}

// feed takes the next bytes.
func (l *sentLaw) feed(p []byte) {
	for len(p) > 0 && !l.broken {
		if l.closed {
			l.fail("%d bytes after the close frame: %.40x", len(p), p)
			return
		}
		if !l.started {
			p = l.takeHead(p)
			continue
		}
		p = l.takePayload(p)
	}
}

func (l *sentLaw) takeHead(p []byte) (rest []byte) {
	l.head = append(l.head, p[0])
	h, _, err := frame.ParseHeader(l.head)
	switch {
	case err == io.ErrUnexpectedEOF:
		return p[1:]
	case err == nil:
		err = l.checker.Check(h)
	}
	if err != nil {
		l.fail("frame %d has the header %x: %v", l.frames, l.head, err)
		return nil
	}
	l.h, l.left, l.started = h, h.Length, true
	l.head, l.payload = l.head[:0], l.payload[:0]
	l.endFrame()
	return p[1:]
}

func (l *sentLaw) takePayload(p []byte) (rest []byte) {
	n := min(int64(len(p)), l.left)
	if l.h.Opcode.IsControl() || l.onFrame != nil {
		l.payload = append(l.payload, p[:n]...)
	}
	l.left -= n
	l.endFrame()
	return p[n:]
}

func (l *sentLaw) endFrame() {
	if l.left > 0 {
		return
	}
	l.started = false
	l.frames++
	if l.h.Masked {
		frame.Mask(l.payload, l.h.Key, 0)
	}
	if l.h.Opcode.IsControl() {
		l.control++
	}
	if l.h.Opcode == frame.Close {
		l.closed = true
		if _, _, err := frame.ParseClose(l.payload); err != nil {
			l.fail("close frame with %x: %v", l.payload, err)
		}
	}
	if l.onFrame != nil {
		l.onFrame(l.h, l.payload)
	}
}

func (l *sentLaw) fail(format string, args ...any) {
	l.broken = true
	l.faults.add(format, args...)
}
