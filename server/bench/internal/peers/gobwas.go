package peers

import (
	"bufio"
	"io"
	"net"
	"slices"

	"github.com/gobwas/ws"
)

// gobwasFrames is gobwas' upgrade without net/http and its frames without its
// helpers, as its documentation does it for many connections: reading through a
// buffer, writing each frame with one call.
func gobwasFrames(l net.Listener) error { return gobwas(l, false) }

// gobwasBatch is gobwasFrames that writes only when it has answered all that it has
// read. No library does that for its users: it marks what there is to gain.
func gobwasBatch(l net.Listener) error { return gobwas(l, true) }

func gobwas(l net.Listener, batch bool) error {
	for {
		nc, err := l.Accept()
		if err != nil {
			return err
		}
		go echoFrames(nc, batch)
	}
}

func echoFrames(nc net.Conn, batch bool) {
	defer nc.Close()
	if _, err := ws.Upgrade(nc); err != nil {
		return
	}
	in := bufio.NewReader(nc)
	var out appender
	for {
		h, err := ws.ReadHeader(in)
		if err != nil || h.OpCode.IsControl() {
			return
		}
		masked := h
		h.Masked = false
		ws.WriteHeader(&out, h)
		head := len(out)
		out = slices.Grow(out, int(h.Length))[:head+int(h.Length)]
		if _, err := io.ReadFull(in, out[head:]); err != nil {
			return
		}
		ws.Cipher(out[head:], masked.Mask, 0)
		if batch && in.Buffered() > 0 && len(out) < 64<<10 {
			continue
		}
		if _, err := nc.Write(out); err != nil {
			return
		}
		out = out[:0]
	}
}

// appender is a slice to write to.
type appender []byte

func (a *appender) Write(p []byte) (int, error) {
	*a = append(*a, p...)
	return len(p), nil
}
