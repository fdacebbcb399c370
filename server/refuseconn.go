package server

import (
	"context"
	"io"
	"time"
)

// What a client that was refused may still send before its connection closes.
const (
	lingerTime  = time.Second
	lingerBytes = 64 << 10
)

// refuseConn sends the answer that refuses a client over rw, and closes rw.
// Before that it reads what the client goes on to send, for a while: closing a
// socket with bytes unread would have the kernel reset it, and the answer might
// be lost on the way. Nothing of what is read is looked at.
func refuseConn(rw io.ReadWriteCloser, answer []byte) {
	ctx, cancel := context.WithTimeout(context.Background(), lingerTime)
	defer cancel()
	w := watch(ctx, rw)
	defer w.close()
	if _, err := rw.Write(answer); err != nil {
		return
	}
	half, ok := rw.(interface{ CloseWrite() error })
	if ok && half.CloseWrite() == nil {
		io.CopyN(io.Discard, rw, lingerBytes)
	}
}
