package interop

import (
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
)

// BenchmarkCopyThroughANetConn says what the envelope of a WebSocket costs a stream,
// beside the TCP connection that is under it.
func BenchmarkCopyThroughANetConn(b *testing.B) {
	for _, s := range []struct {
		name string
		open func(b *testing.B) (to, from net.Conn)
	}{
		{"TCP", func(b *testing.B) (net.Conn, net.Conn) {
			server, client, err := netConnTCP()
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { server.Close(); client.Close() })
			return server, client
		}},
		{"server to client", func(b *testing.B) (net.Conn, net.Conn) {
			p := netConnsOverTCP(b)
			return p.server, p.client
		}},
		{"client to server", func(b *testing.B) (net.Conn, net.Conn) {
			p := netConnsOverTCP(b)
			return p.client, p.server
		}},
	} {
		for _, size := range []int{1 << 10, 32 << 10, 1 << 20} {
			b.Run(fmt.Sprintf("%s/%d", s.name, size), func(b *testing.B) {
				to, from := s.open(b)
				var reading sync.WaitGroup
				defer reading.Wait()
				total := int64(b.N) * int64(size)
				reading.Go(func() {
					buf := make([]byte, 64<<10)
					if n, err := io.CopyBuffer(writeOnly{io.Discard}, io.LimitReader(readOnly{from}, total), buf); n != total {
						b.Errorf("%d bytes of %d arrived: %v", n, total, err)
					}
				})
				b.SetBytes(int64(size))
				b.ReportAllocs()
				for range b.N {
					if _, err := to.Write(mebibyte[:size]); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// readOnly and writeOnly hide how else a stream can be copied.
type (
	readOnly  struct{ io.Reader }
	writeOnly struct{ io.Writer }
)
