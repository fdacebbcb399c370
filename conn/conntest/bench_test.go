package conntest_test

import (
	"net"
	"testing"

	"github.com/parleyws/parley/conn/conntest"
)

func BenchmarkWriteRead(b *testing.B) {
	x, y := conntest.Pipe(nil)
	buf := make([]byte, 1024)
	b.ReportAllocs()
	for b.Loop() {
		x.Write(buf)
		y.Read(buf)
	}
}

func BenchmarkEcho(b *testing.B) {
	for name, pipe := range map[string]func() (net.Conn, net.Conn){
		"Pipe":    func() (net.Conn, net.Conn) { return conntest.Pipe(nil) },
		"netPipe": net.Pipe,
	} {
		b.Run(name, func(b *testing.B) {
			x, y := pipe()
			defer x.Close()
			go func() {
				buf := make([]byte, 4096)
				for {
					n, err := y.Read(buf)
					if err != nil {
						return
					}
					y.Write(buf[:n])
				}
			}()
			buf := make([]byte, 1024)
			b.ReportAllocs()
			for b.Loop() {
				x.Write(buf)
				x.Read(buf)
			}
		})
	}
}
