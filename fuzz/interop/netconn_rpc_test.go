package interop

import (
	"bytes"
	"net/rpc"
	"sync"
	"testing"
)

// Echo is a service of net/rpc.
type Echo struct{}

// Bytes returns what it gets.
func (Echo) Bytes(in []byte, out *[]byte) error {
	*out = in
	return nil
}

// gob reads by bufio, so that what is one message is many reads, and the other
// way round; many calls at once share the connection.
func TestCallsOfNetRPCRunOverAWebSocketG19(t *testing.T) {
	p := netConnsOverTCP(t)
	service := rpc.NewServer()
	if err := service.Register(Echo{}); err != nil {
		t.Fatal(err)
	}
	var served sync.WaitGroup
	served.Go(func() { service.ServeConn(p.server) })
	caller := rpc.NewClient(p.client)

	var calls sync.WaitGroup
	for i := range 20 {
		calls.Go(func() {
			in := mebibyte[i : i+1<<(i/2*2)]
			var out []byte
			if err := caller.Call("Echo.Bytes", in, &out); err != nil || !bytes.Equal(out, in) {
				t.Errorf("%d bytes came back as %d, %v", len(in), len(out), err)
			}
		})
	}
	calls.Wait()
	if err := caller.Close(); err != nil {
		t.Error(err)
	}
	served.Wait() // it returns at the end of the stream
}
