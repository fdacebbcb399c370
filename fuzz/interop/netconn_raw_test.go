package interop

import (
	"bytes"
	"encoding/hex"
	"io"
	"testing"

	"github.com/parleyws/parley/conn"
	"github.com/parleyws/parley/conn/conntest"
	"github.com/parleyws/parley/deflate"
)

// rawPeer is the other end of a NetConn: it writes and reads literal bytes, in
// hex. What a client sends is masked with the key 00000000.
type rawPeer struct {
	t *testing.T
	*conntest.End
}

// netConnAndPeer returns a server's NetConn, the connection under it and its peer.
// Make it in a bubble of synctest: the test ends with nothing left of it.
func netConnAndPeer(t *testing.T, pipe *conntest.Options, p *deflate.Params) (*conn.NetConn, *conn.Conn, rawPeer) {
	t.Helper()
	a, b := conntest.Pipe(pipe)
	c, err := conn.New(a, conn.Setup{Deflate: p}, nil)
	if err != nil {
		t.Fatal(err)
	}
	n := c.NetConn(conn.Binary)
	t.Cleanup(func() {
		c.CloseNow()
		n.Close()
		b.Close()
	})
	return n, c, rawPeer{t, b}
}

// unhex decodes literal bytes.
func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (p rawPeer) send(s string) {
	p.t.Helper()
	if _, err := p.Write(unhex(p.t, s)); err != nil {
		p.t.Errorf("the peer writes: %v", err)
	}
}

// expect reads until it has seen exactly these bytes.
func (p rawPeer) expect(s string) {
	p.t.Helper()
	want := unhex(p.t, s)
	got := make([]byte, len(want))
	if k, err := io.ReadFull(p, got); err != nil || !bytes.Equal(got, want) {
		p.t.Errorf("the peer reads %x, %v, want %x", got[:k], err, want)
	}
}

// expectClose reads a close frame whose payload begins with these bytes; no bytes
// are no payload.
func (p rawPeer) expectClose(begin string) {
	p.t.Helper()
	want := unhex(p.t, begin)
	var head [2]byte
	io.ReadFull(p, head[:])
	payload := make([]byte, head[1])
	io.ReadFull(p, payload)
	if head[0] != 0x88 || !bytes.HasPrefix(payload, want) || len(want) == 0 && len(payload) > 0 {
		p.t.Errorf("the peer reads %x%x, want a close frame of %s", head, payload, begin)
	}
}

// expectEnd reads until the end, which is to be the next.
func (p rawPeer) expectEnd() {
	p.t.Helper()
	if rest, err := io.ReadAll(p); err != nil || len(rest) > 0 {
		p.t.Errorf("the peer reads %x, %v, want the end", rest, err)
	}
}
