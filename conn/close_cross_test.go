package conn_test

import (
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/frame"
)

// Close frames may cross while ours is still on its way out, into a window that is
// full: it leaves whole before the stream ends.
func TestTheirCloseFrameDoesNotCutOurs(t *testing.T) {
	onEveryStream(t, func(t *testing.T, o rigOptions) {
		o.window = 10
		r := newRig(t, o)
		go r.CloseWrite(bg, 4000, "a reason that does not go into the window")
		synctest.Wait()
		over := make(chan struct{})
		r.says(r.close(frame.NormalClosure, ""))
		go func() { r.Read(bg); close(over) }()
		synctest.Wait()
		all, err := io.ReadAll(readerWithin{r, time.Second})
		<-over
		var end *conn.CloseError
		if err != nil || !errors.As(r.Err(), &end) || !end.Clean || end.Remote || end.Code != 4000 {
			t.Errorf("the end is %v, and the peer's %v", r.Err(), err)
		}
		h, n, err := frame.ParseHeader(all)
		if err != nil || h.Opcode != frame.Close || int64(len(all)-n) != h.Length {
			t.Errorf("the peer has %q, which is no whole close frame", all)
		}
	})
}

type readerWithin struct {
	r *rig
	d time.Duration
}

func (r readerWithin) Read(p []byte) (int, error) {
	r.r.peer.SetReadDeadline(time.Now().Add(r.d))
	n, err := r.r.peer.Read(p)
	if err != nil {
		err = io.EOF
	}
	return n, err
}
