package server

import (
	"context"
	"io"
	"time"

	"github.com/parleyws/parley/handshake"
)

// What a client that was refused may still send before its connection closes.
const (
	lingerTime  = time.Second
	lingerBytes = 64 << 10
)

// refuseConn answers the client over rw with err, and closes rw. It first
// reads what the client goes on to send, for a while: closing a socket with
// bytes unread would have the kernel reset it, and the answer might be lost on
// the way. Nothing of what is read is looked at.
func refuseConn(rw io.ReadWriteCloser, err error) {
	defer rw.Close()
	ctx, cancel := context.WithTimeout(context.Background(), lingerTime)
	defer cancel()
	defer interruptAfter(ctx, rw)()
	if _, err := rw.Write(handshake.AppendRefusal(nil, err)); err != nil {
		return
	}
	half, ok := rw.(interface{ CloseWrite() error })
	if ok && half.CloseWrite() == nil {
		io.CopyN(io.Discard, rw, lingerBytes)
	}
}
